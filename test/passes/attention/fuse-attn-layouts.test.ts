/**
 * Tests attention in the layouts and spellings of exporters: each is one kernel, with the numbers of the plain graph.
 */
import { describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { float, fuses, model, type Operands, plain, scores, softmax, transpose } from './attention-models.js';

/** float16 holds 11 bits; scores, weights and results are each rounded once in the plain graph, and not in the kernel. */
const NOISE16 = 4e-3;
/** Query, key and value stacked in one input [batch, seq, 3, heads, size], brought to [3, batch, heads, seq, size] and sliced. */
const stacked = (): Model =>
  buildModel({ '': 17 }, (g) => {
    const all = transpose(g, g.input('x', 'float32', ['batch', 'seq', 3, 2, 4]), 2, 0, 3, 1, 4);
    const [q, k, v] = [0, 1, 2].map((i) => g.op('Slice', [all, g.ints(i), g.ints(i + 1), g.ints(0)])) as Operands;
    const product = g.op('MatMul', [q, transpose(g, k, 0, 1, 2, 4, 3)]);
    g.output('y', g.op('MatMul', [softmax(g, product), v]));
  });

describe('fuse-attn reads', () => {
  it('Einsum of axes that it does not name', async () => {
    await fuses(
      model(['batch', 2, 'seq', 3, 4], (g, q, k, v) => {
        const s = g.op('Einsum', [q, k], { equation: '...qhd,...khd->...hqk' });
        return g.op('Einsum', [softmax(g, s), v], { equation: '...hqk,...khd->...qhd' });
      }),
    );
  });

  it('Einsum of any letters, heads inside, to one kernel and a Reshape of each operand', async () => {
    const counts = await fuses(
      model(['batch', 'seq', 3, 4], (g, q, k, v) => {
        const s = g.op('Einsum', [q, k], { equation: 'nqhd, nkhd -> nhqk' });
        return g.op('Einsum', [softmax(g, s), v], { equation: 'xabc,xcay->xbay' });
      }),
    );
    expect(counts).toEqual({ 'com.microsoft.MultiHeadAttention': 1, Reshape: 4 });
  });

  it('slices of one tensor that keep their axis of size 1, without reading a shape', async () => {
    const counts = await fuses(stacked());
    const operands = { Transpose: 2, Slice: 3, Squeeze: 2, Reshape: 1 };
    const result = { Reshape: operands.Reshape + 1, Transpose: operands.Transpose + 1, Unsqueeze: 1 };
    expect(counts).toEqual({ 'com.microsoft.MultiHeadAttention': 1, ...operands, ...result });
  });

  it('K·Qᵀ with a Softmax over its rows, and Vᵀ·weights', () =>
    fuses(
      model(plain, (g, q, k, v) =>
        transpose(g, g.op('MatMul', [transpose(g, v, 0, 1, 3, 2), softmax(g, scores(g, k, q), 2)]), 0, 1, 3, 2),
      ),
    ));

  it('scores that are split into heads for the mask and merged again', () =>
    fuses(
      model(['batch', 3, 5, 4], (g, ...operands) => {
        const [q, k, v] = operands.map((x) => g.op('Reshape', [x, g.ints(-1, 5, 4)])) as Operands;
        const s = g.op('MatMul', [q, transpose(g, k, 0, 2, 1)]);
        const split = g.op('Reshape', [s, g.ints(-1, 3, 5, 5)]);
        const masked = g.op('Add', [split, g.input('mask', 'float32', ['batch', 1, 5, 5])]);
        return g.op('MatMul', [g.op('Reshape', [softmax(g, masked), g.ints(-1, 5, 5)]), v]);
      }),
    ));

  it('a mask for each window: scores in five dimensions', () =>
    fuses(
      model(['batch', 2, 4, 24], (g, ...operands) => {
        const [q, k, v] = operands.map((x) =>
          transpose(g, g.op('Reshape', [x, g.ints(-1, 4, 3, 8)]), 0, 2, 1, 3),
        ) as Operands;
        const windows = g.op('Reshape', [scores(g, q, k), g.ints(-1, 2, 3, 4, 4)]);
        const masked = g.op('Add', [windows, g.input('mask', 'float32', [1, 2, 1, 4, 4])]);
        return g.op('MatMul', [softmax(g, g.op('Reshape', [masked, g.ints(-1, 3, 4, 4)])), v]);
      }),
    ));

  it('one key and value for all heads: the heads are more rows, each with its mask', async () => {
    const shared = (g: GraphBuilder) => ['kk', 'vv'].map((name) => g.input(name, 'float32', ['batch', 1, 'keys', 4]));
    const multiQuery = (mask?: (g: GraphBuilder) => Value): Model =>
      buildModel({ '': 17 }, (g) => {
        const q = g.input('q', 'float32', plain);
        const [k, v] = shared(g) as [Value, Value];
        const s = scores(g, q, k);
        g.output('y', g.op('MatMul', [softmax(g, mask ? g.op('Add', [s, mask(g)]) : s), v]));
      });
    await fuses(multiQuery(), { dims: { keys: 7 } });
    await fuses(
      multiQuery((g) => g.input('mask', 'float32', ['batch', 1, 'seq', 'keys'])),
      { dims: { keys: 7 } },
    );
  });

  it.each([
    ['beside each other', 2],
    ['one behind the other', 1],
  ])('keys that an Expand repeats for more heads of the query, %s', async (_, axis) => {
    const before = buildModel({ '': 17 }, (g) => {
      const q = g.input('q', 'float32', ['batch', 4, 'seq', 4]);
      const [k, v] = ['k', 'v'].map((name) => {
        const one = g.op('Unsqueeze', [g.input(name, 'float32', ['batch', 2, 'seq', 4]), g.ints(axis)]);
        const times = [1, 1, 1, 1, 1].map((size, at) => (at === axis ? 2 : size));
        return g.op('Reshape', [g.op('Expand', [one, g.ints(...times)]), g.ints(0, 4, -1, 4)]);
      }) as [Value, Value];
      g.output('y', g.op('MatMul', [softmax(g, scores(g, q, k)), v]));
    });
    for (const batch of [1, 3]) await fuses(before, { dims: { batch } });
  });

  it('a relative position that is the sum of one by height and one by width', () =>
    fuses(
      model([2, 3, 6, 4], (g, q, k, v) => {
        const grid = g.op('Reshape', [scores(g, q, k), g.ints(2, 3, 2, 3, 2, 3)]);
        const high = g.op('Add', [grid, g.input('high', 'float32', [2, 3, 2, 3, 2, 1])]);
        const wide = g.op('Add', [high, g.input('wide', 'float32', [2, 3, 2, 3, 1, 3])]);
        return g.op('MatMul', [softmax(g, g.op('Reshape', [wide, g.ints(2, 3, 6, 6)])), v]);
      }),
    ));

  it('a Softmax in float32 between Casts of float16', () =>
    fuses(
      model(
        plain,
        (g, q, k, v) => {
          const wide = g.op('Cast', [scores(g, q, k)], { to: 1 });
          return g.op('MatMul', [g.op('Cast', [softmax(g, wide)], { to: 10 }), v]);
        },
        { elem: 'float16' },
      ),
      { within: NOISE16 },
    ));

  it('a mask that is added in float32 to float16 scores: the kernel computes in float32', async () => {
    const counts = await fuses(
      model(
        plain,
        (g, q, k, v) => {
          const wide = g.op('Cast', [scores(g, q, k)], { to: 1 });
          const mask = g.op('Where', [g.input('mask', 'bool', ['seq', 'seq']), float(g, 0), float(g, -3e38)]);
          return g.op('MatMul', [g.op('Cast', [softmax(g, g.op('Add', [wide, mask]))], { to: 10 }), v]);
        },
        { elem: 'float16' },
      ),
      {
        within: NOISE16,
        feeds: { mask: tensorOf('bool', [1, 1, 0, 0, 0, ...Array(5).fill(0), ...Array(15).fill(1)], [5, 5]) },
      },
    );
    expect(counts.Cast).toBe(4);
  });

  it('a mask that is subtracted, and zeros that are added', async () => {
    const counts = await fuses(
      model(plain, (g, q, k, v) => {
        const zeros = g.op('Mul', [g.op('ConstantOfShape', [g.ints(1, 1, 1, 1)]), float(g, 0)]);
        const s = g.op('Add', [zeros, scores(g, q, k)]);
        return g.op('MatMul', [softmax(g, g.op('Sub', [s, g.input('mask', 'float32', ['seq', 'seq'])])), v]);
      }),
    );
    expect(counts).not.toHaveProperty('ConstantOfShape');
  });

  it('masked_fill with -1e9, rows masked whole', () =>
    fuses(
      model(plain, (g, q, k, v) => {
        const s = g.op('Mul', [scores(g, q, k), float(g, 40)]);
        return g.op('MatMul', [
          softmax(g, g.op('Where', [g.input('gone', 'bool', ['seq', 'seq']), float(g, -1e9), s])),
          v,
        ]);
      }),
      { feeds: { gone: tensorOf('bool', [1, 1, 1, 1, 1, 0, 0, 1, 1, 0, ...Array(15).fill(0)], [5, 5]) } },
    ));

  it('shapes that are read off the scores and the weights', async () => {
    const counts = await fuses(
      model(plain, (g, q, k, v) => {
        const s = scores(g, q, k);
        const same = g.op('Reshape', [s, g.op('Shape', [s])]);
        const weights = softmax(g, same);
        return g.op('MatMul', [g.op('Reshape', [weights, g.op('Shape', [weights])]), v]);
      }),
    );
    expect(counts.Shape).toBeUndefined();
  });

  it('a divisor that an exporter fills a scalar with', () =>
    fuses(
      model(plain, (g, q, k, v) => {
        const root = g.op('Pow', [g.op('Cast', [g.ints(4)], { to: 1 }), float(g, 0.5)]);
        const zero = g.op('ConstantOfShape', [g.constant('int64', [], [0])]);
        return g.op('MatMul', [
          softmax(g, g.op('Div', [scores(g, q, k), g.op('Add', [zero, g.op('Squeeze', [root])])])),
          v,
        ]);
      }),
    ));
});
