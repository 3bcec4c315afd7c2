/**
 * Reads factors of the scores: numbers, and values. A value multiplies query or key, unless the next addition shows
 * that it is a mask.
 */
import { equalDims } from '../../../src/ir/dims/dims.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import { deeper, type Match, Miss } from '../../../src/match/miss.js';
import { scalarOf } from '../../../src/match/views/scalar.js';
import { sizeOf } from '../../../src/match/views/view.js';
import { ownAxes, WEAK } from '../mask/term.js';
import { reachesProduct } from './contraction.js';
import type { Scores, ScoresReader } from './reading.js';

export const NO_SCALE = 'the scale of the scores is not one number';

export const scaled: ScoresReader = (node, reading) => {
  for (const side of node.is('Mul') ? [0, 1] : [0]) {
    const x = scalarOf(node.inputs[1 - side], reading.facts);
    if (x === undefined) continue;
    const inner = reading.inner(node.inputs[side]);
    if (!(inner instanceof Miss) && node.output.shape?.length !== inner.axes.length)
      return new Miss('a scale with more axes', node);
    return times(node.is('Mul') ? x : 1 / x, inner, node);
  }
  return gated(node, reading);
};

/** Reads a product of the scores and a factor that may turn out to be a mask. */
const gated: ScoresReader = (node, reading) => {
  const attempts: Miss[] = [];
  for (const side of node.is('Mul') ? [0, 1] : [0]) {
    const [scores, value] = [node.inputs[side] as Value, node.inputs[1 - side] as Value];
    if (!reachesProduct(scores, 'up')) continue;
    const inner = reading.inner(scores);
    if (inner instanceof Miss) attempts.push(inner);
    else return { ...inner, gate: { value, scores, at: node } };
  }
  return attempts.reduce(deeper, new Miss(NO_SCALE, node));
};

/** Turns the gate of the scores into a scale, because by now it is shown to be no mask. */
export function closed({ gate, ...scores }: Scores): Match<Scores> {
  if (!gate) return scores;
  const { value, scores: before, at } = gate;
  if (scores.terms.length > 0 || scores.capped !== undefined) return new Miss(NO_SCALE, at);
  const { shape } = value;
  const axes = ownAxes(value, scores.axes);
  const isWithin =
    at.output.shape?.length === before.shape?.length &&
    at.output.shape?.every((dim, i) => equalDims(dim, before.shape?.[i] ?? 0)) &&
    axes.every((factors, i) => equalDims(sizeOf(factors), shape?.[i] ?? 0));
  if (!shape || !isWithin) return new Miss(NO_SCALE, at);
  return { ...scores, scales: [...scores.scales, { value, axes, isDivisor: at.is('Div'), at }] };
}

/** Multiplies the scores, with the terms added to them, by a number. */
export function times(factor: number, inner: Match<Scores>, node: Node): Match<Scores> {
  if (inner instanceof Miss) return inner;
  if (!Number.isFinite(factor) || factor === 0) return new Miss('the scale is not a finite number other than 0', node);
  const terms = inner.terms.map((term) =>
    term.kind === 'bias' ? { ...term, factor: term.factor * factor } : { ...term, fill: term.fill * factor },
  );
  if (terms.some((term) => (term.kind === 'mask' && !(term.fill <= WEAK)) || term.floor !== undefined))
    return new Miss('a factor after the mask makes it too weak', node);
  return { ...inner, factor: inner.factor * factor, terms };
}
