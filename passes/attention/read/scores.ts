/** Reads softmax's input backwards to the product of query and key: scales, a soft cap, biases and masks, in any views. */
import type { Facts } from '../../../src/infer/index.js';
import { type Dim, equalDims } from '../../../src/ir/dims.js';
import type { Node } from '../../../src/ir/node.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { deeper, helps, type Match, Miss } from '../../../src/match/miss.js';
import { fillOf, scalarOf } from '../../../src/match/scalar.js';
import { type Axes, type View, viewingOf, viewOf } from '../../../src/match/view.js';
import { closed, fillOfGate, type Gate, isZeroOrOne, NO_SCALE } from '../mask/gate.js';
import { type Contraction, contractionOf, isProduct, reachesProduct } from './contraction.js';
import { passMiss, viewedAxes } from './steps.js';
import type { Trail } from './trail.js';

/** What happens to the scores, in order: a bias is added, or a mask overwrites some by a very negative number. */
export type Term = {
  /** The bias, or the mask's condition; it broadcasts to these axes of the scores. */
  readonly value: Value;
  readonly axes: Axes;
  /** What the scores were computed in there. */
  readonly elem: DataType;
  readonly at: Node;
  /** Axes that the term may make longer, for all that is known: only the keys may be among them, whose number the values share. */
  readonly unproven: Axes;
} & (
  | { readonly kind: 'bias'; readonly factor: number }
  | { readonly kind: 'mask'; readonly fill: number; readonly keepsWhereTrue: boolean }
);

/** factor · QKᵀ, or factor · tanh(capped · QKᵀ), with the terms added. */
export interface Scores {
  readonly product: Contraction;
  /** Views of the product's operands: the product's axes are their factors. */
  readonly views: readonly [View, View];
  /** Of the value that was read. */
  readonly axes: Axes;
  readonly factor: number;
  readonly capped: number | undefined;
  readonly terms: readonly Term[];
  /** What multiplies the value that was read, and is not shown to be a mask yet. */
  readonly gate?: Gate;
}

/** A mask must drown any score: where fill ≤ -1e9, exp(fill - score) is 0 for scores of |s| < 10^8. */
const MASKED = -1e9;
/** The least that exporters fill with. It drowns the scores of a row that sees any key, if its score is not as low itself. */
const WEAK = -1e4;

const OVERWRITES_NOT = 'the mask does not overwrite scores by a very negative number';

/** True for a mask that leaves a row that it masks whole with scores of its own. */
export const isWeak = (term: Term): boolean => term.kind === 'mask' && term.fill > MASKED;

/** Steps between the product and the Softmax: more are none that an exporter wrote, and a chain may be as long as the model. */
const MOST_STEPS = 64;

/** Reads one value. Every value between must have no other use, but for what the trail is told. */
export function scoresOf(value: Value, facts: Facts, trail: Trail, depth = 3): Match<Scores> {
  const node = value.producer;
  const miss = (reason: string, help?: string): Miss => new Miss(reason, node ?? value, depth, help);
  if (!node) return miss('before the Softmax: expected MatMul(query, key); found no node');
  if (depth > MOST_STEPS) return miss(`before the Softmax: no MatMul(query, key) within ${MOST_STEPS} nodes`);
  if (value.isOutput) return miss('the scores are an output of the graph', helps.output);
  const { mark } = trail;
  const readers = [...value.uses].filter((use) => trail.has(use.node));
  if (readers.length > 1 || trail.otherUser(value)) return miss('the scores have another use', helps.use);
  trail.add(node);
  const result = closed(read(node, value, facts, trail, depth), node, depth);
  if (result instanceof Miss) trail.back(mark);
  return result;
}

