/**
 * Finds attention: softmax(a·QKᵀ + bias) V, whatever the exporter's spelling of its parts.
 *
 * Reads the algebra from the Softmax outwards: backwards through scalar factors, additive biases and masks to the
 * product of query and key; forwards through guards and no-ops to the product with the values.
 */
import type { Facts } from '../../src/infer/index.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { deeper, type Match, Miss } from '../../src/match/miss.js';
import { scalarOf } from '../../src/match/scalar.js';
import { type View, viewOf } from '../../src/match/view.js';

/** What happens to the scores, in order: a bias is added, or a mask overwrites some by a very negative number. */
export type BiasTerm =
  | { readonly kind: 'bias'; readonly value: Value; readonly factor: number }
  | { readonly kind: 'mask'; readonly condition: Value; readonly fill: number; readonly keepsWhereTrue: boolean };

export interface AttentionSite {
  readonly softmax: Node;
  /** MatMul(query, keyᵀ) and MatMul(weights, value). */
  readonly scores: Node;
  readonly context: Node;
  /** Factor of the product of query and key, before those inside query and key. */
  readonly scale: number;
  readonly biases: readonly BiasTerm[];
  /** Where(IsNaN(weights), 0, weights): rows that are masked whole give zeros. */
  readonly isGuarded: boolean;
}

/** A mask must drown any score: from here on (1e15 as a float32), score + fill rounds to fill for scores of |s| < 10^7. */
const MASKED = Math.fround(-1e15);

/** The site around a Softmax; a Miss that says what was found instead; undefined where it is no attention. */
export function attentionSite(softmax: Node, facts: Facts): Match<AttentionSite> | undefined {
  const input = softmax.inputs[0];
  if (!input || !reachesProduct(input, 'up') || !reachesProduct(softmax.output, 'down')) return undefined;
  const rank = softmax.output.shape?.length;
  if (softmax.hasReference) return new Miss("the axis is the function's caller's to give", softmax);
  if (rank === undefined) return new Miss('the rank of the scores is not known', softmax);
  const axis = softmax.int('axis', (softmax.opset ?? 13) < 13 ? 1 : -1);
  if (axis !== -1 && axis !== rank - 1) return new Miss('the Softmax runs over another axis than the keys', softmax);
  const weights = contextOf(softmax);
  if (weights instanceof Miss) return weights;
  const scores = scoresOf(input, facts);
  if (scores instanceof Miss) return scores;
  return {
    softmax,
    scores: scores.product,
    context: weights.context,
    isGuarded: weights.isGuarded,
    scale: scores.scale,
    biases: scores.biases,
  };
}

/** Ops that may stand between a Softmax and the products around it. */
const between = new Set(
  'Add Sub Mul Div Where Cast Reshape Transpose Unsqueeze Squeeze Identity Dropout Tanh Clip Max Min IsNaN Expand Slice'.split(
    ' ',
  ),
);

/** True where a product of two computed values is a few steps away: then the Softmax is attention-like. */
function reachesProduct(start: Value, direction: 'up' | 'down'): boolean {
  let front: readonly Value[] = [start];
  for (let step = 0; step < 8 && front.length; step++) {
    const next = new Set<Value>();
    for (const value of front)
      for (const node of direction === 'up' ? (value.producer ? [value.producer] : []) : value.users) {
        if (isProduct(node) && (direction === 'up' || node.inputs[0] === value)) return true;
        if (node.domain !== '' || !between.has(node.opType)) continue;
        for (const other of direction === 'up' ? node.inputs : node.outputs) if (other?.producer) next.add(other);
      }
    front = [...next];
  }
  return false;
}

/** A MatMul (or Einsum) of two values that are computed, not of a value and a weight. */
const isProduct = (node: Node): boolean =>
  (node.is('MatMul') || node.is('Einsum')) &&
  node.inputs.length === 2 &&
  node.inputs.every((value) => value && !isWeight(value));

const isWeight = (value: Value): boolean =>
  value.isConstant || ((value.producer?.is('Cast') ?? false) && isWeight(value.producer?.inputs[0] as Value));

/** Dropout does nothing at inference; Cast to the same type and Identity never do. */
function isNoOp(node: Node, facts?: Facts): boolean {
  if (node.is('Identity')) return true;
  if (node.is('Cast')) return node.output.elem !== undefined && node.output.elem === node.inputs[0]?.elem;
  if (!node.is('Dropout')) return false;
  const isTraining = node.inputs[2];
  return !isTraining || (facts !== undefined && scalarOf(isTraining, facts) === 0);
}

function contextOf(softmax: Node): Match<{ context: Node; isGuarded: boolean }> {
  let value = softmax.output;
  let isGuarded = false;
  for (;;) {
    if (value.isOutput) return new Miss('the attention weights are an output of the graph', value, 2);
    const users = value.users;
    const [user] = users;
    const guard = users.length === 2 ? guardOf(value, users) : undefined;
    if (guard) {
      isGuarded = true;
      value = guard;
    } else if (users.length !== 1 || !user) {
      return new Miss('the attention weights have another use', users[1] ?? value, 2);
    } else if (isNoOp(user)) {
      if (user.outputs[1]?.uses.size) return new Miss('the mask of the Dropout is used', user, 2);
      value = user.output;
    } else if (user.is('MatMul') && user.inputs[0] === value && user.inputs[1] !== value) {
      return { context: user, isGuarded };
    } else {
      const found = user.is('Cast') ? `Cast to ${user.output.elem}` : user.opType;
      return new Miss(`after the Softmax: expected MatMul(weights, value); found ${found}`, user, 2);
    }
  }
}

