/** Tests a mask that is repeated behind the Softmax, as DeBERTa's exporters write it: rows masked whole give zeros. */
import { describe, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import type { GraphBuilder } from '../../../src/ir/build.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss } from '../../check-pass.js';
import { attention, float, fuses, HEADS, transpose } from './attention-models.js';

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
