/** Reads the terms of the scores: biases that are added, and masks that overwrite. */
import type { Facts } from '../../../src/infer/index.js';
import { type Dim, sameWhereBroadcast } from '../../../src/ir/dims/dims.js';
import type { Node } from '../../../src/ir/node.js';
import { type DataType, equalShapes } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { reducedAxes } from '../../../src/match/algebra/reader.js';
import { deeper, helps, type Match, Miss } from '../../../src/match/miss.js';
import { fillOf, scalarOf } from '../../../src/match/views/scalar.js';
import { viewingOf } from '../../../src/match/views/view.js';
import { fillOfGate, isZeroOrOne } from '../mask/gate.js';
import { type MaskTerm, WEAK } from '../mask/term.js';
import { reachesProduct } from './contraction.js';
import type { Scores, ScoresReader } from './reading.js';
import { closed } from './scale.js';

/** Below this a score changes no number. */
const LOWEST = -1e37;
const OVERWRITES_NOT = 'the mask does not overwrite scores by a very negative number';

/** A term without the fields that are found when it is added. */
type NewTerm = MaskTerm extends infer One
  ? One extends MaskTerm
    ? Omit<One, 'unproven' | 'axes' | 'elem' | 'at'>
    : never
  : never;

/** Adds a term that broadcasts to the scores; a Miss where its rank is larger than theirs, or a shape is not known. */
function withTerm(inner: Scores, scores: Value, node: Node, term: NewTerm, elem = node.output.elem): Match<Scores> {
  const [before, after, own] = [scores.shape, node.output.shape, term.value.shape];
  if (!before || !after || !own) return new Miss('the rank of the bias is not known', node, helps.shape);
  if (after.length > before.length)
    return new Miss(`a bias of rank ${own.length} on scores of rank ${before.length}`, node);
  const unproven = inner.axes.filter((_, i) => !sameWhereBroadcast(before[i] as Dim, after[i] as Dim));
  const found = { ...term, axes: inner.axes, elem: elem as DataType, at: node, unproven };
  return { ...inner, terms: [...inner.terms, found] };
}

export const biased: ScoresReader = (node, reading) => {
  const attempts: Miss[] = [];
  for (const side of node.is('Add') ? [0, 1] : [0]) {
    const [scores, value] = [node.inputs[side] as Value, node.inputs[1 - side] as Value];
    if (!reachesProduct(scores, 'up')) continue;
    const highest = node.is('Sub') ? highestOf(value, scores, reading.facts) : undefined;
    for (const one of highest?.nodes ?? []) reading.trail.add(one);
    const inner = highest ? reading.inner(scores) : reading.gated(scores);
    if (highest && !(inner instanceof Miss))
      return { ...inner, lowered: [...inner.lowered, inner.axes[highest.axis] ?? []] };
    if (!(inner instanceof Miss)) return added(inner, scores, value, node, reading.facts);
    attempts.push(inner);
  }
  const none = new Miss('before the Softmax: expected MatMul(query, key) under the Add; found none', node);
  return attempts.length > 0 ? attempts.reduce(deeper) : none;
};

/**
 * Finds the axis of a maximum over the scores, and its nodes; undefined where the value is something else, or has other
 * readers.
 */
function highestOf(value: Value, scores: Value, facts: Facts): { axis: number; nodes: readonly Node[] } | undefined {
  const last = value.producer;
  const node = last?.is('ReduceMax') ? last : viewingOf(value) ? last?.inputs[0]?.producer : undefined;
  const { shape } = scores;
  if (!last || !node?.is('ReduceMax') || node.hasReference || node.inputs[0] !== scores || !shape) return undefined;
  const [at, ...others] = reducedAxes(node, shape.length, facts) ?? [];
  if (at === undefined || others.length > 0) return undefined;
  const nodes = [...new Set([last, node])];
  const isAlone = nodes.every(({ output }) => output.uses.size === 1 && !output.isOutput);
  const isKept = equalShapes(
    value.shape,
    shape.map((dim, i) => (i === at ? 1 : dim)),
  );
  return isAlone && isKept ? { axis: at, nodes } : undefined;
}

function added(given: Scores, scores: Value, value: Value, node: Node, facts: Facts): Match<Scores> {
  const { gate, ...ungated } = given;
  const fill = gate?.at.is('Mul') ? fillOfGate(value, gate.value, facts) : undefined;
  if (gate && fill !== undefined)
    return isZeroOrOne(gate.value)
      ? overwritten(ungated, gate.scores, node, gate.value, node.is('Sub') ? -fill : fill, true)
      : new Miss('the mask that the scores are multiplied by is not shown to be 0 or 1', gate.at);
  const inner = closed(given);
  if (inner instanceof Miss) return inner;
  const isRankKept = node.output.shape?.length === inner.axes.length;
  if (isRankKept && fillOf(value, facts) === 0) return inner;
  return withTerm(inner, scores, node, { kind: 'bias', value, factor: node.is('Add') ? 1 : -1 }, value.elem);
}

function overwritten(
  inner: Scores,
  scores: Value,
  node: Node,
  value: Value,
  fill: number,
  keepsWhereTrue: boolean,
): Match<Scores> {
  if (!(fill <= WEAK)) return new Miss(OVERWRITES_NOT, node);
  return withTerm(inner, scores, node, { kind: 'mask', value, fill, keepsWhereTrue });
}

export const masked: ScoresReader = (node, reading) => {
  let miss = new Miss(OVERWRITES_NOT, node);
  for (const side of [1, 2]) {
    const fill = fillOf(node.inputs[3 - side], reading.facts);
    if (fill === undefined || !(fill <= WEAK)) continue;
    const scores = node.inputs[side] as Value;
    const inner = reading.inner(scores);
    if (!(inner instanceof Miss)) return overwritten(inner, scores, node, node.inputs[0] as Value, fill, side === 1);
    miss = deeper(miss, inner);
  }
  return miss;
};

/** Reads Max(scores, lowest): a number again where a sum of masks had made minus infinity. */
export const floored: ScoresReader = (node, reading) => {
  const miss = new Miss('before the Softmax: expected Max(scores, the lowest number)', node);
  if (node.inputs.length !== 2) return miss;
  const side = scalarOf(node.inputs[1], reading.facts) === undefined ? 1 : 0;
  const floor = scalarOf(node.inputs[1 - side], reading.facts);
  if (floor === undefined || floor > LOWEST) return miss;
  const inner = reading.inner(node.inputs[side]);
  if (inner instanceof Miss) return inner;
  if (node.output.shape?.length !== inner.axes.length) return miss;
  // Scores without a term are above the floor.
  const terms = inner.terms.map((term, i) => (i < inner.terms.length - 1 ? term : { ...term, floor }));
  return { ...inner, terms };
};