function read(node: Node, value: Value, facts: Facts, trail: Trail, depth: number): Match<Scores> {
  if (isProduct(node)) return productScores(node, facts, depth);
  const through = (): Match<Scores> => scoresOf(node.inputs[0] as Value, facts, trail, depth + 1);
  const reason = passMiss(node, facts);
  if (reason !== null) return reason ? new Miss(`before the Softmax: ${reason}`, node, depth) : through();
  if (viewingOf(value)) return viewed(through(), node, depth);
  if (node.domain === '' && !node.hasReference)
    switch (node.opType) {
      case 'Neg':
        return times(-1, through(), node, depth);
      case 'Mul':
      case 'Div':
        return scaled(node, facts, trail, depth);
      case 'Add':
      case 'Sub':
        return biased(node, facts, trail, depth);
      case 'Where':
        return masked(node, facts, trail, depth);
      case 'Tanh': {
        const inner = through();
        if (inner instanceof Miss) return inner;
        if (inner.capped !== undefined || inner.terms.length > 0)
          return new Miss('the soft cap by Tanh comes after a bias or a mask', node, depth);
        return { ...inner, capped: inner.factor, factor: 1 };
      }
    }
  const found = node.is('Cast') ? `Cast to ${value.elem}` : node.opType;
  return new Miss(
    `before the Softmax: expected MatMul | Einsum | Mul | Div | Neg | Add | Sub | Where | Tanh; found ${found}`,
    node,
    depth,
  );
}

function productScores(node: Node, facts: Facts, depth: number): Match<Scores> {
  const product = contractionOf(node);
  if (product instanceof Miss) return new Miss(product.reason, product.at, depth);
  const [left, right] = product.operands;
  const [x, y] = [viewOf(left.value, facts), viewOf(right.value, facts)];
  if (!x || !y) return new Miss('the rank of an operand is not known', node, depth, helps.shape);
  const axes: (readonly unknown[])[] = [];
  product.leads.forEach((at, i) => {
    const [l, r] = [left.leads[i], right.leads[i]];
    const own = l === undefined ? [] : (x.axes[l] ?? []);
    axes[at] = own.length > 0 || r === undefined ? own : (y.axes[r] ?? []);
  });
  axes[product.own[0]] = x.axes[left.own] ?? [];
  axes[product.own[1]] = y.axes[right.own] ?? [];
  return { product, views: [x, y], axes: axes as unknown as Axes, factor: 1, capped: undefined, terms: [] };
}

function viewed(inner: Match<Scores>, node: Node, depth: number): Match<Scores> {
  if (inner instanceof Miss) return inner;
  const axes = viewedAxes(node.output, inner.axes);
  return axes ? { ...inner, axes } : new Miss(`the dims of a ${node.opType} of the scores are not known`, node, depth);
}

function scaled(node: Node, facts: Facts, trail: Trail, depth: number): Match<Scores> {
  for (const side of node.is('Mul') ? [0, 1] : [0]) {
    const x = scalarOf(node.inputs[1 - side], facts);
    if (x === undefined) continue;
    const inner = scoresOf(node.inputs[side] as Value, facts, trail, depth + 1);
    if (!(inner instanceof Miss) && node.output.shape?.length !== inner.axes.length)
      return new Miss('a scale with more axes', node, depth);
    return times(node.is('Mul') ? x : 1 / x, inner, node, depth);
  }
  return gated(node, facts, trail, depth);
}

/** The scores, and a factor that may turn out to be a mask. */
function gated(node: Node, facts: Facts, trail: Trail, depth: number): Match<Scores> {
  const attempts: Miss[] = [];
  for (const side of node.is('Mul') ? [0, 1] : []) {
    const [scores, value] = [node.inputs[side] as Value, node.inputs[1 - side] as Value];
    if (!reachesProduct(scores, 'up')) continue;
    const inner = scoresOf(scores, facts, trail, depth + 1);
    if (inner instanceof Miss) attempts.push(inner);
    else return inner.gate ? new Miss(NO_SCALE, node, depth) : { ...inner, gate: { value, scores, at: node } };
  }
  return attempts.reduce(deeper, new Miss(NO_SCALE, node, depth));
}

