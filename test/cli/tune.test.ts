import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/run/report/report.js';
import { tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await place.write(tinyModel(64));
});
afterAll(() => place.remove());

const output = ['-o', 'out.onnx', '--force', '--no-speed', '--json'];
const words = ['model.onnx', '--passes', 'simplify,int8', ...output];
const tuningIn = (report: string) => (JSON.parse(report) as Report).passes.find(({ name }) => name === 'int8')?.tuning;

/** After simplify the model is one Gemm. That is too small to be measured, so no clock decides. */
const found = [{ block: 'model', instances: 1, nodes: 1, variant: 'int8', kept: true }];

describe('--tune', () => {
  it('is off unless it is asked for', async () => {
    const { stdout, stderr } = await place.run(words);
    expect(stderr).toBe('');
    expect(tuningIn(stdout)).toBeUndefined();
  });

  it('puts what was decided of every block into the report', async () => {
    const { stdout, stderr } = await place.run([...words, '--tune']);
    expect(stderr).toBe('');
    expect(tuningIn(stdout)).toMatchObject(found);
    expect(tuningIn(stdout)?.[0]?.reason).toBe('not measured, it has fewer than 5 nodes');
  });

  it('goes with --no-validate, and may stand in a config', async () => {
    expect(tuningIn((await place.run([...words, '--tune', '--no-validate'])).stdout)).toMatchObject(found);
    writeFileSync(place.path('settings.json'), JSON.stringify({ passes: 'simplify,int8', tune: true }));
    const { stdout } = await place.run(['model.onnx', '--config', 'settings.json', ...output]);
    expect(tuningIn(stdout)).toMatchObject(found);
  });

  it('is shown to people', async () => {
    const { stdout } = await place.run([
      'model.onnx',
      '--passes',
      'simplify,int8',
      '--tune',
      '-o',
      'out.onnx',
      '--force',
      '--no-speed',
      '--report',
      'r.md',
    ]);
    const line = 'model: not measured, it has fewer than 5 nodes, kept';
    expect(stdout).toContain(`   ${line}\n`);
    expect(readFileSync(place.path('r.md'), 'utf8')).toContain(`- \`int8\`: ${line}\n`);
  });

  it.each([
    ['a pass for speed', ['--passes', 'simplify', '--tune'], 'tune: expected a pass for speed on cpu ('],
    [
      'a cache that is one',
      ['--passes', 'int8', '--tune', '--tune-cache', 'wrong.json'],
      'tune-cache: wrong.json: expected a file that an earlier run wrote, or none; found another',
    ],
    [
      'a time',
      ['--passes', 'int8', '--tune', '--tune-budget', '0'],
      '--tune-budget: expected seconds above 0, or 90s, 2m or 1h',
    ],
    ['no other value', ['--config', 'wrong.json'], 'wrong.json: tune: expected true or false; found "yes"'],
  ])('wants %s', async (_, flags, message) => {
    writeFileSync(place.path('wrong.json'), JSON.stringify({ passes: 'int8', tune: 'yes' }));
    const { status, stderr } = await place.run(['model.onnx', ...flags, '-o', 'other.onnx', '--target', 'cpu']);
    expect(stderr).toContain(`error: ${message}`);
    expect(status).toBe(1);
    expect(place.files).not.toContain('other.onnx');
  });
});
