/** Reads softmax's output forwards to its product with the values: guards against NaN, no-ops and views. */

import type { Facts } from '../../../src/infer/index.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';
import { scalarOf } from '../../../src/match/scalar.js';
import { type Axes, type Factor, sameFactors, type View, viewingOf, viewOf } from '../../../src/match/view.js';
import { type Contraction, contractionOf } from './contraction.js';
import { passMiss, viewedAxes } from './steps.js';
import type { Trail } from './trail.js';

export interface Weights {
  readonly product: Contraction;
  /** Which operand of the product the values are, and their view. */
  readonly side: 0 | 1;
  readonly view: View;
  /** Of the product's output, in factors of the scores and of the values. */
  readonly axes: Axes;
  /** Where(IsNaN(weights), 0, weights): rows that are masked whole give zeros. */
  readonly isGuarded: boolean;
}

/** Follows the weights; the axes are those of the Softmax, `keys` the one it runs over. */
export function weightsOf(
  softmax: Node,
  start: Axes,
  keys: readonly Factor[],
  facts: Facts,
  trail: Trail,
): Match<Weights> {
  let value = softmax.output;
  let axes = start;
  let isGuarded = false;
  for (;;) {
    if (value.isOutput) return new Miss('the attention weights are an output of the graph', value, 2, helps.output);
    const guard = guardOf(value, facts);
    const users = value.users.filter((node) => !node.is('Shape') && !guard?.includes(node));
    if (guard) {
      for (const node of guard) trail.add(node);
      trail.otherUser(value);
      if (users.length > 0) return new Miss('the attention weights have another use', users[0] as Node, 2, helps.use);
      isGuarded = true;
      value = (guard[1] as Node).output;
      continue;
    }
    const [user, other] = users;
    if (!user || other || value.uses.size !== value.users.length)
      return new Miss('the attention weights have another use', other ?? value, 2, helps.use);
    trail.add(user);
    trail.otherUser(value);
    if (user.is('MatMul') || user.is('Einsum')) return productOf(user, value, axes, keys, isGuarded, facts);
    const next = stepped(user, value, axes, facts);
    if (next instanceof Miss) return next;
    axes = next;
    value = user.output;
  }
}

function stepped(user: Node, value: Value, axes: Axes, facts: Facts): Match<Axes> {
  const miss = (text: string): Miss => new Miss(`after the Softmax: ${text}`, user, 2);
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
  keys: readonly Factor[],
  isGuarded: boolean,
  facts: Facts,
): Match<Weights> {
  const product = contractionOf(node);
  if (product instanceof Miss) return new Miss(`after the Softmax: ${product.reason}`, node, 2);
  const at = product.operands.findIndex((operand) => operand.value === weights);
  const side = at === 0 ? 1 : 0;
  const [own, other] = [product.operands[at], product.operands[side]] as const;
  if (!own || other.value === weights) return new Miss('the attention weights are multiplied by themselves', node, 2);
  if (!sameFactors(axes[own.inner] ?? [], keys))
    return new Miss('the product with the values sums over another axis than the keys', node, 2);
  const view = viewOf(other.value, facts);
  if (!view) return new Miss('the rank of an operand is not known', node, 5, helps.shape);
  const result: (readonly Factor[])[] = [];
  product.leads.forEach((out, i) => {
    const from = own.leads[i];
    result[out] = from === undefined ? [] : (axes[from] ?? []);
  });
  result[product.own[at as 0 | 1]] = axes[own.own] ?? [];
  result[product.own[side]] = view.axes[other.own] ?? [];
  return { product, side, view, axes: result, isGuarded };
}

/** IsNaN and Where of Where(IsNaN(weights), 0, weights), if that is what reads them. */
function guardOf(weights: Value, facts: Facts): readonly [Node, Node] | undefined {
  const tested = weights.users.find((node) => node.is('IsNaN'));
  const where = weights.users.find((node) => node.is('Where'));
  const [condition, fill, kept] = where?.inputs ?? [];
  if (!tested || !where || condition !== tested.output || kept !== weights || condition.uses.size !== 1)
    return undefined;
  return scalarOf(fill, facts) === 0 && !condition.isOutput ? [tested, where] : undefined;
}
