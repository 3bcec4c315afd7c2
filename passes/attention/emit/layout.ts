/** The dims of a site as attention kernels have them: batch, heads, rows, keys; and its operands brought to their forms. */
import type { Dim } from '../../../src/ir/dims.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import { type Axes, type Factor, sameAxes } from '../../../src/match/view.js';
import { type Part, type Source, sizeOf } from '../read/parts.js';
import type { AttentionSite } from '../read/site.js';
import { arrange, type Change } from './arrange.js';

export interface Layout {
  readonly batch: readonly Factor[];
  /** One axis, or none: one head. */
  readonly heads: readonly Factor[];
  readonly rows: readonly Factor[];
  readonly keys: readonly Factor[];
  readonly columns: readonly Factor[];
  readonly valueColumns: readonly Factor[];
  /** How many heads there are. */
  readonly count: number;
}

/** [batch, rows, heads·columns] */
export const merged = (part: Part, { batch, heads }: Layout): Axes => [batch, part.rows, [...heads, ...part.columns]];
/** [batch, heads, rows, columns] */
export const separate = (part: Part, { batch, heads }: Layout): Axes => [batch, heads, part.rows, part.columns];

/**
 * Which of the leading factors are heads: those that the query was split at if there are, else the last axis; kernels want a number.
 * Folded: heads (or batches) that share their keys and values are more rows of one query.
 */
export function layoutOf(site: AttentionSite, isFolded = true): Layout {
  const { query, key, value } = site;
  const isShared = (factor: Factor): boolean => value.lacks.includes(factor) && !query.lacks.includes(factor);
  const shared = isFolded ? key.lacks.filter(isShared) : [];
  const axes = site.leads
    .map((axis) => axis.filter((factor) => !shared.includes(factor)))
    .filter(({ length }) => length > 0);
  const leads = axes.flat();
  const rows = [...shared, ...query.rows];
  const layout = (heads: readonly Factor[]): Layout => ({
    batch: leads.filter((factor) => !heads.includes(factor)),
    heads,
    rows,
    keys: key.rows,
    columns: query.columns,
    valueColumns: value.columns,
    count: sizeOf(heads) as number,
  });
  const isCounted = (heads: readonly Factor[]): boolean => heads.length > 0 && typeof sizeOf(heads) === 'number';
  const runs = leads.flatMap((_, from) => leads.map((_, to) => leads.slice(from, to + 1)).filter(isCounted));
  const split = runs.find((heads) => sameAxes(query.sources[0].axes, merged({ ...query, rows }, layout(heads))));
  const last = (axes.length > 1 ? axes.at(-1) : leads.slice(1).slice(-1)) ?? [];
  return layout(split ?? (isCounted(last) ? last : []));
}

/** The dim that factors make. */
export const dimOf = (factors: readonly Factor[]): Dim => sizeOf(factors);

/** A source of the part brought to a form by the fewest copies; a Miss where it has not every batch and head of its own, or sizes are not known. */
export function formOf(part: Part, form: Axes, site: AttentionSite): Match<readonly [Source, Change]> {
  if (part.lacks.some((factor) => form.flat().includes(factor))) return new Miss(lackText(part, site), site.context, 5);
  const found = part.sources.flatMap((source): [Source, Change][] => {
    const change = arrange(source.axes, form);
    return change ? [[source, change]] : [];
  });
  const best = found.reduce<[Source, Change] | undefined>(
    (least, one) => (least && least[1].copies <= one[1].copies ? least : one),
    undefined,
  );
  return best ?? new Miss('sizes of the operands are not known', site.context, 5);
}

const lackText = (part: Part, site: AttentionSite): string =>
  part === site.query ? 'one query for several batches or heads' : 'one key or value for several batches or heads';