/** The mask that a gate is, where what is added fills the places that it made 0. */
function filled(inner: Scores, gate: Gate, added: Value, node: Node, facts: Facts, depth: number): Match<Scores> {
  const { gate: _, ...scores } = inner;
  const found = fillOfGate(added, gate.value, facts);
  if (found === undefined) return new Miss(NO_SCALE, gate.at, depth);
  const fill = node.is('Sub') ? -found : found;
  if (!isZeroOrOne(gate.value))
    return new Miss('the mask that the scores are multiplied by is not shown to be 0 or 1', gate.at, depth);
  if (!(fill <= WEAK)) return new Miss(OVERWRITES_NOT, node, depth);
  const elem = node.output.elem as DataType;
  const term = {
    kind: 'mask',
    value: gate.value,
    fill,
    keepsWhereTrue: true,
    axes: inner.axes,
    elem,
    at: node,
  } as const;
  return withTerm(scores, gate.scores, node, term, depth);
}

/** The scores and what was added to them, times a number. */
function times(factor: number, inner: Match<Scores>, node: Node, depth: number): Match<Scores> {
  if (inner instanceof Miss) return inner;
  if (!Number.isFinite(factor) || factor === 0)
    return new Miss('the scale is not a finite number other than 0', node, depth);
  const terms = inner.terms.map((term) =>
    term.kind === 'bias' ? { ...term, factor: term.factor * factor } : { ...term, fill: term.fill * factor },
  );
  if (terms.some((term) => term.kind === 'mask' && !(term.fill <= WEAK)))
    return new Miss('a factor after the mask makes it too weak', node, depth);
  return { ...inner, factor: inner.factor * factor, terms };
}

/** Without what is found out when it is added. */
type NewTerm = Term extends infer One ? (One extends Term ? Omit<One, 'unproven'> : never) : never;

/** Adds a term that broadcasts to the scores, and not they to it. */
function withTerm(inner: Scores, scores: Value, node: Node, term: NewTerm, depth: number): Match<Scores> {
  const [before, after, own] = [scores.shape, node.output.shape, term.value.shape];
  if (!before || !after || !own) return new Miss('the rank of the bias is not known', node, depth, helps.shape);
  if (after.length > before.length)
    return new Miss(`a bias of rank ${own.length} on scores of rank ${before.length}`, node, depth);
  const unproven = inner.axes.filter((_, i) => !equalDims(before[i] as Dim, after[i] as Dim));
  return { ...inner, terms: [...inner.terms, { ...term, unproven }] };
}

function biased(node: Node, facts: Facts, trail: Trail, depth: number): Match<Scores> {
  const attempts: Miss[] = [];
  for (const side of node.is('Add') ? [0, 1] : [0]) {
    if (!reachesProduct(node.inputs[side] as Value, 'up')) continue;
    const inner = scoresOf(node.inputs[side] as Value, facts, trail, depth + 1);
    if (inner instanceof Miss) {
      attempts.push(inner);
      continue;
    }
    const value = node.inputs[1 - side] as Value;
    if (inner.gate) return filled(inner, inner.gate, value, node, facts, depth);
    const elem = value.elem as DataType;
    const isRankKept = node.output.shape?.length === inner.axes.length;
    if (isRankKept && fillOf(value, facts) === 0) return inner;
    const factor = node.is('Add') ? 1 : -1;
    const term = { kind: 'bias', value, factor, axes: inner.axes, elem, at: node } as const;
    return withTerm(inner, node.inputs[side] as Value, node, term, depth);
  }
  const none = new Miss('before the Softmax: expected MatMul(query, key) under the Add; found none', node, depth);
  return attempts.length > 0 ? attempts.reduce(deeper) : none;
}

function masked(node: Node, facts: Facts, trail: Trail, depth: number): Match<Scores> {
  const value = node.inputs[0] as Value;
  let miss = new Miss(OVERWRITES_NOT, node, depth);
  for (const side of [1, 2]) {
    const fill = fillOf(node.inputs[3 - side], facts);
    if (fill === undefined || !(fill <= WEAK)) continue;
    const inner = scoresOf(node.inputs[side] as Value, facts, trail, depth + 1);
    const elem = node.output.elem as DataType;
    if (!(inner instanceof Miss)) {
      const term = { kind: 'mask', value, fill, keepsWhereTrue: side === 1, axes: inner.axes, elem, at: node } as const;
      return withTerm(inner, node.inputs[side] as Value, node, term, depth);
    }
    miss = deeper(miss, inner);
  }
  return miss;
}
