/**
 * Tests factors of the scores that are no number: they go into query or key. They are learned for each head, or differ
 * by query or key.
 */
import { describe, expect, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss, checkPass, opCounts } from '../../check-pass.js';
import { attention, float, fuses, HEADS, model, NOISE, softmax, transpose } from './attention-models.js';

const learned = (g: GraphBuilder, rank = 3) =>
  g.constant('float32', [0.5, 2, 3], [...Array<number>(rank - 3).fill(1), HEADS, 1, 1]);

describe('fuse-attn multiplies into query or key', () => {
  const spellings: [string, (g: GraphBuilder, scores: Value) => Value][] = [
    ['a scale for each head', (g, s) => g.op('Mul', [s, learned(g)])],
    ['the same from the left, of the rank of the scores', (g, s) => g.op('Mul', [learned(g, 4), s])],
    ['a divisor for each head', (g, s) => g.op('Div', [s, learned(g)])],
    ['a computed scale', (g, s) => g.op('Mul', [s, g.op('Exp', [g.input('log', 'float32', [HEADS, 1, 1])])])],
    ['a scale for each query', (g, s) => g.op('Mul', [s, g.input('t', 'float32', ['batch', 1, 'seq', 1])])],
    ['a scale for each key', (g, s) => g.op('Mul', [s, g.input('t', 'float32', ['batch', 1, 1, 'seq'])])],
    [
      'two of them beside a number, under a mask',
      (g, s) => {
        const scaled = g.op('Div', [g.op('Mul', [g.op('Mul', [s, learned(g)]), float(g, 0.5)]), learned(g)]);
        return g.op('Where', [g.input('mask', 'bool', ['batch', 1, 1, 'seq']), scaled, float(g, -1e9)]);
      },
    ],
  ];
  it.each(spellings)('%s', async (_, scores) => {
    await fuses(attention({ scores }));
    await fuses(attention({ scores, opset: 23 }), { op: 'Attention' });
  });

  it('where the columns are summed over and the rows are columns (cross-covariance)', async () => {
    const before = model(['batch', 'seq', HEADS, 4], (g, ...operands) => {
      const [q, k, v] = operands.map((x) => transpose(g, x, 0, 2, 3, 1)) as [Value, Value, Value];
      const scores = g.op('Mul', [g.op('MatMul', [q, transpose(g, k, 0, 1, 3, 2)]), learned(g)]);
      return transpose(g, g.op('MatMul', [softmax(g, scores), v]), 0, 3, 1, 2);
    });
    await fuses(before, { dims: { seq: 6 } });
  });

  it('but not what differs by query and key', async () => {
    const before = attention({
      scores: (g, s) => g.op('Mul', [s, g.input('t', 'float32', ['batch', 1, 'seq', 'seq'])]),
    });
    await checkMiss(fuseAttn(), { before, reason: 'not one number' });
  });

  it('nor into packed weights', async () => {
    const before = attention({ scores: (g, s) => g.op('Mul', [s, learned(g)]) });
    await checkMiss(fuseAttn({ op: 'com.microsoft.Attention' }), { before, reason: 'no projection' });
  });
});

describe('fuse-attn takes', () => {
  it('a sum of masks that is raised to the lowest number', async () => {
    const lowest = -3.4028234663852886e38;
    const scores = (g: GraphBuilder, s: Value): Value => {
      const masks = ['a', 'b'].map((name) => g.input(name, 'float32', ['batch', 1, 'seq', 'seq']));
      const sum = g.op(
        'Add',
        masks.map((mask) => g.op('Mul', [mask, float(g, lowest)])),
      );
      return g.op('Max', [g.op('Add', [s, sum]), float(g, lowest)]);
    };
    await fuses(attention({ scores }));
  });
});

describe('fuse-attn takes scores without the highest of their row', () => {
  const lowered = (axes: number[], keepdims: number) => (g: GraphBuilder, s: Value) => {
    const highest = g.op('ReduceMax', [s], { axes, keepdims });
    const row = keepdims ? highest : g.op('Unsqueeze', [highest, g.ints(-1)]);
    return g.op('Mul', [g.op('Sub', [s, row]), float(g, 4)]);
  };

  it('as a Softmax does itself', async () => {
    await fuses(attention({ scores: lowered([-1], 1) }));
    await fuses(attention({ scores: lowered([3], 0) }));
  });

  it('but not without the highest of their column', async () => {
    const before = attention({ scores: lowered([2], 1) });
    await checkMiss(fuseAttn(), { before, reason: 'another axis than the keys' });
  });
});

