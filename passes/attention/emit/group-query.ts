/**
 * Emits com.microsoft GroupQueryAttention for a site whose mask is causal. Query [B, S, N·D]; key and value [B, S,
 * G·D], before they are repeated; the rest of the mask is a bias [B|1, N|1, S, S]; output [B, S, N·D].
 *
 * The kernel always sees the keys up to the query and no others. Its lengths say how many keys a batch has; here every
 * batch is as long as its tensors, and padding is left to the bias.
 */
import type { Facts } from '../../../src/infer/index.js';
import { type Dim, dimText, equalDims } from '../../../src/ir/dims/dims.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import {
  type AxisFactor,
  cut,
  cutsBetween,
  leavesOf,
  namesBy,
  sameFactors,
  sizeOf,
  viewOf,
} from '../../../src/match/views/view.js';
import { causalityOf, inputsOf } from '../mask/causal.js';
import type { SiteOperand } from '../read/parts.js';
import type { AttentionSite } from '../read/site.js';
import { biasOf, memo, type SharedBiases } from './bias.js';
import { emissionOf } from './call.js';
import type { Emitter } from './kernel.js';
import { type AttentionLayout, layoutOf, merged } from './layout.js';
import { type ArrangedOperand, dimsOf, elemOfKernel, operand } from './operands.js';
import { fillOfRows, withWholeRows } from './whole-rows.js';

const WHOLE = 'a row that is masked whole is shared out over later keys, which GroupQueryAttention does not see';
/** The sizes of heads must be multiples of this, everywhere. */
const MULTIPLE = 8;

export const groupQueryAttention: Emitter = (given, facts) => {
  const { softmax } = given;
  const site = ungrouped(given, facts);
  const layout = layoutOf(site, false);
  if (!equalDims(sizeOf(layout.rows), sizeOf(layout.keys)))
    return new Miss('GroupQueryAttention wants as many keys as queries', softmax);
  const size = sizeOf(layout.columns);
  if (typeof size !== 'number' || size % MULTIPLE !== 0 || !equalDims(size, sizeOf(layout.valueColumns)))
    return new Miss(`GroupQueryAttention wants heads of one size, a multiple of ${MULTIPLE}`, softmax);
  const groups = groupsOf(site, layout);
  if (groups instanceof Miss) return groups;
  const count = sizeOf(groups) as number;
  const causality = causalityOf(site, facts);
  if (causality instanceof Miss) return causality;
  const { budget } = softmax.graph.model;
  // Two constants are made: a length for each batch, and the columns of each head.
  const lists = [sizeOf(layout.batch), layout.count * size].filter((one) => typeof one === 'number');
  if (!lists.every((one) => budget.spend('constant-bytes', 8 * one)))
    return new Miss(budget.reasonOf('constant-bytes'), softmax);
  const elem = elemOfKernel(site);
  const shared = { ...layout, heads: groups };
  const operands = (
    [
      ['query', layout],
      ['key', shared],
      ['value', shared],
    ] as const
  ).map(([name, own]) => operand(site[name], merged(site[name], own), site));
  const missing = operands.find((one) => one instanceof Miss);
  if (missing) return missing;
  const fill = causality.mayBeWhole ? fillOfRows(site, layout, facts) : undefined;
  if (causality.mayBeWhole && (fill === undefined || elem !== 'float32')) return new Miss(WHOLE, softmax);
  const bias = causality.isPure ? undefined : biasOf(site, layout, elem);
  if (bias instanceof Miss) return bias;
  const dims = dimsOf(operands[0] as ArrangedOperand);
  return emissionOf(site, {
    opType: 'GroupQueryAttention',
    domain: 'com.microsoft',
    operands: operands as [ArrangedOperand, ArrangedOperand, ArrangedOperand],
    bias,
    elem,
    axes: [layout.batch, layout.rows, [...layout.heads, ...layout.valueColumns]],
    attributes: { num_heads: layout.count, kv_num_heads: count },
    masks: inputsOf(site, facts),
    inputs({ query, key, value, bias }, builder, shared) {
      const lengths = lengthsOf(builder, shared, query, dims);
      const none = undefined;
      return [query, key, value, none, none, ...lengths, ...(bias ? [none, none, none, bias] : [])];
    },
    finish(output, { value, bias }, builder, shared) {
      if (fill === undefined || !bias) return output;
      const rows = { bias, fill, values: value, heads: layout.count, groups: count, size };
      return withWholeRows(builder, shared, output, rows);
    },
  });
};

