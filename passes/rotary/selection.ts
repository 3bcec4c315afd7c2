/**
 * Selects the kernel's columns from the exporter's tables: for each pair one column, where both lanes turn by the same
 * angle.
 */
import type { Columns, TableColumn } from './columns.js';
import type { ColumnPair, Rotation } from './rotation.js';
import type { Selection } from './table.js';

/** The columns of cos and of sin; a reason where the lanes of a pair are not turned by one angle. */
export function selectionsOf(rotation: Rotation, columns: Columns): { cos: Selection; sin: Selection } | string {
  const cos = selectionOf('cos', rotation.cos, columns);
  if (typeof cos === 'string') return cos;
  const sin = selectionOf('sin', rotation.sin, columns);
  return typeof sin === 'string' ? sin : { cos, sin };
}

function selectionOf(name: string, pairs: readonly ColumnPair[], columns: Columns): Selection | string {
  for (const { first, second } of pairs) {
    const compared = columns.compare(first, second);
    if (compared === -1) return `the two lanes of a pair are turned with ${name} of opposite signs`;
    if (!compared) return `the two lanes of a pair are not shown to have the same ${name}`;
  }
  const sides = [pairs.map(({ first }) => first), pairs.map(({ second }) => second)];
  const selections = sides.flatMap((side) => selected(side) ?? []);
  return selections.find(({ factor }) => factor === 1) ?? selections[0] ?? `${name} is in several tables`;
}

/** Columns of one value under one factor. */
function selected(side: readonly TableColumn[]): Selection | undefined {
  const [first] = side as [TableColumn];
  const isOne = side.every(
    ({ value, rank, coefficient }) => value === first.value && rank === first.rank && coefficient === first.coefficient,
  );
  if (!isOne) return undefined;
  return {
    value: first.value,
    rank: first.rank,
    columns: side.map(({ index }) => index),
    factor: first.coefficient,
  };
}
