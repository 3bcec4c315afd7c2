/** int4 raises the operator set where weights have 4 bits by it, and leaves it elsewhere. */
import { describe, expect, it } from 'vitest';
import { int4 } from '../../../passes/int4.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkPass, opCounts, randomWeights } from '../../check-pass.js';

const conv = (g: GraphBuilder, x: Value, channels = 32, seed = 1): Value =>
  g.op('Conv', [x, g.constant(randomWeights([channels, channels, 3, 3], 0.06, seed), `w${seed}`)], {
    pads: [1, 1, 1, 1],
  });
const image = (g: GraphBuilder, channels = 32): Value => g.input('x', 'float32', [1, channels, 8, 8]);
const typesOf = (model: Model) => [...model.graph.constants].map(({ elem }) => elem);

/** A number of four bits is off by 0.29 of a fifteenth of its block's range: about a tenth of the numbers' norm, and so is a sum of them. */
const within = 0.15;

describe('int4 of convolutions below opset 21', () => {
  it('raises the model, says so, and gives the same within its bits', async () => {
    const before = buildModel({ '': 11 }, (g) => {
      const small = g.op('ReduceMean', [conv(g, image(g))], { axes: [2, 3], keepdims: 1 });
      g.output('y', g.op('Softmax', [g.op('Squeeze', [small], { axes: [2, 3] })], { axis: 1 }));
    });
    const { model, result } = await checkPass(int4({ block: 64 }), { before, within });
    expect(model.opsets.get('')).toBe(21);
    expect(typesOf(model)).toContain('int4');
    expect(result.notes.map(({ text }) => text)).toContain(
      'raised the opset from 11 to 21, whose Cast takes int4: weights that no kernel reads in blocks have 4 bits by it, about 4.32 kB less than in 8',
    );
  });

  it('keeps the set where kernels read all weights in blocks', async () => {
    const before = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [4, 64]), g.constant(randomWeights([64, 64]))])),
    );
    const { model } = await applyPass(int4(), before);
    expect(opCounts(model)['com.microsoft.MatMulNBits']).toBe(1);
    expect(model.opsets.get('')).toBe(17);
  });

  it('keeps it where the others are a trifle', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const product = g.op('MatMul', [g.input('a', 'float32', [4, 400]), g.constant(randomWeights([400, 400]))]);
      g.output('b', product);
      g.output('y', conv(g, image(g, 11), 11));
    });
    const { model, result } = await checkPass(int4(), { before, within });
    expect(model.opsets.get('')).toBe(17);
    expect(typesOf(model)).toContain('int8');
    expect(result.notes.map(({ text }) => text)).toContain(
      '1 weight stored as int8 and widened at load, not in 4 bits: Cast takes int4 from opset 21 on (opset:to=21 raises it)',
    );
  });

  it('keeps it where 4 bits would change the weights by too much', async () => {
    const before = buildModel({ '': 17 }, (g) => g.output('y', conv(g, image(g))));
    const { model } = await applyPass(int4({ maxWeightError: 0.05 }), before);
    expect([model.opsets.get(''), typesOf(model).includes('int4')]).toEqual([17, false]);
  });

  const about = 'not raised to opset 21, whose Cast takes int4, so that weights have 8 bits, about 4.03 kB more: ';

  it('says what it costs that an op has no later form', async () => {
    const before = buildModel({ '': 11 }, (g) => {
      const rankless = g.op('Reshape', [conv(g, image(g)), g.input('shape', 'int64', ['rank'])]);
      g.output('y', g.op('Softmax', [rankless]), 'float32');
    });
    const { model, passes } = await applyPass(int4(), before);
    expect([model.opsets.get(''), typesOf(model).includes('int8')]).toEqual([11, true]);
    expect(passes[0]?.skips).toMatchObject([
      { reason: `${about}opset 13: Softmax: the rank of its input is not known`, count: 1 },
    ]);
  });

  it('says what it costs that the target has no kernel for an op of the later set', async () => {
    const before = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('GridSample', [conv(g, image(g)), g.input('grid', 'float32', [1, 4, 4, 2])])),
    );
    const { model, passes } = await applyPass(int4(), before, 'webgpu');
    expect(model.opsets.get('')).toBe(17);
    expect(passes[0]?.skips).toMatchObject([{ reason: `${about}webgpu has no kernel for GridSample of it`, count: 1 }]);
    const { model: onCpu } = await applyPass(int4(), before);
    expect(onCpu.opsets.get('')).toBe(21);
  });

  it('says what it costs that a browser loads no Cast of 4 bits, below the set and at it', async () => {
    const at = (set: number) => buildModel({ '': set }, (g) => g.output('y', conv(g, image(g))));
    const { model, passes } = await applyPass(int4(), at(17), 'webgpu');
    expect(model.opsets.get('')).toBe(17);
    expect(passes[0]?.skips).toMatchObject([{ reason: `${about}webgpu loads no such Cast`, count: 1 }]);
    const { model: newer } = await applyPass(int4(), at(21), 'webgpu');
    expect(typesOf(newer)).toContain('int8');
    expect(typesOf(newer)).not.toContain('int4');
  });
});
