/** Reads softmax's output forwards to its product with the values: guards against NaN, no-ops and views. */

import type { Facts } from '../../../src/infer/index.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';
import { scalarOf } from '../../../src/match/views/scalar.js';
import {
  type Axes,
  type AxisFactor,
  sameAxes,
  sameFactors,
  type View,
  viewingOf,
  viewOf,
} from '../../../src/match/views/view.js';
import { mayHide } from '../mask/causal.js';
import type { MaskTerm } from '../mask/term.js';
import { type Contraction, contractionOf } from './contraction.js';
import type { Scores } from './reading.js';
import { passMiss, viewedAxes } from './steps.js';
import type { Trail } from './trail.js';

export interface Weights {
  readonly product: Contraction;
  /** The side of the product that the values are on, and their view. */
  readonly side: 0 | 1;
  readonly view: View;
  /** The axes of the product's output, in factors of the scores and of the values. */
  readonly axes: Axes;
  /** Rows that are masked whole give zeros: by Where(IsNaN(weights), 0, weights), or by the mask once more. */
  readonly isGuarded: boolean;
  /** The terms of the scores. */
  readonly terms: readonly MaskTerm[];
}

type GuardedTerms = Pick<Weights, 'isGuarded' | 'terms'>;
type Guard = GuardedTerms & { nodes: readonly Node[] };

/** Follows the weights; `keys` is the axis that the Softmax runs over. */
export function weightsOf(
  softmax: Node,
  scores: Scores,
  keys: readonly AxisFactor[],
  facts: Facts,
  trail: Trail,
): Match<Weights> {
  let value = softmax.output;
  let { axes } = scores;
  let guard: GuardedTerms = { isGuarded: false, terms: scores.terms };
  for (;;) {
    if (value.isOutput) return new Miss('the attention weights are an output of the graph', value, helps.output);
    const guarded = guardOf(value, axes, guard, facts);
    for (const node of guarded?.nodes ?? []) trail.add(node);
    trail.measured(value, axes);
    const users = value.users.filter((node) => !node.is('Shape') && !guarded?.nodes.includes(node));
    const [user, other] = users;
    if (guarded) {
      if (user) return new Miss(OTHER_USE, user, helps.use);
      guard = guarded;
      value = (guarded.nodes.at(-1) as Node).output;
      continue;
    }
    if (!user || other || value.uses.size !== value.users.length) return new Miss(OTHER_USE, other ?? value, helps.use);
    trail.add(user);
    if (user.is('MatMul') || user.is('Einsum')) {
      const product = productOf(user, value, axes, keys, facts);
      return product instanceof Miss ? product : { ...product, ...guard };
    }
    const next = stepped(user, value, axes, facts);
    if (next instanceof Miss) return next;
    axes = next;
    value = user.output;
  }
}

const OTHER_USE = 'the attention weights have another use';

function stepped(user: Node, value: Value, axes: Axes, facts: Facts): Match<Axes> {
  const miss = (text: string): Miss => new Miss(`after the Softmax: ${text}`, user);
  if (user.inputs[0] === value) {
    const reason = passMiss(user, facts);
    if (reason !== null) return reason ? miss(reason) : axes;
    if (viewingOf(user.outputs[0]))
      return viewedAxes(user.output, axes) ?? miss(`the dims of a ${user.opType} of the weights are not known`);
  }
  return miss(`expected MatMul(weights, value); found ${user.opType}`);
}

function productOf(
  node: Node,
  weights: Value,
  axes: Axes,
  keys: readonly AxisFactor[],
  facts: Facts,
): Match<Omit<Weights, keyof GuardedTerms>> {
  const product = contractionOf(node);
  if (product instanceof Miss) return new Miss(`after the Softmax: ${product.reason}`, node);
  const at = product.operands.findIndex((operand) => operand.value === weights);
  const side = at === 0 ? 1 : 0;
  const [own, other] = [product.operands[at], product.operands[side]] as const;
  if (!own || other.value === weights) return new Miss('the attention weights are multiplied by themselves', node);
  if (!sameFactors(axes[own.inner] ?? [], keys))
    return new Miss('the product with the values sums over another axis than the keys', node);
  const view = viewOf(other.value, facts);
  if (!view) return new Miss('the rank of an operand is not known', node, helps.shape);
  const result: (readonly AxisFactor[])[] = [];
  product.leads.forEach((out, i) => {
    const from = own.leads[i];
    result[out] = from === undefined ? [] : (axes[from] ?? []);
  });
  result[product.own[at as 0 | 1]] = axes[own.own] ?? [];
  result[product.own[side]] = view.axes[other.own] ?? [];
  return { product, side, view, axes: result };
}

/**
 * Reads Where(IsNaN(weights), 0, weights), or Where(mask, weights, 0) with the mask that overwrote the scores last.
 * There the fill may as well be minus infinity: the NaN of such a row becomes 0. The last node gives the weights.
 */
function guardOf(weights: Value, axes: Axes, { terms }: GuardedTerms, facts: Facts): Guard | undefined {
  const where = weights.users.find((node) => node.is('Where'));
  const [condition] = where?.inputs ?? [];
  const side = where?.inputs[1] === weights ? 1 : 2;
  if (!where || !condition || where.inputs[side] !== weights || scalarOf(where.inputs[3 - side], facts) !== 0)
    return undefined;
  const tests = side === 2 ? nanTestOf(condition, weights) : undefined;
  if (tests) return { nodes: [...tests, where], isGuarded: true, terms };
  const last = terms.at(-1);
  if (last?.kind !== 'mask' || last.value !== condition || last.keepsWhereTrue !== (side === 1)) return undefined;
  // The mask lies on other axes of the weights than of the scores, or a floor lifts its fill again.
  if (!sameAxes(axes, last.axes) || last.floor !== undefined) return undefined;
  // The fill counts if another mask hides the rest of a row: then it takes its share of the weights, or all.
  if (terms.some((term) => term !== last && mayHide(term, facts))) return undefined;
  return {
    nodes: [where],
    isGuarded: true,
    terms: [...terms.slice(0, -1), { ...last, fill: Number.NEGATIVE_INFINITY }],
  };
}

/** The nodes of IsNaN(weights), or of Not(Equal(weights, weights)), its form on WebGPU; undefined where others read them. */
function nanTestOf({ producer: last }: Value, weights: Value): readonly Node[] | undefined {
  const first = last?.is('Not') ? last.inputs[0]?.producer : last;
  if (!last || !first?.is(first === last ? 'IsNaN' : 'Equal')) return undefined;
  const nodes = first === last ? [last] : [first, last];
  if (first.inputs.some((input) => input !== weights)) return undefined;
  return nodes.every(({ output }) => output.uses.size === 1 && !output.isOutput) ? nodes : undefined;
}