/** Finds the heads of key and value; a Miss where the query's heads that share one are not neighbours. */
function groupsOf(
  { key, value, softmax }: AttentionSite,
  { batch, heads }: AttentionLayout,
): Match<readonly AxisFactor[]> {
  const groups = heads.filter((factor) => !key.lacks.includes(factor));
  const isShared = [...batch, ...heads].every((factor) => key.lacks.includes(factor) === value.lacks.includes(factor));
  if (!isShared || batch.some((factor) => key.lacks.includes(factor)))
    return new Miss('key and value are not shared by the same heads', softmax);
  if (!sameFactors(groups, heads.slice(0, groups.length)))
    return new Miss('the heads that share a key are not neighbours', softmax);
  return groups;
}

/** Replaces key and value of the site by the tensors before they are repeated for the heads that share them. */
function ungrouped(site: AttentionSite, facts: Facts): AttentionSite {
  const [key, value] = [unrepeated(site.key, facts), unrepeated(site.value, facts)];
  return {
    ...site,
    key: leafed(key),
    value: leafed(value.sources[0].scale === 1 ? value : site.value),
    query: leafed(site.query),
    leads: site.leads.map(leavesOf),
  };
}

const leafed = (part: SiteOperand): SiteOperand => ({
  sources: part.sources.map((one) => ({ ...one, axes: one.axes.map(leavesOf) })) as unknown as SiteOperand['sources'],
  rows: leavesOf(part.rows),
  columns: leavesOf(part.columns),
  lacks: leavesOf(part.lacks),
  scales: part.scales,
});

/** Takes a part from before the ops that repeat it. */
function unrepeated(part: SiteOperand, facts: Facts): SiteOperand {
  const [first] = part.sources;
  const view = viewOf(first.value, facts, true);
  if (!view || view.base === first.value) return part;
  const [own, shared] = [view.axes.flat(), first.axes.flat()];
  const cuts = cutsBetween(own, shared);
  if (!cuts) return part;
  cut(cuts);
  const names = namesBy(own, shared);
  const axes = view.baseAxes.map((own) => leavesOf(own).map((factor) => names.get(factor) ?? factor));
  const has = new Set(axes.flat());
  const repeats = leavesOf(first.axes.flat()).filter((factor) => !has.has(factor));
  return {
    ...part,
    sources: [{ value: view.base, axes, scale: first.scale * view.scale }],
    lacks: [...leavesOf(part.lacks), ...repeats],
  };
}

/** Makes the last key's index of each batch and the number of keys, once for all sites of these sizes. */
function lengthsOf(
  builder: Rewriter,
  shared: SharedBiases,
  query: Value,
  [batch, length]: readonly Dim[],
): readonly [Value, Value] {
  const once = (name: string, make: () => Value): Value =>
    memo(shared, `${name} ${dimText(batch as Dim)} ${dimText(length as Dim)}`, make);
  if (typeof batch === 'number' && typeof length === 'number') {
    const last = tensorOf('int32', Array<number>(batch).fill(length - 1));
    return [once('last', () => builder.constant(last)), once('total', () => builder.constant('int32', length))];
  }
  const shape = once('shape', () => builder.op('Shape', [query]));
  const dim = (axis: Value): Value => builder.op('Gather', [shape, axis]);
  const total = once('total', () => builder.cast(dim(builder.constant('int64', 1)), 'int32'));
  const last = once('last', () =>
    builder.op('Expand', [builder.op('Sub', [total, builder.constant('int32', 1)]), dim(builder.ints(0))]),
  );
  return [last, total];
}
