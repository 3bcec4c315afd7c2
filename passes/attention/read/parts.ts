/** Query, key and value of a site with their axes in common factors: batch and heads are the same ones in all of them. */
import type { Value } from '../../../src/ir/value.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';
import {
  type Axes,
  type AxisFactor,
  cut,
  cutsBetween,
  leavesOf,
  namesBy,
  type View,
} from '../../../src/match/views/view.js';
import type { ProductOperand } from './contraction.js';
import type { Scale, Scores } from './reading.js';
import { requiredBy } from './required.js';
import { NO_SCALE } from './scale.js';
import type { Weights } from './weights.js';

/** A tensor that holds all of an operand. */
export interface OperandSource {
  readonly value: Value;
  readonly axes: Axes;
  /** Scalar that multiplies it in the operand. */
  readonly scale: number;
}

/**
 * An operand with its sources: the first is the tensor at the start of its chain of views; the others are on the way
 * and stay because something else reads them.
 */
export interface SiteOperand {
  readonly sources: readonly [OperandSource, ...OperandSource[]];
  /** Its rows (queries, or keys), and the columns of a head. */
  readonly rows: readonly AxisFactor[];
  readonly columns: readonly AxisFactor[];
  /** The batch and heads that it lacks: it is the same for all of them. */
  readonly lacks: readonly AxisFactor[];
  /** The scales that multiply it besides. */
  readonly scales: readonly Scale[];
}

export interface SiteOperands {
  readonly query: SiteOperand;
  readonly key: SiteOperand;
  readonly value: SiteOperand;
  /** The axes of batch and heads in the product of query and key, from the outermost in. */
  readonly leads: Axes;
}

export const LARGER = 'the bias is not shown to be no larger than the scores';

/** Brings the operands to common factors; a Miss where they are not shown to have the same batch and heads. */
export function partsOf(
  scores: Scores,
  weights: Weights,
  keySide: 0 | 1,
  keys: readonly AxisFactor[],
): Match<SiteOperands> {
  const { product, views } = scores;
  const at = product.node;
  const leads = product.leads.map((_, i) => {
    const [l, r] = product.operands.map((operand, side) => leadOf(operand, views[side as 0 | 1], i));
    return l && l.length > 0 ? l : (r ?? []);
  });
  const querySide = keySide === 1 ? 0 : 1;
  const sides: [ProductOperand, View, (readonly AxisFactor[])[]][] = [querySide, keySide].map((side) => [
    product.operands[side] as ProductOperand,
    views[side] as View,
    leads,
  ]);
  const values = weights.product.operands[weights.side];
  const weighted = weights.product.leads.map((out) => weights.axes[out] ?? []);
  sides.push([values, weights.view.scale === 1 ? weights.view : itself(values.value, weights.view), weighted]);
  const biases = scores.terms.map((term) => term.value);
  const required = () => requiredBy([...biases, ...sides.map(([operand]) => operand.value)]);
  // First everything is split as far as any of them is, then the factors of all are known.
  for (const [operand, view, of] of sides)
    for (const [i, lead] of of.entries()) {
      const own = leadOf(operand, view, i);
      if (own.length > 0 && lead.length === 0)
        return new Miss('the values have more batches or heads than the scores', at);
      if (own.length === 0 || own === lead) continue;
      const cuts = cutsBetween(lead, own) ?? cutsBetween(lead, own, required());
      if (!cuts) return new Miss('the batch of query, key and value is not shown to be the same', at, helps.shape);
      cut(cuts);
    }
  const ofValues = weights.view.axes[values.inner] ?? [];
  if (weights.terms.some(({ unproven }) => unproven.length > 0) && !cutsBetween(keys, ofValues))
    return new Miss(LARGER, at, helps.shape);
  const all = leavesOf(leads.flat());
  const [bare, bareKey, value] = sides.map(([operand, view, of], i) =>
    partOf(operand, view, of, all, i === 2 ? [operand.inner, operand.own] : [operand.own, operand.inner]),
  ) as [SiteOperand, SiteOperand, SiteOperand];
  const scaled = withScales(scores.scales, bare, bareKey);
  if (scaled instanceof Miss) return scaled;
  const [query, key] = scaled;
  const [first, ...shared] = value.sources;
  // A factor of the value has no place in a kernel.
  const unscaled: SiteOperand = { ...value, sources: [first, ...shared.filter(({ scale }) => scale === 1)] };
  return { query, key, value: unscaled, leads: leads.map(leavesOf).filter(({ length }) => length > 0) };
}

const leadOf = (operand: ProductOperand, view: View, i: number): readonly AxisFactor[] => {
  const axis = operand.leads[i];
  return axis === undefined ? [] : (view.axes[axis] ?? []);
};

/** A view whose base is the value: what multiplies the chain's base stays in it. */
const itself = (base: Value, view: View): View => ({ base, scale: 1, baseAxes: view.axes, axes: view.axes, via: [] });

/** True where a value stays even if one of its readers goes. */
const isShared = (value: Value): boolean => value.users.filter((user) => !user.is('Shape')).length > 1;

function partOf(
  operand: ProductOperand,
  view: View,
  leads: readonly (readonly AxisFactor[])[],
  all: readonly AxisFactor[],
  [rows, columns]: readonly number[],
): SiteOperand {
  const own = leads.map((_, i) => leadOf(operand, view, i));
  const names = namesBy(
    own.flat(),
    leads.flatMap((lead, i) => (own[i]?.length === 0 ? [] : lead)),
  );
  const has = new Set(names.values());
  const named = (factors: readonly AxisFactor[] = []): AxisFactor[] =>
    leavesOf(factors).map((one) => names.get(one) ?? one);
  const first: OperandSource = { value: view.base, axes: view.baseAxes.map(named), scale: view.scale };
  const staying = view.via.slice(0, view.via.findLastIndex(({ value }) => isShared(value)) + 1);
  const shared = staying.map(({ value, axes, scale }) => ({ value, axes: axes.map(named), scale: view.scale / scale }));
  return {
    sources: [first, ...shared],
    rows: named(view.axes[rows as number]),
    columns: named(view.axes[columns as number]),
    lacks: all.filter((factor) => !has.has(factor)),
    scales: [],
  };
}

/** Multiplies query and key by the scales of the scores: the key by the scales that differ from key to key. */
function withScales(
  scales: readonly Scale[],
  query: SiteOperand,
  key: SiteOperand,
): Match<readonly [SiteOperand, SiteOperand]> {
  const parts: [SiteOperand, SiteOperand] = [query, key];
  for (const given of scales) {
    const scale = { ...given, axes: given.axes.map(leavesOf) };
    const own = scale.axes.flat();
    const at = own.some((factor) => key.rows.includes(factor)) ? 1 : 0;
    const others = [...parts[at].lacks, ...parts[(1 - at) as 0 | 1].rows];
    if (own.some((factor) => others.includes(factor))) return new Miss(NO_SCALE, scale.at);
    parts[at] = { ...parts[at], scales: [...parts[at].scales, scale] };
  }
  return parts;
}
