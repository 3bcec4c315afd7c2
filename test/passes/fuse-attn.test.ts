import { describe, expect, it } from 'vitest';
import { fuseAttn } from '../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { tensorOf } from '../../src/ir/numbers.js';
import type { Value } from '../../src/ir/value.js';
import { checkMiss, checkPass, opCounts } from '../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const HEADS = 3;
const SIZE = 4;

interface Parts {
  /** What stands between the product of query and key and the Softmax. */
  scores?(g: GraphBuilder, product: Value): Value;
  /** What stands between the Softmax and the product with the values. */
  weights?(g: GraphBuilder, weights: Value): Value;
  axis?: number;
  /** Scales query and key before their product. */
  scaleOperands?: number;
  extra?(g: GraphBuilder, inner: { product: Value; weights: Value; context: Value }): void;
  valueSize?: number;
  opset?: number;
}

/** Self-attention as exporters spell it: split heads by Reshape and Transpose, multiply, merge again. */
function attention(parts: Parts = {}): Model {
  const { valueSize = SIZE } = parts;
  return buildModel({ '': parts.opset ?? 17 }, (g) => {
    const heads = (x: Value, size: number, perm: number[]): Value =>
      g.op('Transpose', [g.op('Reshape', [x, g.ints(0, 0, HEADS, size)])], { perm });
    const input = (name: string, size: number) => g.input(name, 'float32', ['batch', 'seq', HEADS * size]);
    let q = heads(input('q', SIZE), SIZE, [0, 2, 1, 3]);
    let k = heads(input('k', SIZE), SIZE, [0, 2, 3, 1]);
    const v = heads(input('v', valueSize), valueSize, [0, 2, 1, 3]);
    if (parts.scaleOperands) {
      const scale = g.constant('float32', parts.scaleOperands);
      q = g.op('Mul', [q, scale]);
      k = g.op('Mul', [k, scale]);
    }
    const product = g.op('MatMul', [q, k]);
    const scores = parts.scores?.(g, product) ?? product;
    const weights = g.op('Softmax', [scores], { axis: parts.axis ?? -1 });
    const context = g.op('MatMul', [parts.weights?.(g, weights) ?? weights, v]);
    const merged = g.op('Reshape', [
      g.op('Transpose', [context], { perm: [0, 2, 1, 3] }),
      g.ints(0, 0, HEADS * valueSize),
    ]);
    g.output('y', merged, 'float32', ['batch', 'seq', HEADS * valueSize]);
    parts.extra?.(g, { product, weights, context });
  });
}

const float = (g: GraphBuilder, x: number) => g.constant('float32', x);
const dims = { batch: 2, seq: 5 };

async function checkFused(before: Model, extraOps: Record<string, number> = {}, feeds = {}): Promise<void> {
  const { model, result } = await checkPass(fuseAttn(), { before, within: NOISE, dims, feeds });
  expect(result.notes.map((note) => note.text)).toContain('fused 1 of 1 attention sites');
  expect(opCounts(model)).toEqual({ 'com.microsoft.MultiHeadAttention': 1, ...extraOps });
}

