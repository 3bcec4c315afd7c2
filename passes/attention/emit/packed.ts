/**
 * com.microsoft Attention for a site whose query, key and value are projections of one input x [B, S, D]: weights [D, 3·N·H] and
 * bias [3·N·H] side by side, a bias of the scores [B|1, N|1, S, S]; output [B, S, N·H].
 *
 * Why only when asked for: int8 and the narrow types do not look for weights in it (the record of decisions has its times).
 */
import { float } from '../../../src/ir/attribute.js';
import { equalDims } from '../../../src/ir/dims/dims.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import { type Axes, type AxisFactor, leavesOf, sameAxes, sameFactors, sizeOf } from '../../../src/match/views/view.js';
import type { SiteOperand } from '../read/parts.js';
import { type Projection, projectionOf } from '../read/projection.js';
import type { AttentionSite } from '../read/site.js';
import { type Arrangement, arrange } from './arrange.js';
import { biasOf, memo, type SharedBiases } from './bias.js';
import type { Emitter } from './kernel.js';
import { type AttentionLayout, layoutOf } from './layout.js';
import { elemOfKernel } from './operands.js';
import { packedBias, packedWeights } from './packed-weights.js';

export const packedAttention: Emitter = (site) => {
  const { softmax } = site;
  if (site.softcap !== undefined) return new Miss('the scores are soft-capped by Tanh', softmax);
  const layout = layoutOf(site, false);
  const parts = [site.query, site.key, site.value];
  if (parts.some(({ scales }) => scales.length > 0))
    return new Miss('a scale that is not one number is no projection', softmax);
  if (parts.some(({ lacks }) => lacks.length > 0))
    return new Miss('one query, key or value for several batches or heads', softmax);
  const [size, ofValue] = [sizeOf(layout.columns), sizeOf(layout.valueColumns)];
  if (typeof size !== 'number' || size !== ofValue)
    return new Miss('packed weights want heads of one known size for query, key and value', softmax);
  const elem = elemOfKernel(site);
  const found = projectionsOf(site, elem);
  if (found instanceof Miss) return found;
  const change = inputChange(parts, layout, found[0]);
  if (change instanceof Miss) return change;
  const bias = biasOf(site, layout, elem);
  if (bias instanceof Miss) return bias;
  const [{ input }] = found;
  const depth = input.shape?.at(-1) as number;
  return {
    axes: [layout.batch, layout.rows, [...layout.heads, ...layout.valueColumns]],
    elem,
    operands: [input],
    plan: (builder, shared) => {
      const x = change.apply(builder, input);
      const dims = [sizeOf(layout.batch), sizeOf(layout.rows), depth];
      const measures = { query: x, queryDims: dims, key: x, keyDims: dims };
      const none = undefined;
      const added = bias?.(builder, measures, shared);
      const inputs = [x, ...weightsOf(builder, shared, found, elem), ...(added ? [none, none, added] : [])];
      const scale = site.scale * (parts[0]?.sources[0].scale ?? 1) * (parts[1]?.sources[0].scale ?? 1);
      const attributes = { num_heads: layout.count, scale: float(scale) };
      return builder.op('Attention', inputs, attributes, { domain: 'com.microsoft' });
    },
  };
};

type QkvProjections = readonly [Projection, Projection, Projection];

/** Query, key and value as projections of one input. */
function projectionsOf(site: AttentionSite, elem: DataType): Match<QkvProjections> {
  const found: Projection[] = [];
  for (const { sources } of [site.query, site.key, site.value]) {
    const projection = projectionOf(sources[0].value);
    if (projection instanceof Miss) return projection;
    if (sources.length > 1) return new Miss('a projection is read elsewhere', site.softmax);
    found.push(projection);
  }
  const three = found as unknown as QkvProjections;
  if (three.some(({ input }) => input !== three[0].input))
    return new Miss('query, key and value are projections of different inputs', site.softmax);
  const types = three.flatMap(({ weights, bias }) => [weights.elem, bias?.elem ?? elem]);
  if (types.some((type) => type !== elem)) return new Miss('a bias is computed in a wider type', site.softmax);
  return three;
}

/** The input as [B, S, D]; a Miss where the axes of the three are not batch and rows of one sequence, then heads and columns. */
function inputChange(
  parts: readonly SiteOperand[],
  layout: AttentionLayout,
  { input }: Projection,
): Match<Arrangement> {
  const [query] = parts as [SiteOperand];
  const rows = leavesOf(query.rows);
  const depth = input.shape?.at(-1);
  const leads = parts.map((part): Axes | undefined => {
    const own = leavesOf(part.rows);
    const isAlike =
      own.length === rows.length && own.every((one, i) => equalDims(one.size, (rows[i] as AxisFactor).size));
    const { axes } = part.sources[0];
    const columns = [...layout.heads, ...part.columns];
    const isRanked = input.shape?.length === axes.length;
    if (!isAlike || !isRanked || !sameFactors(leavesOf(axes.at(-1) ?? []), leavesOf(columns))) return undefined;
    return axes.slice(0, -1).map((axis) => leavesOf(axis).map((one) => rows[own.indexOf(one)] ?? one));
  });
  const [lead] = leads;
  const miss = (text: string): Miss => new Miss(text, input);
  if (!lead || leads.some((one) => !one || !sameAxes(one, lead)))
    return miss('the axes of the projections are not batch, sequence, heads and columns');
  if (typeof depth !== 'number') return miss('the width of the input of the projections is not known');
  const columns: readonly AxisFactor[] = [{ size: depth }];
  const change = arrange([...lead, columns], [leavesOf(layout.batch), rows, columns]);
  return change ?? miss('sizes of the input of the projections are not known');
}

/** Weights and bias, made once for all sites with these; where one product makes all three, they are its own. */
function weightsOf(
  builder: Rewriter,
  shared: SharedBiases,
  three: QkvProjections,
  elem: DataType,
): readonly [Value, Value] {
  const keys = three.map(({ weights, bias, from }) => [weights.sequence, bias?.sequence ?? '', from].join(' '));
  const name = three[0].weights.name;
  const once = (part: string, make: () => Value): Value => memo(shared, `${part} ${keys}`, make);
  const { weights, bias } = three[0];
  const isWhole =
    three.every((one, i) => one.weights === weights && one.bias === bias && one.from === i * one.width) &&
    weights.tensor?.shape[1] === 3 * three[0].width;
  return [
    isWhole ? weights : once('weights', () => builder.constant(packedWeights(three, elem), name && `${name}_qkv`)),
    isWhole && bias?.tensor?.shape.length === 1
      ? bias
      : once('bias', () => builder.constant(packedBias(three, elem), bias?.name && `${bias.name}_qkv`)),
  ];
}
