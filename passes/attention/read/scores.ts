/** Reads softmax's input backwards to the product of query and key: scales, a soft cap, biases and masks, in any views. */

import type { Facts } from '../../../src/infer/index.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';
import { type AxisFactor, viewingOf, viewOf } from '../../../src/match/views/view.js';
import { biased, floored, masked } from './biased.js';
import { contractionOf, isProduct } from './contraction.js';
import type { Scores, ScoresReader, ScoresReading } from './reading.js';
import { closed, scaled, times } from './scale.js';
import { passMiss, viewedAxes } from './steps.js';
import type { Trail } from './trail.js';

/**
 * The most steps between the product and the Softmax: no exporter writes more, and a chain may be as long as the model.
 */
const MOST_STEPS = 64;

/** Reads one value. A value on the way must have no other use, except the uses that the trail is told of. */
export function scoresOf(value: Value, facts: Facts, trail: Trail): Match<Scores> {
  const { mark } = trail;
  const scores = gatedScores(value, facts, trail);
  const result = scores instanceof Miss ? scores : closed(scores);
  return result instanceof Miss ? trail.back(mark, result) : result;
}

function gatedScores(value: Value, facts: Facts, trail: Trail): Match<Scores> {
  const node = value.producer;
  const miss = (reason: string, help?: string): Miss => trail.reached(new Miss(reason, node ?? value, help));
  if (!node) return miss('before the Softmax: expected MatMul(query, key); found no node');
  if (trail.nodes.length > MOST_STEPS)
    return miss(`before the Softmax: no MatMul(query, key) within ${MOST_STEPS} nodes`);
  if (value.isOutput) return miss('the scores are an output of the graph', helps.output);
  const readers = [...value.uses].filter(({ node }) => trail.has(node) && !node.is('ReduceMax'));
  if (readers.length > 1 || trail.otherUser(value)) return miss('the scores have another use', helps.use);
  const { mark } = trail;
  trail.add(node);
  const result = read(node, value, {
    facts,
    trail,
    inner: (inner) => scoresOf(inner as Value, facts, trail),
    gated: (inner) => gatedScores(inner as Value, facts, trail),
  });
  if (result instanceof Miss) return trail.back(mark, result);
  trail.measured(value, result.axes);
  return result;
}

const through: ScoresReader = (node, { inner }) => inner(node.inputs[0]);

const viewed: ScoresReader = (node, reading) => {
  const inner = through(node, reading);
  const axes = inner instanceof Miss ? undefined : viewedAxes(node.output, inner.axes);
  if (axes) return { ...(inner as Scores), axes };
  return inner instanceof Miss ? inner : new Miss(`the dims of a ${node.opType} of the scores are not known`, node);
};

const capped: ScoresReader = (node, reading) => {
  const inner = through(node, reading);
  if (inner instanceof Miss) return inner;
  if (inner.capped !== undefined || inner.terms.length > 0)
    return new Miss('the soft cap by Tanh comes after a bias or a mask', node);
  return { ...inner, capped: inner.factor, factor: 1 };
};

const readers: Readonly<Record<string, ScoresReader>> = {
  Neg: (node, reading) => times(-1, through(node, reading), node),
  Mul: scaled,
  Div: scaled,
  Add: biased,
  Sub: biased,
  Where: masked,
  Max: floored,
  Tanh: capped,
};

function read(node: Node, value: Value, reading: ScoresReading): Match<Scores> {
  if (isProduct(node)) return productScores(node, reading.facts);
  const reason = passMiss(node, reading.facts);
  if (reason !== null) return reason ? new Miss(`before the Softmax: ${reason}`, node) : through(node, reading);
  if (viewingOf(value)) return viewed(node, reading);
  const isRead = node.domain === '' && !node.hasReference && Object.hasOwn(readers, node.opType);
  if (isRead) return (readers[node.opType] as ScoresReader)(node, reading);
  const found = node.is('Cast') ? `Cast to ${value.elem}` : node.opType;
  return new Miss(
    `before the Softmax: expected MatMul | Einsum | Mul | Div | Neg | Add | Sub | Where | Tanh; found ${found}`,
    node,
  );
}

function productScores(node: Node, facts: Facts): Match<Scores> {
  const product = contractionOf(node);
  if (product instanceof Miss) return product;
  const [left, right] = product.operands;
  const [x, y] = [viewOf(left.value, facts), viewOf(right.value, facts)];
  if (!x || !y) return new Miss('the rank of an operand is not known', node, helps.shape);
  const axes: (readonly AxisFactor[])[] = [];
  product.leads.forEach((at, i) => {
    const [l, r] = [left.leads[i], right.leads[i]];
    const own = l === undefined ? [] : (x.axes[l] ?? []);
    axes[at] = own.length > 0 || r === undefined ? own : (y.axes[r] ?? []);
  });
  axes[product.own[0]] = x.axes[left.own] ?? [];
  axes[product.own[1]] = y.axes[right.own] ?? [];
  return { product, views: [x, y], axes, factor: 1, scales: [], capped: undefined, terms: [], lowered: [] };
}
