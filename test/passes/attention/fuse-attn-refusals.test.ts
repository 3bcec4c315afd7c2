/** Tests look-alikes of attention that are not fused, and the reasons. */
import { describe, expect, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { checkMiss, checkPass } from '../../check-pass.js';
import { attention, float, HEADS, model, type Parts, plain, scores, softmax, transpose } from './attention-models.js';

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
      'a divisor per query and key',
      { scores: (g, s) => g.op('Div', [s, g.input('d', 'float32', ['batch', 1, 'seq', 'seq'])]) },
      'not one number',
    ],
    [
      'a scale per head behind a bias',
      {
        scores: (g, s) => g.op('Mul', [g.op('Add', [s, float(g, 1)]), g.constant('float32', [1, 2, 3], [HEADS, 1, 1])]),
      },
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

describe('fuse-attn refuses the layout', () => {
  const cases: [string, Model, string][] = [
    [
      'an Einsum that sums over two letters',
      model(plain, (g, q, k, v) =>
        g.op('MatMul', [softmax(g, g.op('Einsum', [q, k], { equation: 'bhqd,bhkd->hqk' })), v]),
      ),
      'Einsum: expected one letter summed over',
    ],
    [
      'a Cast to a narrower float before the Softmax',
      model(plain, (g, q, k, v) => {
        const narrow = g.op('Cast', [scores(g, q, k)], { to: 10 });
        return g.op('MatMul', [g.op('Cast', [softmax(g, narrow)], { to: 1 }), v]);
      }),
      'computed in float16',
    ],
    [
      'a product with the values over the queries',
      model(['batch', 3, 5, 4], (g, q, k, v) =>
        g.op('MatMul', [transpose(g, softmax(g, scores(g, q, k)), 0, 1, 3, 2), v]),
      ),
      'another axis than the keys',
    ],
  ];
  it.each(cases)('%s', (_, before, reason) => checkMiss(fuseAttn(), { before, reason }));
});
