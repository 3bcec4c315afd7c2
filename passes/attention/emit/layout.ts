/** The dims of a site as attention kernels have them: batch, heads, rows, keys; and its operands brought to their forms. */
import { type Axes, type AxisFactor, sameAxes, sizeOf } from '../../../src/match/views/view.js';
import type { SiteOperand } from '../read/parts.js';
import type { AttentionSite } from '../read/site.js';

export interface AttentionLayout {
  readonly batch: readonly AxisFactor[];
  /** One axis, or none: one head. */
  readonly heads: readonly AxisFactor[];
  readonly rows: readonly AxisFactor[];
  readonly keys: readonly AxisFactor[];
  readonly columns: readonly AxisFactor[];
  readonly valueColumns: readonly AxisFactor[];
  /** The number of heads. */
  readonly count: number;
}

/** [batch, rows, heads·columns] */
export const merged = (part: SiteOperand, { batch, heads }: AttentionLayout): Axes => [
  batch,
  part.rows,
  [...heads, ...part.columns],
];
/** [batch, heads, rows, columns] */
export const separate = (part: SiteOperand, { batch, heads }: AttentionLayout): Axes => [
  batch,
  heads,
  part.rows,
  part.columns,
];

/**
 * Finds the heads among the leading factors: the ones that the query was split at, else the last axis; kernels want a
 * number. Folded: heads (or batches) with the same keys and values are more rows of one query.
 */
export function layoutOf(site: AttentionSite, isFolded = true): AttentionLayout {
  const { query, key, value } = site;
  const isShared = (factor: AxisFactor): boolean => value.lacks.includes(factor) && !query.lacks.includes(factor);
  const shared = isFolded ? key.lacks.filter(isShared) : [];
  const axes = site.leads
    .map((axis) => axis.filter((factor) => !shared.includes(factor)))
    .filter(({ length }) => length > 0);
  const leads = axes.flat();
  const rows = [...shared, ...query.rows];
  const layout = (heads: readonly AxisFactor[]): AttentionLayout => ({
    batch: leads.filter((factor) => !heads.includes(factor)),
    heads,
    rows,
    keys: key.rows,
    columns: query.columns,
    valueColumns: value.columns,
    count: sizeOf(heads) as number,
  });
  const isCounted = (heads: readonly AxisFactor[]): boolean => heads.length > 0 && typeof sizeOf(heads) === 'number';
  const runs = leads.flatMap((_, from) => leads.map((_, to) => leads.slice(from, to + 1)).filter(isCounted));
  const split = runs.find((heads) => sameAxes(query.sources[0].axes, merged({ ...query, rows }, layout(heads))));
  const last = (axes.length > 1 ? axes.at(-1) : leads.slice(1).slice(-1)) ?? [];
  return layout(split ?? (isCounted(last) ? last : []));
}
