/**
 * Finds attention: softmax(a·QKᵀ + bias) V, whatever the exporter's spelling of its parts.
 *
 * Reads the algebra from the Softmax outwards: backwards through views, factors, biases and masks to the product of
 * query and key; forwards through guards, no-ops and views to the product with the values. Every axis on the way is
 * known by its factors, so it does not matter how the exporter laid them out.
 */
import type { Facts } from '../../../src/infer/index.js';
import { fromStart } from '../../../src/ir/dims/axes.js';
import type { Node } from '../../../src/ir/node.js';
import { type DataType, isFloat } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';
import { type Axes, sameFactors } from '../../../src/match/views/view.js';
import { everyRowSees } from '../mask/causal.js';
import { isWeak, type MaskTerm } from '../mask/term.js';
import { isProduct, reachesProduct } from './contraction.js';
import { LARGER, partsOf, type SiteOperands } from './parts.js';
import { scoresOf } from './scores.js';
import { type Measure, Trail } from './trail.js';
import { type Weights, weightsOf } from './weights.js';

export interface AttentionSite extends SiteOperands {
  readonly softmax: Node;
  /** The product with the values. */
  readonly context: Node;
  /** Its axes. */
  readonly contextAxes: Axes;
  /** Factor of the product of query and key. */
  readonly scale: number;
  /** c of c·tanh(scores/c), before the terms. */
  readonly softcap: number | undefined;
  readonly terms: readonly MaskTerm[];
  /** The element type of query, key and value. The Softmax may run in float32 between Casts. */
  readonly elem: DataType;
  /** True for Where(IsNaN(weights), 0, weights): rows masked whole give zeros. */
  readonly isGuarded: boolean;
  /** The nodes that ask for the shape of an inner value; `isInside` says that the answer leads nowhere else. */
  readonly measures: readonly (Measure & { readonly isInside: boolean })[];
}

/** Reads the site around a Softmax; a Miss that says what was found instead; undefined where it is no attention. */
export function attentionSite(softmax: Node, facts: Facts, trail = new Trail()): Match<AttentionSite> | undefined {
  const input = softmax.inputs[0];
  if (!input || !reachesProduct(input, 'up') || !reachesProduct(softmax.output, 'down')) return undefined;
  const site = siteAt(softmax, input, facts, trail);
  return site instanceof Miss ? trail.reached(site) : site;
}

const OTHER_AXIS = 'the Softmax runs over another axis than the keys';

function siteAt(softmax: Node, input: Value, facts: Facts, trail: Trail): Match<AttentionSite> {
  trail.enter('softmax');
  const rank = softmax.output.shape?.length;
  if (softmax.hasReference) return new Miss("the axis is the function's caller's to give", softmax, INLINE);
  if (rank === undefined) return new Miss('the rank of the scores is not known', softmax, helps.shape);
  const isCoerced = (softmax.opset ?? 13) < 13;
  const axis = fromStart(softmax.int('axis', isCoerced ? 1 : -1), rank);
  if (isCoerced && axis !== rank - 1) return new Miss(OTHER_AXIS, softmax);
  trail.add(softmax);
  trail.enter('scores');
  const scores = scoresOf(input, facts, trail);
  if (scores instanceof Miss) return scores;
  const keys = scores.axes[axis] ?? [];
  const { operands } = scores.product;
  const own = operands.map((operand, side) => scores.views[side as 0 | 1].axes[operand.own] ?? []);
  const keySide = sameFactors(own[1] ?? [], keys) ? 1 : sameFactors(own[0] ?? [], keys) ? 0 : undefined;
  if (keySide === undefined || scores.lowered.some((axes) => !sameFactors(axes, keys)))
    return new Miss(OTHER_AXIS, softmax);
  trail.enter('weights');
  const weights = weightsOf(softmax, scores, keys, facts, trail);
  if (weights instanceof Miss) return weights;
  const { terms } = weights;
  trail.enter('parts');
  const unproven = terms.find((term) => term.unproven.some((axes) => !sameFactors(axes, keys)));
  if (unproven) return new Miss(LARGER, unproven.at, helps.shape);
  const elem = elemOf(trail, weights);
  if (elem instanceof Miss) return elem;
  const parts = partsOf(scores, weights, keySide, keys);
  if (parts instanceof Miss) return parts;
  const weak = terms.find(isWeak);
  if (weak && !everyRowSees({ ...parts, terms }, facts))
    return new Miss('a mask whose fill is in reach of scores, of which a row may be masked whole', weak.at, WIDER);
  const { capped, factor } = scores;
  if (capped !== undefined && !(factor > 0)) return new Miss('a soft cap that is not positive', softmax);
  trail.enter('kernel');
  return {
    ...parts,
    softmax,
    context: weights.product.node,
    contextAxes: weights.axes,
    // factor · tanh(capped · x) is c·tanh(x·a/c) with c = factor and a = capped · c.
    scale: capped === undefined ? factor : capped * factor,
    softcap: capped === undefined ? undefined : factor,
    terms,
    elem,
    isGuarded: weights.isGuarded,
    measures: trail.measures.map((one) => ({ ...one, isInside: trail.isInside(one.node.output) })),
  };
}

const WIDER = 'A fill of -1e9 or less is out of reach.';
const INLINE = 'inline before this pass puts the function in the place of its calls.';

/** The float of query, key and value; nothing in between may be narrower. */
function elemOf(trail: Trail, weights: Weights): Match<DataType> {
  const { elem } = weights.product.node.output;
  for (const node of trail.nodes) {
    const found = node.outputs[0]?.elem;
    const isKept = node.is('Shape') || found === 'bool' || found === elem || found === 'float32';
    if (!isKept) return new Miss(`the scores are computed in ${found} and the result in ${elem}`, node);
  }
  const scores = trail.nodes.find(isProduct)?.output.elem;
  if (elem === undefined || !isFloat(elem) || scores !== elem)
    return new Miss(`scores of ${scores} and a result of ${elem}`, weights.product.node);
  return elem;
}
