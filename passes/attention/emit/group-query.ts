/**
 * com.microsoft GroupQueryAttention for a site whose mask is causal: query [B, S, N·D], key and value [B, S, G·D] before they are
 * repeated; what the mask does besides as a bias [B|1, N|1, S, S]; output [B, S, N·D].
 *
 * The kernel sees the keys up to the query and no others, whatever else it is told. Its lengths say how many keys a batch has,
 * so padding is left to the bias, and every batch is as long as its tensors.
 */
import type { Facts } from '../../../src/infer/index.js';
import { float } from '../../../src/ir/attribute.js';
import { type Dim, dimText, equalDims } from '../../../src/ir/dims.js';
import { tensorOf } from '../../../src/ir/numbers.js';
import { tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import { type Axes, align, type Factor, leavesOf, sameFactors, viewOf } from '../../../src/match/view.js';
import { causalityOf, inputsOf } from '../mask/causal.js';
import type { Part, Source } from '../read/parts.js';
import type { AttentionSite } from '../read/site.js';
import { biasOf, memo, type SharedBiases } from './bias.js';
import type { Emitter } from './kernel.js';
import { dimOf, type Layout, layoutOf, merged } from './layout.js';
import { dimsOf, elemOfKernel, made, operand } from './operands.js';
import { fillOfRows, withWholeRows } from './whole-rows.js';

const WHOLE = 'a row that is masked whole is shared out over later keys, which GroupQueryAttention does not see';
/** What the sizes of heads must be multiples of, everywhere. */
const MULTIPLE = 8;

export const groupQueryAttention: Emitter = (given, facts) => {
  const { softmax } = given;
  const site = ungrouped(given, facts);
  const layout = layoutOf(site, false);
  if (!equalDims(dimOf(layout.rows), dimOf(layout.keys)))
    return new Miss('GroupQueryAttention wants as many keys as queries', softmax, 7);
  const size = dimOf(layout.columns);
  if (typeof size !== 'number' || size % MULTIPLE !== 0 || !equalDims(size, dimOf(layout.valueColumns)))
    return new Miss(`GroupQueryAttention wants heads of one size, a multiple of ${MULTIPLE}`, softmax, 7);
  const groups = groupsOf(site, layout);
  if (groups instanceof Miss) return groups;
  const count = dimOf(groups) as number;
  const causality = causalityOf(site, facts);
  if (causality instanceof Miss) return causality;
  const { budget } = softmax.graph.model;
  // A length for each batch; which columns a head has.
  const lists = [dimOf(layout.batch), layout.count * size].filter((one) => typeof one === 'number');
  if (!lists.every((one) => budget.spend('constant-bytes', 8 * one)))
    return new Miss(budget.reasonOf('constant-bytes'), softmax, 7);
  const elem = elemOfKernel(site);
  const forms: [Part, Axes][] = [
    [site.query, merged(site.query, layout)],
    [site.key, merged(site.key, { ...layout, heads: groups })],
    [site.value, merged(site.value, { ...layout, heads: groups })],
  ];
  const [query, key, value] = forms.map(([part, form]) => operand(part, form, site)) as [never, never, never];
  for (const one of [query, key, value] as Match<unknown>[]) if (one instanceof Miss) return one;
  const fill = causality.mayBeWhole ? fillOfRows(site, layout, facts) : undefined;
  if (causality.mayBeWhole && (fill === undefined || elem !== 'float32')) return new Miss(WHOLE, softmax, 7);
  const bias = causality.isPure ? undefined : biasOf(site, layout, elem);
  if (bias instanceof Miss) return bias;
  return {
    axes: [layout.batch, layout.rows, [...layout.heads, ...layout.valueColumns]],
    elem,
    operands: [query, key, value].map((one: { source: Source }) => one.source.value),
    masks: inputsOf(site, facts),
    plan: (builder, shared) => {
      const [q, k, v] = [query, key, value].map((one) => made(builder, one, elem)) as [Value, Value, Value];
      const measures = { query: q, queryDims: dimsOf(query), key: k, keyDims: dimsOf(key) };
      // What it is shaped like is known here, and asked by who cuts out another site that shares the lengths.
      q.type ??= tensorType(elem, dimsOf(query));
      const lengths = lengthsOf(builder, shared, q, dimsOf(query));
      const added = bias?.(builder, measures, shared);
      const none = undefined;
      const inputs = [q, k, v, none, none, ...lengths, ...(added ? [none, none, none, added] : [])];
      const { scale: ofQuery } = (query as { source: Source }).source;
      const { scale: ofKey } = (key as { source: Source }).source;
      const attributes = {
        num_heads: layout.count,
        kv_num_heads: count,
        scale: float(site.scale * ofQuery * ofKey),
        ...(site.softcap !== undefined && { softcap: float(site.softcap) }),
      };
      const output = builder.op('GroupQueryAttention', inputs, attributes, { domain: 'com.microsoft' });
      if (fill === undefined || !added) return output;
      const rows = { bias: added, fill, values: v, heads: layout.count, groups: count, size };
      return withWholeRows(builder, shared, output, rows);
    },
  };
};

/** The heads of key and value; a Miss where the heads of the query that share one are not neighbours. */
function groupsOf({ key, value, softmax }: AttentionSite, { batch, heads }: Layout): Match<readonly Factor[]> {
  const groups = heads.filter((factor) => !key.lacks.includes(factor));
  const isShared = [...batch, ...heads].every((factor) => key.lacks.includes(factor) === value.lacks.includes(factor));
  if (!isShared || batch.some((factor) => key.lacks.includes(factor)))
    return new Miss('key and value are not shared by the same heads', softmax, 7);
  if (!sameFactors(groups, heads.slice(0, groups.length)))
    return new Miss('the heads that share a key are not neighbours', softmax, 7);
  return groups;
}

/** The site with key and value as they are before they are repeated for the heads that share them. */
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

const leafed = (part: Part): Part => ({
  sources: part.sources.map((one) => ({ ...one, axes: one.axes.map(leavesOf) })) as unknown as Part['sources'],
  rows: leavesOf(part.rows),
  columns: leavesOf(part.columns),
  lacks: leavesOf(part.lacks),
});

/** Further back, through what repeats it. */
function unrepeated(part: Part, facts: Facts): Part {
  const [first] = part.sources;
  const view = viewOf(first.value, facts, true);
  if (!view || view.base === first.value) return part;
  if (!view.axes.every((own, i) => align(first.axes[i] ?? [], own))) return part;
  const common = new Map<Factor, Factor>();
  view.axes.forEach((own, i) => {
    const shared = leavesOf(first.axes[i] ?? []);
    leavesOf(own).forEach((factor, j) => {
      common.set(factor, shared[j] as Factor);
    });
  });
  const axes = view.baseAxes.map((own) => leavesOf(own).map((factor) => common.get(factor) ?? factor));
  const has = new Set(axes.flat());
  const repeats = leavesOf(first.axes.flat()).filter((factor) => !has.has(factor));
  return {
    ...part,
    sources: [{ value: view.base, axes, scale: first.scale * view.scale }],
    lacks: [...leavesOf(part.lacks), ...repeats],
  };
}

/** The last key's index of each batch, and how many keys there are, made once for all sites of these sizes. */
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
  const total = once('total', () => builder.op('Cast', [dim(builder.constant('int64', 1))], { to: 6 }));
  const last = once('last', () =>
    builder.op('Expand', [builder.op('Sub', [total, builder.constant('int32', 1)]), dim(builder.ints(0))]),
  );
  return [last, total];
}
