import { describe, expect, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss, checkPass } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const HEADS = 3;
const SIZE = 4;
type Step = (g: GraphBuilder, x: Value) => Value;

const neg: Step = (g, x) => g.op('Neg', [x]);
const halved: Step = (g, x) => g.op('Mul', [x, g.constant('float32', 0.5)]);

/** Self-attention with ops of one's own on the query, the key and the scores. */
const attention = ({ query, key, scores }: { query?: Step; key?: Step; scores?: Step }): Model =>
  buildModel({ '': 17 }, (g) => {
    const heads = (name: string, perm: number[]): Value => {
      const x = g.input(name, 'float32', ['batch', 'seq', HEADS * SIZE]);
      return g.op('Transpose', [g.op('Reshape', [x, g.ints(0, 0, HEADS, SIZE)])], { perm });
    };
    const [q, k, v] = [heads('q', [0, 2, 1, 3]), heads('k', [0, 2, 3, 1]), heads('v', [0, 2, 1, 3])];
    const product = g.op('MatMul', [query?.(g, q) ?? q, key?.(g, k) ?? k]);
    const weights = g.op('Softmax', [scores?.(g, product) ?? product], { axis: -1 });
    const context = g.op('Transpose', [g.op('MatMul', [weights, v])], { perm: [0, 2, 1, 3] });
    g.output('y', g.op('Reshape', [context, g.ints(0, 0, HEADS * SIZE)]));
  });

/** The scale of the only kernel. */
async function scaleOf(before: Model): Promise<number | undefined> {
  const { model } = await checkPass(fuseAttn(), { before, within: NOISE, dims: { batch: 2, seq: 5 } });
  const kernels = [...model.graph.nodes()].filter(({ opType }) => opType === 'MultiHeadAttention');
  expect(kernels).toHaveLength(1);
  return kernels[0]?.float('scale', 0);
}

describe('fuse-attn reads a Neg as a factor of −1', () => {
  it('of the scores, before and after their scale', async () => {
    expect(await scaleOf(attention({ scores: (g, s) => neg(g, halved(g, s)) }))).toBe(-0.5);
    expect(await scaleOf(attention({ scores: (g, s) => halved(g, neg(g, s)) }))).toBe(-0.5);
  });

  it('of the query, and of the key', async () => {
    expect(await scaleOf(attention({ query: neg }))).toBe(-1);
    expect(await scaleOf(attention({ query: neg, key: (g, k) => neg(g, halved(g, k)) }))).toBe(0.5);
  });

  it('of a bias that was added before', async () => {
    const bias: Step = (g, s) => g.op('Add', [s, g.input('bias', 'float32', ['batch', HEADS, 'seq', 'seq'])]);
    expect(await scaleOf(attention({ scores: (g, s) => neg(g, bias(g, s)) }))).toBe(-1);
  });

  it('and refuses one that turns a mask into its opposite', () =>
    checkMiss(fuseAttn(), {
      before: attention({
        scores: (g, s) => {
          const mask = g.input('mask', 'bool', ['batch', 1, 1, 'seq']);
          return neg(g, g.op('Where', [mask, s, g.constant(tensorOf('float32', [-1e10], []))]));
        },
      }),
      reason: 'makes it too weak',
    }));
});
