/**
 * Repeats that stand side by side, several in each layer, put together: linears of query, key and value, read from the
 * same value, are one part of the layer, though an odd attention behind them keeps the rest of the layer from being found.
 */
import type { AlignedRows } from './align.js';
import type { Wiring } from './wiring.js';

/** One instance for all of equal depth, if these are equally many, more than one, and read one value of their own. */
export function together({ depth, producers }: Wiring, rows: AlignedRows): AlignedRows | undefined {
  const groups = new Map<number, number[]>();
  rows[0]?.forEach((node, instance) => {
    const group = groups.get(depth[node] as number);
    if (group) group.push(instance);
    else groups.set(depth[node] as number, [instance]);
  });
  const lists = [...groups.values()];
  const abreast = lists[0]?.length ?? 0;
  if (abreast < 2 || lists.length < 2 || lists.some(({ length }) => length !== abreast)) return undefined;
  const isLevel = (row: readonly number[]) =>
    lists.every(([first = 0, ...others]) => others.every((at) => depth[row[at] ?? 0] === depth[row[first] ?? 0]));
  /** The node that all of a group read here; -1 for none. */
  const source = (row: readonly number[], group: readonly number[], place: number): number => {
    const read = new Set(group.map((at) => producers[row[at] as number]?.[place] ?? -1));
    return read.size === 1 ? ([...read][0] as number) : -1;
  };
  const isFed = rows.some((row) =>
    producers[row[0] as number]?.some((_, place) => {
      const read = new Set(lists.map((group) => source(row, group, place)));
      return read.size === lists.length && !read.has(-1);
    }),
  );
  if (!isFed || !rows.every(isLevel)) return undefined;
  return Array.from({ length: abreast }).flatMap((_, place) =>
    rows.map((row) => lists.map((group) => row[group[place] as number] as number)),
  );
}
