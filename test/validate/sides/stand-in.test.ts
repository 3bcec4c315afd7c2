/** Originals and results that the CPU has no kernels for are compared all the same. */
import { describe, expect, it } from 'vitest';
import { bf16 } from '../../../passes/bf16.js';
import { fuseNorm } from '../../../passes/fuse-norm.js';
import { simplify } from '../../../passes/simplify.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { castTensor } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { validate } from '../../../src/validate/index.js';
import { applyPass, opCounts, randomFeeds, randomWeights } from '../../check-pass.js';
import { runModel } from '../../run-model.js';

/** Two layers in bfloat16, as they are published; `hasPorts`: it takes and gives bfloat16 too. */
const published = (hasPorts = false): Model =>
  buildModel({ '': 17 }, (g) => {
    const weights = (shape: number[], seed: number) =>
      g.constant(castTensor(randomWeights(shape, 0.2, seed), 'bfloat16'));
    const x = g.input('x', hasPorts ? 'bfloat16' : 'float32', ['n', 64]);
    const hidden = g.op('MatMul', [hasPorts ? x : cast(g, x, 16), weights([64, 64], 1)]);
    const shifted = g.op('Add', [g.op('Identity', [hidden]), weights([64], 2)]);
    const scaled = g.op('Mul', [shifted, cast(g, cast(g, g.constant('int64', 3), 16), 16)]);
    const y = g.op('MatMul', [g.op('Relu', [scaled]), weights([64, 32], 3)]);
    if (hasPorts) g.output('y', y, 'bfloat16', ['n', 32]);
    else g.output('y', cast(g, y, 1), 'float32', ['n', 32]);
  });

const cast = (g: GraphBuilder, value: Value, to: number): Value => g.op('Cast', [value], { to });

describe('a model published in bfloat16', () => {
  it('computes in float32 after bf16 on a target without kernels, weights stored as they are', async () => {
    for (const hasPorts of [false, true]) {
      const { model, passes } = await applyPass(bf16(), published(hasPorts));
      const notes = passes[0]?.notes.map(({ text }) => text).join('\n');
      expect(notes).toContain(
        'what was computed in bfloat16 is computed in float32; large weights stay stored as they are',
      );
      expect(notes?.includes('ports that are float32 now: "x", "y"')).toBe(hasPorts);
      const stored = [...model.graph.constants].filter(({ elem }) => elem === 'bfloat16').map(({ shape }) => shape);
      expect(stored).toEqual([
        [64, 64],
        [64, 32],
      ]);
      const { y } = await runModel(await writeModel(model), randomFeeds(model));
      expect(y?.type).toBe('float32');
      const again = await applyPass(bf16(), model);
      expect(again.passes[0]?.status).toBe('unchanged');
    }
  });

  it('is verified although the CPU cannot run it, and not timed', async () => {
    const { report } = await optimize(published(), [bf16()], { target: 'cpu' });
    expect(report.passes.map(({ status }) => status)).toEqual(['applied']);
    const { model } = await applyPass(bf16(), published());
    const found = await validate(published(), model, { provider: 'cpu', fidelity: 'rounding' });
    expect(found.accuracy.verdict?.outcome).toBe('accepted');
    expect(found.accuracy.outputs.map(({ name }) => name)).toEqual(['y']);
    expect(found.speed).toBeUndefined();
    expect(found.accuracy.notes.join()).toContain('the original ran in emulated arithmetic');
  });

  it('is verified by exact passes for a GPU too, and a wrong number is found', async () => {
    const { report } = await optimize(published(), [simplify()], { target: 'cuda' });
    expect(report.passes.map(({ status }) => status)).toEqual(['applied']);
    const wrong = published();
    for (const value of wrong.graph.constants)
      if (value.shape?.length === 1) value.tensor = castTensor(randomWeights([64], 2, 9), 'bfloat16');
    const { accuracy } = await validate(published(), wrong, { provider: 'cpu', fidelity: 'rounding', speed: false });
    expect(accuracy.verdict?.outcome).toBe('rejected');
  });
});

it('a kernel that CUDA alone has is proven on the CPU', async () => {
  const original = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [1, 8, 6, 6]);
    const grouped = g.op('Reshape', [x, g.ints(1, 2, -1)]);
    const [ones, zeros] = [1, 0].map((one) => g.constant('float32', [one, one])) as [Value, Value];
    const normed = g.op('Reshape', [g.op('InstanceNormalization', [grouped, ones, zeros]), g.ints(1, 8, 6, 6)]);
    const scaled = g.op('Mul', [normed, g.constant(randomWeights([8, 1, 1], 1, 4))]);
    g.output('y', g.op('Add', [scaled, g.constant(randomWeights([8, 1, 1], 1, 5))]), 'float32', [1, 8, 6, 6]);
  });
  const { model, report } = await optimize(original, [fuseNorm()], { target: 'cuda', verify: 'pass' });
  expect(opCounts(model)).toMatchObject({ 'com.microsoft.GroupNorm': 1 });
  expect(report.passes.map(({ status }) => status)).toEqual(['applied']);
  const found = await validate(original, model, { provider: 'cpu', fidelity: 'exact', speed: false });
  expect(found.accuracy.verdict?.outcome).toBe('accepted');
  expect(found.accuracy.outputs[0]?.maxRel).toBeLessThan(1e-5);
});