describe('fuse-attn fuses', () => {
  it('attention whose scale divides the scores', () =>
    checkFused(attention({ scores: (g, s) => g.op('Div', [s, float(g, 2)]) })));

  it('a scale that is not 1/√d', () => checkFused(attention({ scores: (g, s) => g.op('Mul', [s, float(g, 0.9)]) })));

  it('no scale at all', () => checkFused(attention()));

  it('√scale on query and on key', () => checkFused(attention({ scaleOperands: 0.6 })));

  it('a scale computed from a shape', () =>
    checkFused(
      attention({
        scores: (g, s) => {
          const size = g.op('Cast', [g.op('Gather', [g.op('Shape', [g.graph.inputs[0] as Value]), g.ints(2)])], {
            to: 1,
          });
          return g.op('Div', [s, g.op('Sqrt', [size])]);
        },
      }),
    ));

  it('an additive mask [batch, 1, 1, seq], on either side of the Add, before and after the scale', async () => {
    const mask = (g: GraphBuilder) => g.input('mask', 'float32', ['batch', 1, 1, 'seq']);
    const spread = { Shape: 1, Gather: 1, Concat: 1, Expand: 1 };
    await checkFused(attention({ scores: (g, s) => g.op('Add', [mask(g), g.op('Mul', [s, float(g, 0.5)])]) }), spread);
    await checkFused(attention({ scores: (g, s) => g.op('Mul', [g.op('Add', [s, mask(g)]), float(g, 0.5)]) }), {
      ...spread,
      Mul: 1,
    });
  });

  it('a bias per head and a mask, added one after the other', () =>
    checkFused(
      attention({
        scores: (g, s) => {
          const bias = g.op('Add', [s, g.input('bias', 'float32', [1, HEADS, 'seq', 'seq'])]);
          return g.op('Add', [bias, g.input('mask', 'float32', ['batch', 1, 'seq', 'seq'])]);
        },
      }),
      { Add: 1 },
    ));

  it('a boolean mask that overwrites scores by -inf, rows masked whole, and the guard against NaN', () => {
    const mask = tensorOf(
      'bool',
      [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, ...Array(25).fill(1)],
      [2, 1, 5, 5],
    );
    return checkFused(
      attention({
        scores: (g, s) => g.op('Where', [g.input('mask', 'bool', ['batch', 1, 'seq', 'seq']), s, float(g, -Infinity)]),
        weights: (g, w) => g.op('Where', [g.op('IsNaN', [w]), float(g, 0), w]),
      }),
      { Where: 2, IsNaN: 1 },
      { mask },
    );
  });

  it('a mask that overwrites where a bias adds, both with the lowest number, rows masked whole', () => {
    const lowest = -3.4028234663852886e38;
    const mask = tensorOf('bool', [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1], [5, 5]);
    return checkFused(
      attention({
        scores: (g, s) => {
          const masked = g.input('mask', 'bool', ['seq', 'seq']);
          const fill = g.constant('float32', [lowest], [1, 1, 1, 1]);
          const bias = g.op('Where', [masked, float(g, 0), float(g, lowest)]);
          return g.op('Where', [masked, g.op('Add', [s, bias]), fill]);
        },
      }),
      { Where: 2, Unsqueeze: 1 },
      { mask },
    );
  });

  it('values of another size than queries', () => checkFused(attention({ valueSize: 6 })));

  it('through Dropout at inference and Cast to the same type', () =>
    checkFused(attention({ weights: (g, w) => g.op('Dropout', [g.op('Cast', [w], { to: 1 })]) })));

  it('where the context has another use: it is split into heads again', () =>
    checkFused(
      attention({
        extra: (g, { context }) =>
          g.output('context', g.op('Relu', [context]), 'float32', ['batch', HEADS, 'seq', SIZE]),
      }),
      {
        Relu: 1,
        Reshape: 1,
        Transpose: 1,
      },
    ));

  it('three-dimensional attention, one head', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const [q, k, v] = ['q', 'k', 'v'].map((name) =>
        g.input(name, 'float32', ['batch', name === 'q' ? 'rows' : 'keys', 8]),
      ) as [Value, Value, Value];
      const scores = g.op('Mul', [g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 2, 1] })]), float(g, 0.3)]);
      const biased = g.op('Add', [scores, g.input('bias', 'float32', ['batch', 'rows', 'keys'])]);
      g.output('y', g.op('MatMul', [g.op('Softmax', [biased], { axis: 2 }), v]), 'float32', ['batch', 'rows', 8]);
    });
    const { model } = await checkPass(fuseAttn(), { before, within: NOISE, dims: { batch: 2, rows: 3, keys: 5 } });
    expect(opCounts(model)['com.microsoft.MultiHeadAttention']).toBe(1);
  });

  it('inside the body of an If', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const input = (name: string) => g.input(name, 'float32', ['batch', HEADS, 'seq', SIZE]);
      const [q, k, v] = [input('q'), input('k'), input('v')];
      const body = g.body('attention', (b) => {
        const product = b.op('MatMul', [q, b.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
        b.output('out', b.op('MatMul', [b.op('Softmax', [product], { axis: -1 }), v]));
      });
      const other = g.body('other', (b) => b.output('out', b.op('Identity', [q])));
      const taken = g.input('taken', 'bool', []);
      g.output('y', g.op('If', [taken], { then_branch: body, else_branch: other }), 'float32', [
        'batch',
        HEADS,
        'seq',
        SIZE,
      ]);
    });
    const { model } = await checkPass(fuseAttn(), {
      before,
      within: NOISE,
      dims,
      feeds: { taken: tensorOf('bool', 1) },
    });
    expect(opCounts(model)['com.microsoft.MultiHeadAttention']).toBe(1);
  });
});

