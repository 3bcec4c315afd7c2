import { describe, expect, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { checkPass, opCounts } from '../../check-pass.js';
import { attention, float, HEADS, NOISE, SIZE } from './attention-models.js';

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
