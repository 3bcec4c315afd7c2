/** Soft-capped attention: scores that a tanh keeps in bounds. */
import { describe, expect, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import type { GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkMiss, opCounts } from '../../check-pass.js';
import { float, fuses, model, plain, scores, softmax } from './attention-models.js';

const capped = (mask?: (g: GraphBuilder) => Value, cap = 2): Model =>
  model(
    plain,
    (g, q, k, v) => {
      const s = g.op('Mul', [g.op('Tanh', [g.op('Div', [scores(g, q, k), float(g, cap)])]), float(g, cap)]);
      return g.op('MatMul', [softmax(g, mask ? g.op('Add', [s, mask(g)]) : s), v]);
    },
    { opset: 18 },
  );
const wholeRows = { gone: tensorOf('bool', [1, 1, 1, 1, 1, 0, 0, 1, 1, 0, ...Array(15).fill(0)], [5, 5]) };
const lowest = (g: GraphBuilder) =>
  g.op('Where', [g.input('gone', 'bool', ['seq', 'seq']), float(g, -3.4028234663852886e38), float(g, 0)]);

describe('fuse-attn with op=Attention', () => {
  it('holds a soft cap, raises the opset, and shares out rows that a mask hides whole', async () => {
    await fuses(capped(), { op: 'Attention' });
    await fuses(capped(lowest), { op: 'Attention', feeds: wholeRows });
  });

  it('is what auto gives for a soft cap, but on the CPU, where it is slower', async () => {
    await checkMiss(fuseAttn(), { before: capped(), reason: 'op=Attention emits it' });
    const { model: result } = await applyPass(fuseAttn(), capped(), 'cuda');
    expect(opCounts(result).Attention).toBe(1);
  });

  it('refuses a bias that may hide a row whole, for all that is known', () =>
    checkMiss(fuseAttn({ op: 'Attention' }), {
      before: capped((g) => g.input('mask', 'float32', ['seq', 'seq'])),
      reason: 'mask whole',
    }));

  it('is refused where the target has no kernel for it', () =>
    checkMiss(fuseAttn({ op: 'Attention' }), {
      before: capped(),
      reason: 'no Attention for float32',
      target: 'webgpu',
    }));
});

describe('fuse-attn refuses', () => {
  it.each<[string, Model, string]>([
    [
      'a soft cap after a bias',
      model(plain, (g, q, k, v) => {
        const s = g.op('Add', [scores(g, q, k), g.input('bias', 'float32', ['seq', 'seq'])]);
        return g.op('MatMul', [softmax(g, g.op('Tanh', [s])), v]);
      }),
      'comes after a bias',
    ],
    ['a soft cap that is negative', capped(undefined, -2), 'not positive'],
  ])('%s', (_, before, reason) => checkMiss(fuseAttn(), { before, reason }));
});
