import { mkdirSync, readdirSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReport } from '../../src/run/report/read-report.js';
import { cli, tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
let client: Client;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel());
  mkdirSync(place.path('models'));
  await place.write(tinyModel(), 'models/model.onnx');
  client = new Client({ name: 'test', version: '1' });
  const args = [cli, 'mcp', '--root', place.path('models')];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
});
afterAll(async () => {
  await client.close();
  place.remove();
});

async function call(name: string, given: Record<string, unknown>, onprogress?: (one: { message?: string }) => void) {
  const { content, isError } = await client.callTool({ name, arguments: given }, undefined, { onprogress });
  const texts = (content as { text: string }[]).map(({ text }) => text);
  return { texts, isError: isError === true };
}
const dataOf = ({ texts }: { texts: string[] }) => JSON.parse(texts[0] as string);

describe('the MCP server', () => {
  it('lists its tools with the flags of their commands', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['inspect', 'plan', 'optimize', 'explain', 'compare']);
    const { properties = {}, required } = tools[2]!.inputSchema;
    expect(required).toEqual(['model']);
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['model', 'passes', 'target', 'out', 'dry-run']));
    // What loads code is no argument.
    expect(Object.keys(properties)).not.toEqual(expect.arrayContaining(['plugin']));
  });

  it('optimizes a model, tells its steps, and compares the result', async () => {
    const steps: (string | undefined)[] = [];
    const given = { model: 'model.onnx', passes: 'simplify', out: 'out.onnx', target: 'cpu', speed: false };
    const made = await call('optimize', given, ({ message }) => steps.push(message));
    expect(made.isError).toBe(false);
    expect(readReport(made.texts[0]).model.after.ops).toEqual({ Gemm: 1 });
    expect(steps).toContain('reading');
    expect(dataOf(await call('inspect', { model: 'out.onnx' }))).toMatchObject({ nodes: 1 });
    const compared = await call('compare', { original: 'model.onnx', result: 'out.onnx', speed: false });
    expect(dataOf(compared)).toMatchObject({ gates: [{ name: 'accuracy', passed: true }] });
  });

  it('ends a call that the client cancels, and one that still waits', async () => {
    const given = { model: 'model.onnx', passes: 'simplify', target: 'cpu', speed: false };
    const control = new AbortController();
    const { signal } = control;
    const calls = ['running.onnx', 'waiting.onnx'].map((out) =>
      client.callTool({ name: 'optimize', arguments: { ...given, out } }, undefined, {
        signal,
        onprogress: ({ message }) => message?.includes('original') && control.abort(),
      }),
    );
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    // Calls are answered in turn: this one waits for the end of those.
    expect(dataOf(await call('inspect', { model: 'model.onnx' }))).toMatchObject({ inputs: [{ name: 'x' }] });
    expect(readdirSync(place.path('models'))).not.toEqual(expect.arrayContaining(['running.onnx']));
    expect(readdirSync(place.path('models'))).not.toEqual(expect.arrayContaining(['waiting.onnx']));
  });

  it.each([
    ['inspect', { model: '../model.onnx' }, /^error: model: expected a path below .*models; found \.\.\/model\.onnx/],
    ['optimize', { model: 'model.onnx', out: '/x.onnx' }, /^error: out: expected a path below /],
    ['optimize', { model: 'model.onnx', passes: 'simplfy' }, /unknown pass "simplfy"; did you mean "simplify"\?/],
    ['optimize', { model: 'model.onnx', plugin: './a.ts' }, /^error: unknown argument "plugin"/],
    ['explain', { model: 'none.onnx' }, /none\.onnx: expected a file; found nothing there/],
    ['explode', {}, /^error: unknown tool "explode"/],
  ])('gives an error of %s to its caller: %o', async (name, given, message) => {
    const { texts, isError } = await call(name, given);
    expect(texts.join('')).toMatch(message);
    expect(isError).toBe(true);
  });
});
