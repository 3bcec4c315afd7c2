/**
 * Softmax(scores) ⟶ Softmax(Where(written, scores, −∞)) over the tokens of a cache, and so the mask of an Attention. Masks of the model hide nothing
 * surely: a row that is masked whole is uniform over what it was before.
 */

import { type Dim, equalDims } from '../../src/ir/dims/dims.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { PassContext } from '../../src/run/pass.js';
import type { GrowingCaches, OverTokens } from './caches.js';
import { followTokens } from './tokens.js';
import type { StaticCache } from './write.js';

/** Undefined, with the reason told, where an attention has nothing that could hide a place. */
export function overTokens(model: Model, found: GrowingCaches, context: PassContext): OverTokens | undefined {
  const { caches, typed, total } = found;
  const isTotal = (dim: Dim | undefined): boolean => dim !== undefined && equalDims(dim, total);
  const masks = model.graph.inputs.flatMap((input) => {
    const axis = caches.some(({ past }) => past === input) ? -1 : (typed.shape(input) ?? []).findIndex(isTotal);
    return axis < 0 ? [] : [{ input, axis }];
  });
  const { hidden, refusal } = followTokens(model, found);
  if (refusal) {
    context.skip(refusal.reason, refusal.at);
    return undefined;
  }
  const scores: { node: Node; index: number }[] = [];
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) {
      const isAttention = node.is('Attention') && isTotal(typed.shape(node.inputs[1])?.at(-2));
      if (hidden.has(node)) scores.push({ node, index: 0 });
      else if (isAttention && node.inputs[MASK] && node.int('is_causal', 0) === 0) scores.push({ node, index: MASK });
      else if (isAttention) {
        context.skip('an Attention without a mask: nothing would hide what is not written yet', node);
        return undefined;
      }
    }
  if (scores.length > 0) return { masks, scores };
  context.skip('no Softmax over the tokens of the cache was found: nothing would hide what is not written yet');
  return undefined;
}

const MASK = 3;

export function maskUnwritten(cache: StaticCache, { masks, scores }: OverTokens): void {
  const { g, length } = cache;
  for (const { input, axis } of masks) {
    const sizes = (input.shape ?? []).map((dim, at) => (at === axis ? length : dim));
    input.type = tensorType(input.elem ?? 'int64', sizes);
  }
  const places = g.constant(
    'int64',
    Array.from({ length }, (_, at) => at),
  );
  const written = g.op('Less', [places, g.op('Add', [cache.position, cache.added])]);
  const masked = new Map<Value, Value>();
  for (const { node, index } of scores) {
    const value = node.inputs[index] as Value;
    const { elem = 'float32' } = value;
    const make = (): Value =>
      elem === 'bool'
        ? g.op('And', [value, written])
        : node.graph.add('Where', [written, value, g.constant(elem, [Number.NEGATIVE_INFINITY], [])]).output;
    const own = masked.get(value) ?? make();
    masked.set(value, own);
    node.graph.setInput(node, index, own);
  }
}