describe('fuse-attn refuses, and says why', () => {
  const cases: [string, Parts, string][] = [
    ['a Softmax over the queries', { axis: 2 }, 'another axis'],
    [
      'weights that are an output',
      { extra: (g, { weights }) => g.output('weights', weights) },
      'weights are an output',
    ],
    ['scores that are an output', { extra: (g, { product }) => g.output('scores', product) }, 'scores are an output'],
    [
      'scores with another use',
      { extra: (g, { product }) => g.output('max', g.op('ReduceMax', [product])) },
      'scores have another use',
    ],
    [
      'weights with another use',
      { extra: (g, { weights }) => g.output('max', g.op('ReduceMax', [weights])) },
      'weights have another use',
    ],
    [
      'weights that are scaled',
      { weights: (g, w) => g.op('Mul', [w, float(g, 0.5)]) },
      'expected MatMul(weights, value); found Mul',
    ],
    ['soft-capped scores', { scores: (g, s) => g.op('Mul', [g.op('Tanh', [s]), float(g, 30)]) }, 'soft-capped'],
    [
      'a divisor per head',
      { scores: (g, s) => g.op('Div', [s, g.constant('float32', [1, 2, 3], [HEADS, 1, 1])]) },
      'not one number',
    ],
    [
      'a mask that a score could outweigh',
      { scores: (g, s) => g.op('Where', [g.input('mask', 'bool', ['batch', 1, 'seq', 'seq']), s, float(g, -10000)]) },
      'a row may be masked whole',
    ],
    [
      'a mask that a later factor makes weak',
      {
        scores: (g, s) => {
          const masked = g.op('Where', [g.input('mask', 'bool', ['batch', 1, 'seq', 'seq']), s, float(g, -1e16)]);
          return g.op('Mul', [masked, float(g, 1e-16)]);
        },
      },
      'too weak',
    ],
    [
      'a bias that makes the scores larger',
      { scores: (g, s) => g.op('Add', [s, g.input('bias', 'float32', ['other', HEADS, 'seq', 'seq'])]) },
      'no larger than the scores',
    ],
  ];
  it.each(cases)('%s', (_, parts, reason) => checkMiss(fuseAttn(), { before: attention(parts), reason }));

  it('batches that are not shown to be equal', () =>
    checkMiss(fuseAttn(), {
      before: buildModel({ '': 17 }, (g) => {
        const input = (name: string, batch: string) => g.input(name, 'float32', [batch, 2, 'seq', 4]);
        const product = g.op('MatMul', [input('q', 'a'), g.op('Transpose', [input('k', 'b')], { perm: [0, 1, 3, 2] })]);
        g.output('y', g.op('MatMul', [g.op('Softmax', [product]), input('v', 'b')]));
      }),
      reason: 'batch',
    }));

  it('an axis that is the function caller’s to give', async () => {
    const before = attention();
    const softmax = before.graph.nodes().find((node) => node.is('Softmax')) as Node;
    before.graph.setAttribute(softmax, 'axis', { type: 'ref', name: 'axis', of: 'int' });
    await checkMiss(fuseAttn(), { before, reason: "caller's to give" });
  });

  it('and leaves a Softmax that is no attention alone, without a word', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const logits = g.op('MatMul', [
        g.input('x', 'float32', ['batch', 4]),
        g.constant('float32', Array(12).fill(0.1), [4, 3]),
      ]);
      g.output('y', g.op('Softmax', [logits], { axis: -1 }), 'float32', ['batch', 3]);
    });
    const { result } = await checkPass(fuseAttn(), { before, ops: { MatMul: 1, Softmax: 1 }, within: 0 });
    expect(result.skips).toEqual([]);
  });
});