/** Where(IsNaN(weights), 0, weights), if that is what both users are. */
function guardOf(weights: Value, users: readonly Node[]): Value | undefined {
  const tested = users.find((node) => node.is('IsNaN'));
  const where = users.find((node) => node.is('Where'));
  const [condition, fill, kept] = where?.inputs ?? [];
  if (!tested || !where || condition !== tested.output || kept !== weights || condition.uses.size !== 1)
    return undefined;
  const zero = fill?.tensor;
  const isZero = zero !== undefined && zero.byteLength <= 8 && zero.bytes().every((byte) => byte === 0);
  return isZero && !condition.isOutput ? where.output : undefined;
}

interface Scores {
  readonly product: Node;
  readonly scale: number;
  readonly biases: readonly BiasTerm[];
}

/** Reads a·QKᵀ + bias from a value. Every value between must have no other use. */
function scoresOf(value: Value, facts: Facts, depth = 3): Match<Scores> {
  const node = value.producer;
  const miss = (reason: string): Miss => new Miss(reason, node ?? value, depth);
  if (!node) return miss('before the Softmax: expected MatMul(query, key); found no node');
  if (value.isOutput) return miss('the scores are an output of the graph');
  if (value.uses.size !== 1) return miss('the scores have another use');
  if (isProduct(node) && node.is('MatMul')) return { product: node, scale: 1, biases: [] };
  if (isNoOp(node, facts)) return scoresOf(node.inputs[0] as Value, facts, depth + 1);
  if (node.is('Mul') || node.is('Div')) return scaledScores(node, facts, depth);
  if (node.is('Add')) return biasedScores(node, facts, depth);
  if (node.is('Where')) return maskedScores(node, facts, depth);
  if (node.is('Tanh')) return miss('the scores are soft-capped by Tanh');
  const found = node.is('Cast') ? `Cast to ${value.elem}` : node.opType;
  return miss(`before the Softmax: expected MatMul | Mul | Div | Add | Where; found ${found}`);
}

function scaledScores(node: Node, facts: Facts, depth: number): Match<Scores> {
  for (const side of node.is('Mul') ? [0, 1] : [0]) {
    const x = scalarOf(node.inputs[1 - side], facts);
    if (x === undefined) continue;
    const inner = scoresOf(node.inputs[side] as Value, facts, depth + 1);
    if (inner instanceof Miss) return inner;
    const factor = node.is('Mul') ? x : 1 / x;
    if (!Number.isFinite(factor) || factor === 0)
      return new Miss('the scale is not a finite number other than 0', node, depth);
    const biases = inner.biases.map((term) =>
      term.kind === 'bias' ? { ...term, factor: term.factor * factor } : { ...term, fill: term.fill * factor },
    );
    if (biases.some((term) => term.kind === 'mask' && !(term.fill <= MASKED)))
      return new Miss('a factor after the mask makes it too weak', node, depth);
    return { ...inner, scale: inner.scale * factor, biases };
  }
  return new Miss('the scale of the scores is not one number', node, depth);
}

function biasedScores(node: Node, facts: Facts, depth: number): Match<Scores> {
  const attempts = [0, 1].map((side) => {
    const inner = scoresOf(node.inputs[side] as Value, facts, depth + 1);
    const value = node.inputs[1 - side] as Value;
    return inner instanceof Miss
      ? inner
      : { ...inner, biases: [...inner.biases, { kind: 'bias' as const, value, factor: 1 }] };
  });
  const found = attempts.find((attempt) => !(attempt instanceof Miss));
  return found ?? deeper(attempts[0] as Miss, attempts[1] as Miss);
}

function maskedScores(node: Node, facts: Facts, depth: number): Match<Scores> {
  const condition = node.inputs[0] as Value;
  let miss = new Miss('the mask does not overwrite scores by a very negative number', node, depth);
  for (const side of [1, 2]) {
    const fill = scalarOf(node.inputs[3 - side], facts);
    if (fill === undefined || !(fill <= MASKED)) continue;
    const inner = scoresOf(node.inputs[side] as Value, facts, depth + 1);
    if (!(inner instanceof Miss))
      return { ...inner, biases: [...inner.biases, { kind: 'mask', condition, fill, keepsWhereTrue: side === 1 }] };
    miss = deeper(miss, inner);
  }
  return miss;
}

/** The view of an operand, with the axes of a 3-D one (batch·heads, rows, columns) spread to four, one head each. */
export function operandView(value: Value, facts: Facts): View | undefined {
  const view = viewOf(value, facts);
  if (view?.axes.length !== 3) return view;
  const [batch, rows, columns] = view.axes as [never, never, never];
  return { ...view, axes: [batch, [], rows, columns] };
}
