/** Several files and patterns, as the parts of a folder. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRecord } from '../../src/folder/parts/record.js';
import { stagingOf } from '../../src/folder/place/staging.js';
import { buildModel, folderText, optimizeFolder, readModel, UsageError, writeModel } from '../../src/index.js';

const root = mkdtempSync(join(tmpdir(), 'several-'));
const at = (...names: string[]): string => join(root, ...names);
const small = () =>
  buildModel({ '': 17 }, (g) => {
    const w = g.constant('float32', new Array(4096).fill(0.5), [64, 64], 'w');
    g.output('y', g.op('MatMul', [g.input('x', 'float32', [1, 64]), w]), 'float32', [1, 64]);
  });
beforeAll(async () => {
  for (const folder of ['exports', 'more/inner']) mkdirSync(at(folder), { recursive: true });
  for (const path of ['exports/a.onnx', 'exports/b.onnx', 'exports/c[1].onnx', 'more/inner/a.onnx'])
    await writeModel(small(), at(path), { dataName: `${path.replace(/^.*\//, '')}_data`, externalData: true });
  writeFileSync(at('exports/notes.txt'), 'mine');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const list = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const optimized = (out: string, ...given: string[]) =>
  optimizeFolder(
    given.map((one) => at(one)),
    'half',
    { validate: false, out: at(out) },
  );

describe('several files', () => {
  test('go into a folder with their data, and nothing that lies beside them', async () => {
    const report = await optimized('out1', 'exports/a.onnx', 'exports/b.onnx');
    expect(report.parts.map(({ name, state }) => [name, state])).toEqual([
      ['a', 'done'],
      ['b', 'done'],
    ]);
    expect(list(at('out1'))).toEqual(['a.onnx', 'a.onnx_data', 'b.onnx', 'b.onnx_data']);
    expect((await readModel(at('out1/a.onnx'))).graph.outputs[0]?.name).toBe('y');
  });

  test('of several folders keep their folders, and each is there once', async () => {
    await optimized('out2', 'exports/a.onnx', 'more/**/*.onnx', 'exports/?.onnx');
    expect(list(at('out2')).filter((name) => name.endsWith('.onnx'))).toEqual([
      'exports/a.onnx',
      'exports/b.onnx',
      'more/inner/a.onnx',
    ]);
  });

  test('of which one has brackets in its name are no patterns', async () => {
    const report = await optimized('out3', 'exports/c[1].onnx');
    expect(report.parts.map(({ path }) => path)).toEqual(['c[1].onnx']);
  });

  test('of which one ends the run are at rest when it ends, and no other is begun', async () => {
    const out = at('out-jobs');
    const given = ['exports/a.onnx', 'exports/b.onnx', 'more/inner/a.onnx'].map((one) => at(one));
    const onProgress = (text: string): void => {
      if (/^1\/3 .*: /.test(text)) throw new Error('the listener is gone');
    };
    await expect(optimizeFolder(given, 'half', { validate: false, out, jobs: 2, onProgress })).rejects.toThrow('gone');
    expect(Object.keys((await readRecord(stagingOf(out)))?.parts ?? {})).toEqual(['exports/b.onnx']);
  });

  test('are planned with bytes and time, said as an estimate', async () => {
    const plan = await optimizeFolder([at('exports/*.onnx')], 'half', { out: at('out4'), dryRun: true });
    expect(existsSync(at('out4'))).toBe(false);
    expect(plan.parts.every(({ expectedMs = -1, expectedBytes = -1 }) => expectedMs >= 0 && expectedBytes > 0)).toBe(
      true,
    );
    expect(folderText(plan)).toMatch(/in about .* of CPU time by rates of another machine/);
  });

  test.each<[string, string[], RegExp]>([
    ['a pattern that matches nothing', ['exports/*.ort'], /expected models that match; found no file/],
    ['one that matches other files', ['exports/*.txt'], /found 1 files, none ending in .onnx/],
    ['a file that is none', ['exports/a.onnx', 'exports/d.onnx'], /d\.onnx: expected a model file; found none/],
    ['a folder among them', ['exports/a.onnx', 'more'], /found a folder. Optimize a folder by itself/],
    ['a result beside what is read', ['exports/a.onnx', 'exports/b.onnx'], /expected a folder without .*a\.onnx/],
  ])('%s is a mistake', async (name, given, text) => {
    const out = name.startsWith('a result') ? 'exports' : 'wrong';
    const options = { validate: false, out: at(out), force: true };
    const found = await optimizeFolder(
      given.map((one) => at(one)),
      'half',
      options,
    ).catch((error: unknown) => error);
    expect(found).toBeInstanceOf(UsageError);
    expect((found as Error).message).toMatch(text);
  });
});