describe('the shape of the scores is told from query and key', () => {
  it('where it is read elsewhere', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, 'float32', ['batch', HEADS, 'seq', 4]));
      const s = g.op('MatMul', [q, transpose(g, k as Value, 0, 1, 3, 2)]);
      g.output('shape', g.op('Shape', [s]));
      g.output('last', g.op('Shape', [s], { start: -1 }));
      g.output('y', g.op('MatMul', [softmax(g, s), v]));
    });
    const { model: after } = await checkPass(fuseAttn(), { before, within: NOISE, dims: { batch: 2, seq: 5 } });
    expect(opCounts(after)).toMatchObject({ 'com.microsoft.MultiHeadAttention': 1 });
    expect(opCounts(after)['MatMul']).toBeUndefined();
  });
});

it('lengths after strided convolutions are one, however a mask asks for them', async () => {
  const before = buildModel({ '': 17 }, (g) => {
    const strided = (x: Value, channels: number): Value =>
      g.op('Conv', [x, g.constant('float32', Array(channels * 36).fill(0.1), [12, channels, 3])], { strides: [2] });
    const x = strided(g.input('x', 'float32', ['batch', 3, 'samples']), 3);
    const heads = (perm: number[]): Value => transpose(g, g.op('Reshape', [x, g.ints(0, HEADS, 4, -1)]), ...perm);
    const length = g.op('Gather', [g.op('Shape', [x]), g.ints(2)]);
    const flat = g.op('Squeeze', [length, g.ints(0)]);
    const places = g.op('Range', [g.constant('int64', 0), flat, g.constant('int64', 1)]);
    const seen = g.op('LessOrEqual', [g.op('Unsqueeze', [places, g.ints(0)]), g.op('Unsqueeze', [places, g.ints(1)])]);
    const target = g.op('Concat', [g.ints(-1), length], { axis: 0 });
    const shape = g.op('Where', [g.op('Equal', [target, g.ints(-1, -1)]), g.ints(1, 1), target]);
    const scores = g.op('MatMul', [heads([0, 1, 3, 2]), heads([0, 1, 2, 3])]);
    const masked = g.op('Where', [g.op('Expand', [seen, shape]), scores, float(g, -1e9)]);
    g.output('y', g.op('MatMul', [softmax(g, masked), heads([0, 1, 3, 2])]));
  });
  await fuses(before, { dims: { samples: 21 } });
});

it('in blocks of a padded sequence, whose number only the padded operands have', async () => {
  const [block, heads, size] = [4, 2, 4];
  const before = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 'seq', heads * size]);
    const length = g.op('Gather', [g.op('Shape', [x]), g.ints(1)]);
    const missing = g.op('Mod', [g.op('Neg', [length]), g.ints(block)]);
    const pads = g.op('Concat', [g.ints(0, 0, 0, 0), missing, g.ints(0)], { axis: 0 });
    const blocks = (factor: number): Value => {
      const scaled = g.op('Pad', [g.op('Mul', [x, float(g, factor)]), pads]);
      const count = g.op('Div', [g.op('Gather', [g.op('Shape', [scaled]), g.ints(1)]), g.ints(block)]);
      const batch = g.op('Gather', [g.op('Shape', [scaled]), g.ints(0)]);
      return g.op('Reshape', [scaled, g.op('Concat', [batch, count, g.ints(block, heads, size)], { axis: 0 })]);
    };
    const product = g.op('Einsum', [blocks(1), blocks(2)], { equation: '...qhd,...khd->...hqk' });
    const context = g.op('Einsum', [softmax(g, product), blocks(3)], { equation: '...hqk,...khd->...qhd' });
    const batch = g.op('Gather', [g.op('Shape', [x]), g.ints(0)]);
    const merged = g.op('Reshape', [context, g.op('Concat', [batch, g.ints(-1, heads * size)], { axis: 0 })]);
    g.output('y', g.op('Slice', [merged, g.ints(0), length, g.ints(1)]));
  });
  for (const seq of [4, 5, 11]) await fuses(before, { dims: { seq } });
});

it('with a bias of a table of positions that is cut to the length of the scores', async () => {
  const before = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 'seq', 8]);
    const length = g.op('Gather', [g.op('Shape', [x]), g.ints(1)]);
    const cut = g.op('Min', [length, g.ints(64)]);
    const batch = g.op('Gather', [g.op('Shape', [x]), g.ints(0)]);
    // The exporter knows that the table is long enough; in the graph only the additions and Reshapes say so.
    const heads = (perm: number[]): Value =>
      transpose(g, g.op('Reshape', [x, g.op('Concat', [batch, cut, g.ints(2, 4)], { axis: 0 })]), ...perm);
    const bias = g.input('bias', 'float32', ['batch', 1, 'seq', 'seq']);
    const scores = g.op('Add', [g.op('MatMul', [heads([0, 2, 1, 3]), heads([0, 2, 3, 1])]), bias]);
    g.output('y', transpose(g, g.op('MatMul', [softmax(g, scores), heads([0, 2, 1, 3])]), 0, 2, 1, 3));
  });
  await fuses(before);
});
