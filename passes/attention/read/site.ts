/**
 * Finds attention: softmax(a·QKᵀ + bias) V, whatever the exporter's spelling of its parts.
 *
 * Reads the algebra from the Softmax outwards: backwards through views, factors, biases and masks to the product of
 * query and key; forwards through guards, no-ops and views to the product with the values. Every axis on the way is
 * known by its factors, so it does not matter how the exporter laid them out.
 */
import type { Facts } from '../../../src/infer/index.js';
import type { Node } from '../../../src/ir/node.js';
import { type DataType, isFloat } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';
import { type Axes, sameFactors } from '../../../src/match/view.js';
import { everyRowSees } from '../mask/causal.js';
import { closed } from '../mask/gate.js';
import { isProduct, reachesProduct } from './contraction.js';
import { type Parts, partsOf } from './parts.js';
import { isWeak, scoresOf, type Term } from './scores.js';
import { Trail } from './trail.js';
import { type Weights, weightsOf } from './weights.js';

export interface AttentionSite extends Parts {
  readonly softmax: Node;
  /** The product with the values. */
  readonly context: Node;
  /** Its axes. */
  readonly contextAxes: Axes;
  /** Factor of the product of query and key. */
  readonly scale: number;
  /** c of c·tanh(scores/c), before the terms. */
  readonly softcap: number | undefined;
  readonly terms: readonly Term[];
  /** Of query, key and value. The Softmax may run in float32 between Casts. */
  readonly elem: DataType;
  /** Where(IsNaN(weights), 0, weights): rows that are masked whole give zeros. */
  readonly isGuarded: boolean;
}

/** The site around a Softmax; a Miss that says what was found instead; undefined where it is no attention. */
export function attentionSite(softmax: Node, facts: Facts, trail = new Trail()): Match<AttentionSite> | undefined {
  const input = softmax.inputs[0];
  if (!input || !reachesProduct(input, 'up') || !reachesProduct(softmax.output, 'down')) return undefined;
  return siteAt(softmax, input, facts, trail);
}

function siteAt(softmax: Node, input: Value, facts: Facts, trail: Trail): Match<AttentionSite> {
  trail.enter('softmax');
  const rank = softmax.output.shape?.length;
  if (softmax.hasReference) return new Miss("the axis is the function's caller's to give", softmax, 0, INLINE);
  if (rank === undefined) return new Miss('the rank of the scores is not known', softmax, 0, helps.shape);
  const given = softmax.int('axis', (softmax.opset ?? 13) < 13 ? 1 : -1);
  const axis = given < 0 ? given + rank : given;
  const isCoerced = (softmax.opset ?? 13) < 13 && axis !== rank - 1;
  if (isCoerced) return new Miss('the Softmax runs over another axis than the keys', softmax);
  trail.add(softmax);
  trail.enter('scores');
  const scores = closed(scoresOf(input, facts, trail), softmax, 2);
  if (scores instanceof Miss) return scores;
  const keys = scores.axes[axis] ?? [];
  const { operands } = scores.product;
  const own = operands.map((operand, side) => scores.views[side as 0 | 1].axes[operand.own] ?? []);
  const keySide = sameFactors(own[1] ?? [], keys) ? 1 : sameFactors(own[0] ?? [], keys) ? 0 : undefined;
  if (keySide === undefined) return new Miss('the Softmax runs over another axis than the keys', softmax, 2);
  trail.enter('weights');
  const weights = weightsOf(softmax, scores.axes, keys, facts, trail);
  if (weights instanceof Miss) return weights;
  trail.enter('readers');
  if (trail.stray) return new Miss('the shape of a value inside is read elsewhere', trail.stray, 4, helps.use);
  trail.enter('parts');
  const unproven = scores.terms.find((term) => term.unproven.some((axes) => !sameFactors(axes, keys)));
  if (unproven) return new Miss('the bias is not shown to be no larger than the scores', unproven.at, 6, helps.shape);
  const elem = elemOf(trail, weights);
  if (elem instanceof Miss) return elem;
  const parts = partsOf(scores, weights, keySide, keys);
  if (parts instanceof Miss) return parts;
  const weak = scores.terms.find(isWeak);
  if (weak && !everyRowSees({ ...parts, terms: scores.terms }, facts))
    return new Miss('a mask whose fill is in reach of scores, of which a row may be masked whole', weak.at, 6, WIDER);
  const cap = softcapOf(scores.capped, scores.factor, softmax);
  if (cap instanceof Miss) return cap;
  trail.enter('kernel');
  return {
    ...parts,
    softmax,
    context: weights.product.node,
    contextAxes: weights.axes,
    scale: cap === undefined ? scores.factor : (scores.capped ?? 1) * cap,
    softcap: cap,
    terms: scores.terms,
    elem,
    isGuarded: weights.isGuarded,
  };
}

const WIDER = 'A fill of -1e9 or less is out of reach.';
const INLINE = 'inline before this pass puts the function in the place of its calls.';

/** c, where factor · tanh(capped · x) is c·tanh(x·a/c) with a = capped · c. */
function softcapOf(capped: number | undefined, factor: number, at: Node): Match<number> | undefined {
  if (capped === undefined) return undefined;
  return factor > 0 ? factor : new Miss('a soft cap that is not positive', at, 6);
}

/** The float of query, key and value; nothing in between may be narrower. */
function elemOf(trail: Trail, weights: Weights): Match<DataType> {
  const { elem } = weights.product.node.output;
  for (const node of trail.nodes) {
    const found = node.outputs[0]?.elem;
    const isKept = node.is('Shape') || node.is('IsNaN') || found === elem || found === 'float32';
    if (!isKept) return new Miss(`the scores are computed in ${found} and the result in ${elem}`, node, 6);
  }
  const scores = trail.nodes.find(isProduct)?.output.elem;
  if (elem === undefined || !isFloat(elem) || scores !== elem)
    return new Miss(`scores of ${scores} and a result of ${elem}`, weights.product.node, 6);
  return elem;
}
