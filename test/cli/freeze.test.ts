import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { typeText } from '../../src/ir/types.js';
import { readModel } from '../../src/onnx/read.js';
import { tinyModel, Workplace } from './run-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = new Workplace();
  await place.write(tinyModel());
});
afterEach(() => place.remove());

/** A TensorProto of float32 zeros, with a name. */
function zeros(name: string, rows: number, columns: number): Uint8Array {
  const data = rows * columns * 4;
  const length = [(data & 127) | 128, data >> 7];
  return Uint8Array.from([
    8,
    rows,
    8,
    columns,
    16,
    1,
    66,
    name.length,
    ...Buffer.from(name),
    74,
    ...length,
    ...new Uint8Array(data),
  ]);
}

describe('--dim and --shape', () => {
  it('need no pass', async () => {
    expect(await place.run(['model.onnx', '--dim', 'batch=3', '--no-validate', '-q'])).toMatchObject({
      status: 0,
      stderr: '',
    });
    const { graph } = await readModel(place.path('model.opt.onnx'));
    expect(typeText(graph.inputs[0]?.type)).toBe('float32[3, 16]');
  });

  it.each([
    ['--dim', 'batch=3'],
    ['--shape', 'x=3,16'],
  ])('%s %s: the result declares it, and is compared at it', async (flag, value) => {
    const { status, stdout } = await place.run([
      'model.onnx',
      '--passes',
      'simplify',
      flag,
      value,
      '--target',
      'cpu',
      '--no-speed',
    ]);
    expect(stdout).toContain('"x" is [3, 16], was [batch, 16]');
    expect(stdout).toContain('✓ accuracy: ');
    expect(status).toBe(0);
    const { graph } = await readModel(place.path('model.opt.onnx'));
    const declared = [graph.inputs[0]?.type, graph.outputPorts[0]?.type].map((type) => typeText(type));
    expect(declared).toEqual(['float32[3, 16]', 'float32[3, 16]']);
  });

  it('are held against the test data before any work', async () => {
    const set = join(place.folder, 'data', 'test_data_set_0');
    mkdirSync(set, { recursive: true });
    writeFileSync(join(set, 'input_0.pb'), zeros('x', 2, 16));
    const { status, stderr } = await place.run([
      'model.onnx',
      '--passes',
      'simplify',
      '--inputs',
      'data',
      '--dim',
      'batch=3',
    ]);
    expect(stderr).toBe(
      'reading\nerror: data/test_data_set_0: expected "x" of [3, 16], as the dims and shapes given say; found [2, 16]\n',
    );
    expect(status).toBe(1);
  });

  it('of a range keep the dim symbolic, and what is compared and shown is at both ends and between', async () => {
    const range = ['--dim', 'batch=1..5:2'];
    const run = ['model.onnx', '--passes', 'simplify', ...range, '--target', 'cpu', '--no-speed', '--force'];
    const { status, stdout } = await place.run(run);
    expect(stdout).toContain('"batch" stays symbolic, with sizes of 1..5:2');
    expect(stdout).toMatch(/sizes {2}one model for batch 1\.\.5:2\n.*\n {2}batch=1 .*\n {2}batch=3 .*\n {2}batch=5 /);
    expect(status).toBe(0);
    const shown = await place.run(['inspect', 'model.opt.onnx']);
    expect(shown.stdout).toContain('sizes of dims\n  batch 1..5:2\n');
    writeFileSync(place.path('range.json'), JSON.stringify({ passes: 'simplify', dims: { batch: '1..5:3' } }));
    const wrong = await place.run(['model.onnx', '--config', 'range.json']);
    expect(wrong.stderr).toBe(
      'error: range.json: dims.batch: expected a step that leads from 1 to 5, as 1..4:3 has one; found "1..5:3"\n',
    );
    const set = join(place.folder, 'data', 'test_data_set_0');
    mkdirSync(set, { recursive: true });
    writeFileSync(join(set, 'input_0.pb'), zeros('x', 2, 16));
    const beyond = await place.run(['model.onnx', '--passes', 'simplify', '--inputs', 'data', ...range]);
    expect(beyond.stderr).toContain('expected "x" with a size of 1..5:2 at axis 0, "batch"; found [2, 16]');
  });

  it('contradict nobody: two sizes for one dim are an error that says who asked', async () => {
    const { status, stderr } = await place.run([
      'model.onnx',
      '--passes',
      'simplify',
      '--dim',
      'batch=3',
      '--shape',
      'x=2,16',
    ]);
    expect(stderr).toContain('dim "batch": expected one size; found 3 (given as a dim) and 2 (shape of "x")');
    expect(status).toBe(1);
  });
});
