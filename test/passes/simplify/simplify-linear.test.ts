import { describe, expect, it } from 'vitest';
import { simplify } from '../../../passes/simplify.js';
import { float } from '../../../src/ir/attribute.js';
import type { GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { checkPass, randomWeights } from '../../check-pass.js';
import { declaredModel } from '../../declared-model.js';

/** Float32 weights that are rounded once more: a few units in the last place. */
const NOISE = 1e-6;

const image = (build: (g: GraphBuilder, x: Value) => Value, opset = 17) =>
  declaredModel({ '': opset }, (g) => g.output('y', build(g, g.input('x', 'float32', ['n', 3, 8, 8]))));

const weights = (g: GraphBuilder, shape: number[], seed = 2) => g.constant(randomWeights(shape, 0.5, seed));

const normalized = (g: GraphBuilder, x: Value) => {
  const variance = g.constant('float32', [0.5, 1, 2, 3]);
  return g.op('BatchNormalization', [x, weights(g, [4], 3), weights(g, [4], 4), weights(g, [4], 5), variance]);
};

describe('simplify: into the weights', () => {
  it('BatchNormalization after Conv, with and without a bias', async () => {
    const plain = image((g, x) => normalized(g, g.op('Conv', [x, weights(g, [4, 3, 3, 3])])));
    await checkPass(simplify(), { before: plain, ops: { Conv: 1 }, within: NOISE });
    const biased = image((g, x) => normalized(g, g.op('Conv', [x, weights(g, [4, 3, 3, 3]), weights(g, [4])])));
    await checkPass(simplify(), { before: biased, ops: { Conv: 1 }, within: NOISE });
  });

  it('BatchNormalization after ConvTranspose and after Gemm', async () => {
    const transposed = image((g, x) => normalized(g, g.op('ConvTranspose', [x, weights(g, [3, 4, 2, 2])])));
    await checkPass(simplify(), { before: transposed, ops: { ConvTranspose: 1 }, within: NOISE });
    const gemm = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 3]);
      g.output('y', normalized(g, g.op('Gemm', [x, weights(g, [4, 3]), weights(g, [4])], { transB: 1 })));
    });
    await checkPass(simplify(), { before: gemm, ops: { Gemm: 1 }, within: NOISE });
  });

  it('Mul, Div, Add and Sub by channel', async () => {
    const before = image((g, x) => {
      const conv = g.op('Conv', [x, weights(g, [4, 3, 1, 1])]);
      const scaled = g.op('Mul', [weights(g, [4, 1, 1], 7), conv]);
      const shifted = g.op('Add', [scaled, weights(g, [1, 4, 1, 1], 8)]);
      return g.op('Sub', [g.op('Div', [shifted, g.constant('float32', 3)]), weights(g, [4, 1, 1], 9)]);
    });
    await checkPass(simplify(), { before, ops: { Conv: 1 }, within: NOISE });
  });

  it('the scale of each column of a product, and of all of it', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['b', 2, 3]);
      const linear = g.op('Add', [weights(g, [4]), g.op('MatMul', [x, weights(g, [3, 4])])]);
      const scaled = g.op('Mul', [g.op('Mul', [linear, weights(g, [4], 6)]), g.constant('float32', 0.25)]);
      g.output('y', scaled);
    });
    await checkPass(simplify(), { before, ops: { MatMul: 1, Add: 1 }, within: NOISE });
  });

  it('a scale behind a bias of more axes than the product, which keeps them', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const product = g.op('MatMul', [g.input('x', 'float32', ['b', 3]), weights(g, [3, 4])]);
      const scaled = g.op('Mul', [g.op('Add', [product, weights(g, [1, 1, 4], 6)]), g.constant('float32', 0.25)]);
      g.output('y', scaled);
    });
    await checkPass(simplify(), { before, ops: { MatMul: 1, Add: 1 }, within: NOISE });
  });

  it('what follows a ConvTranspose in groups, a Gemm with factors of its own, and a product of matrices', async () => {
    const grouped = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 6, 5]);
      const conv = g.op('ConvTranspose', [x, weights(g, [6, 2, 3])], { group: 3 });
      g.output('y', g.op('Add', [g.op('Mul', [conv, weights(g, [6, 1], 7)]), weights(g, [1, 6, 1], 8)]));
    });
    await checkPass(simplify(), { before: grouped, ops: { ConvTranspose: 1 }, within: NOISE });
    const factors = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 3]);
      const gemm = g.op('Gemm', [x, weights(g, [3, 4]), weights(g, [4])], { alpha: float(0.5), beta: float(2) });
      g.output('y', g.op('Add', [g.op('Mul', [gemm, weights(g, [4], 7)]), weights(g, [4], 8)]));
    });
    await checkPass(simplify(), { before: factors, ops: { Gemm: 1, Add: 1 }, within: NOISE });
    const product = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 3]);
      g.output('y', normalized(g, g.op('MatMul', [x, weights(g, [3, 4])])));
    });
    await checkPass(simplify(), { before: product, ops: { Gemm: 1 }, within: NOISE });
  });

  it('large weights', async () => {
    const before = image((g, x) => {
      const conv = g.op('Conv', [x, weights(g, [128, 3, 8, 8]), weights(g, [128])]);
      return g.op('Mul', [conv, weights(g, [128, 1, 1], 9)]);
    });
    // Sums of 192 terms.
    const { result } = await checkPass(simplify(), { before, ops: { Conv: 1 }, within: 10 * NOISE });
    expect(result.skips).toEqual([]);
  });

  it('zeros that Pad puts around an image', async () => {
    const pads = (g: GraphBuilder, x: Value, value: number, mode = 'constant') =>
      g.op('Pad', [x, g.ints(0, 0, 1, 2, 0, 0, 0, 1), g.constant('float32', value)], { mode });
    const conv = (g: GraphBuilder, x: Value) => g.op('Conv', [x, weights(g, [4, 3, 3, 3])], { pads: [1, 0, 1, 0] });
    const zeros = image((g, x) => conv(g, pads(g, x, 0)));
    await checkPass(simplify(), { before: zeros, ops: { Conv: 1 }, within: NOISE });
    for (const before of [image((g, x) => conv(g, pads(g, x, 1))), image((g, x) => conv(g, pads(g, x, 0, 'reflect')))])
      await checkPass(simplify(), { before, ops: { Pad: 1, Conv: 1 }, within: 0 });
  });

  it('leaves weights that another node reads, other axes, and a BatchNormalization first', async () => {
    const shared = image((g, x) => {
      const w = weights(g, [3, 3, 1, 1]);
      const a = g.op('Mul', [g.op('Conv', [x, w]), g.constant('float32', 2)]);
      return g.op('Conv', [a, w]);
    });
    await checkPass(simplify(), { before: shared, ops: { Conv: 2, Mul: 1 }, within: 0 });
    const columns = image((g, x) => g.op('Mul', [g.op('Conv', [x, weights(g, [4, 3, 1, 1])]), weights(g, [8])]));
    await checkPass(simplify(), { before: columns, ops: { Conv: 1, Mul: 1 }, within: 0 });
    const first = image((g, x) => g.op('Conv', [normalized(g, g.op('Relu', [x])), weights(g, [2, 4, 1, 1])]), 17);
    await checkPass(simplify(), {
      before: first,
      ops: { Relu: 1, BatchNormalization: 1, Conv: 1 },
      within: 0,
      runs: false,
    });
  });
});

