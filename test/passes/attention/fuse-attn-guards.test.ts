/**
 * Tests what stands behind the Softmax so that rows masked whole give zeros: the mask again, as DeBERTa's exporters write it, or a test
 * for NaN in the form that full-graph gives it.
 */
import { describe, expect, it } from 'vitest';
import { fullGraph } from '../../../passes/full-graph.js';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import type { GraphBuilder } from '../../../src/ir/build.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkMiss, checkPass, opCounts } from '../../check-pass.js';
import { attention, float, fuses, HEADS, NOISE, transpose } from './attention-models.js';

const LOWEST = -3.4028234663852886e38;

/** True where a key is hidden; the second text is padding alone. */
const hidden = tensorOf('bool', [0, 0, 0, 1, 1, 1, 1, 1, 1, 1], [2, 1, 1, 5]);
const feeds = { hidden };

/** A mask over the scores, after what `inner` does to them, and the same mask over the weights after `outer`. */
function guarded(fill: number, inner = (_: GraphBuilder, scores: Value) => scores, outer = inner) {
  let mask: Value;
  return attention({
    scores: (g, s) => {
      mask = g.input('hidden', 'bool', ['batch', 1, 1, 'seq']);
      return g.op('Where', [mask, float(g, fill), inner(g, s)]);
    },
    weights: (g, w) => g.op('Where', [mask, float(g, 0), outer(g, w)]),
  });
}

const same = (_: GraphBuilder, x: Value): Value => x;
const biased = (g: GraphBuilder, s: Value): Value =>
  g.op('Add', [s, g.input('bias', 'float32', ['batch', HEADS, 'seq', 'seq'])]);

describe('fuse-attn takes a mask that is repeated behind the Softmax', () => {
  it('of the scores alone', () => fuses(guarded(LOWEST), { feeds }));

  it('behind a bias', () => fuses(guarded(LOWEST, biased, same), { feeds }));

  it('with a fill that is in reach of scores: no weight of it is left', () => fuses(guarded(-1e4), { feeds }));
});

describe('fuse-attn refuses a repeated mask', () => {
  const refuses = (model: ReturnType<typeof attention>, reason: string) =>
    checkMiss(fuseAttn(), { before: model, reason });

  it('over other axes of the weights', () => {
    // Weights of queries are hidden, not of keys.
    let mask: Value;
    const before = attention({
      scores: (g, s) => {
        mask = g.input('hidden', 'bool', ['batch', 1, 1, 'seq']);
        return g.op('Where', [mask, float(g, LOWEST), s]);
      },
      weights: (g, w) => transpose(g, g.op('Where', [mask, float(g, 0), transpose(g, w, 0, 1, 3, 2)]), 0, 1, 3, 2),
    });
    return refuses(before, 'after the Softmax');
  });

  it('where a floor lifts its fill again: a row that is hidden whole would not be NaN', () => {
    let mask: Value;
    const before = attention({
      scores: (g, s) => {
        mask = g.input('hidden', 'bool', ['batch', 1, 1, 'seq']);
        return g.op('Max', [g.op('Where', [mask, float(g, -Infinity), s]), float(g, LOWEST)]);
      },
      weights: (g, w) => g.op('Where', [mask, float(g, 0), w]),
    });
    return refuses(before, 'after the Softmax');
  });

  it('behind a mask of minus infinity: a row that this one hides whole stays NaN', () =>
    refuses(
      guarded(LOWEST, (g, s) => g.op('Where', [g.input('seen', 'bool', ['seq', 'seq']), s, float(g, -Infinity)]), same),
      'after the Softmax',
    ));

  /**
   * If both masks hide a row together, the Softmax shares it between the keys that this mask hides and the keys that it
   * leaves.
   */
  it('behind another mask, which may hide the rest of a row', () =>
    refuses(
      guarded(
        LOWEST,
        (g, s) => g.op('Where', [g.input('padded', 'bool', ['batch', 1, 1, 'seq']), float(g, LOWEST), s]),
        same,
      ),
      'after the Softmax',
    ));

  it('behind a mask that is added', () => {
    const padding = (g: GraphBuilder) => g.op('Sub', [float(g, 1), g.input('seen', 'float32', ['batch', 1, 1, 'seq'])]);
    const masked = (g: GraphBuilder, s: Value) => g.op('Add', [s, g.op('Mul', [padding(g), float(g, LOWEST)])]);
    return refuses(guarded(LOWEST, masked, same), 'after the Softmax');
  });
});

describe('fuse-attn on WebGPU, which has no kernel of IsNaN', () => {
  const zeroed = (test: (g: GraphBuilder, weights: Value) => Value) =>
    attention({
      scores: (g, s) => g.op('Where', [g.input('hidden', 'bool', ['batch', 1, 1, 'seq']), float(g, -Infinity), s]),
      weights: (g, w) => g.op('Where', [test(g, w), float(g, 0), w]),
    });
  const dims = { batch: 2, seq: 5 };

  it.each([true, false])(
    'reads Where(Not(Equal(w, w)), 0, w), and writes it (after full-graph: %s)',
    async (isAfter) => {
      const exported = zeroed((g, w) => g.op('IsNaN', [w]));
      const { model: before } = isAfter ? await applyPass(fullGraph(), exported, 'webgpu') : { model: exported };
      expect(opCounts(before).Equal).toBe(isAfter ? 1 : undefined);
      const { model } = await checkPass(fuseAttn(), { before, target: 'webgpu', within: NOISE, feeds, dims });
      const { 'com.microsoft.MultiHeadAttention': kernels, Equal, IsNaN } = opCounts(model);
      expect({ kernels, Equal, IsNaN }).toEqual({ kernels: 1, Equal: 1, IsNaN: undefined });
    },
  );

  it('leaves a test of the weights against another value', () => {
    const before = zeroed((g, w) => g.op('Not', [g.op('Equal', [w, g.op('Abs', [w])])]));
    return checkMiss(fuseAttn(), { before, target: 'webgpu', reason: 'the attention weights have another use' });
  });
});
