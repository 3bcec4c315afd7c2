import { afterAll, describe, expect, it } from 'vitest';
import { encoder } from '../../fixtures/encoder.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Value } from '../../src/ir/value.js';
import { Workplace } from './run-cli.js';

const place = new Workplace();
afterAll(() => place.remove());

const model = () =>
  encoder({ layers: 3, hidden: 16, heads: 2, intermediate: 32, vocabulary: 20, positions: 16, seed: 0 });

describe('optimize bisect', () => {
  it('shows the error by depth, and where it begins', async () => {
    await place.write(model(), 'a.onnx');
    const faulty = model();
    const at = [...faulty.graph.nodeSet].find(({ name }) => name === '/encoder/layer.1/output/dense/Add');
    const bias = at?.inputs[0] as Value;
    faulty.graph.setInput(
      at as NonNullable<typeof at>,
      0,
      faulty.graph.constant(tensorOf('float32', new Array<number>(16).fill(0.5)), bias.name),
    );
    await place.write(faulty, 'b.onnx');
    const { status, stdout, stderr } = await place.run(['bisect', 'a.onnx', 'b.onnx']);
    expect(stderr).toBe('comparing values\n');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^error by depth {2}cpu, 2 sets of inputs, onnxruntime without its own optimizations: relative L2 of \d+ values/,
    );
    expect(stdout).toMatch(/^ {3}encoder layer 1 of 3 +0 /m);
    expect(stdout).toMatch(/^✗ {2}encoder layer 2 of 3 +[▁-█] +0\.\d+ /m);
    expect(stdout).toContain('first drift  encoder layer 2 of 3, Add "/encoder/layer.1/output/dense/Add"');
    expect(stdout).toContain('constants of other numbers: encoder.layer.1.output.dense.bias');
    const json = JSON.parse(
      (await place.run(['bisect', 'a.onnx', 'b.onnx', '--json', '--seed', '3', '--dim', 'batch=1'])).stdout,
    );
    expect(json.first.node).toBe('Add "/encoder/layer.1/output/dense/Add"');
    expect(json.first.without).toBe(0);
    expect(json.values.length).toBeGreaterThan(100);
    expect(json.inputs[0]).toMatch(/seed 3.*input_ids\[1,/);
  });

  it('is compare --by-block, and says where there is no drift', async () => {
    await place.write(model(), 'a.onnx');
    const { status, stdout } = await place.run(['compare', 'a.onnx', 'a.onnx', '--by-block']);
    expect(status).toBe(0);
    expect(stdout).toContain('✓ no drift: no error above 1.0e-5 is handed on');
  });

  it('names what does not run', async () => {
    expect(await place.run(['bisect', 'a.onnx', 'nothing.onnx'])).toMatchObject({ status: 1, stdout: '' });
  });
});