describe('simplify: Gemm', () => {
  it('Add(MatMul) of matrices, where a Gemm must have a bias too', async () => {
    const before = declaredModel({ '': 9 }, (g) => {
      const x = g.input('x', 'float32', ['n', 3]);
      g.output('y', g.op('Add', [g.op('MatMul', [x, weights(g, [3, 4])]), weights(g, [4])]));
    });
    await checkPass(simplify(), { before, ops: { Gemm: 1 }, within: NOISE });
  });

  it('is MatMul and Add of matrices, and takes transposes of its inputs', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3, 'n']);
      const b = g.input('b', 'float32', [3, 4]);
      const t = g.op('Transpose', [x], { perm: [1, 0] });
      g.output('y', g.op('Add', [weights(g, [4]), g.op('MatMul', [t, b])]));
    });
    await checkPass(simplify(), { before, ops: { Gemm: 1 }, within: NOISE });
  });

  it('takes no bias that widens the product, and is not used for more axes', async () => {
    const wide = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [1, 3]);
      g.output('y', g.op('Add', [g.op('MatMul', [x, weights(g, [3, 4])]), g.input('c', 'float32', [5, 4])]));
    });
    await checkPass(simplify(), { before: wide, ops: { MatMul: 1, Add: 1 }, within: 0 });
    const batch = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['b', 2, 3]);
      g.output('y', g.op('Add', [g.op('MatMul', [x, weights(g, [3, 4])]), weights(g, [4])]));
    });
    await checkPass(simplify(), { before: batch, ops: { MatMul: 1, Add: 1 }, within: 0 });
  });

  it('between reshapes that fold the leading axes is MatMul and Add', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['b', 's', 3]);
      const rows = g.op('Reshape', [x, g.ints(-1, 3)]);
      const product = g.op('Gemm', [rows, weights(g, [3, 4]), weights(g, [4])]);
      const [b, s] = [0, 1].map((axis) => g.op('Shape', [x], { start: axis, end: axis + 1 }));
      g.output('y', g.op('Reshape', [product, g.op('Concat', [b, s, g.ints(4)], { axis: 0 })]));
    });
    await checkPass(simplify(), { before, ops: { MatMul: 1, Add: 1 }, within: NOISE });
  });
});
