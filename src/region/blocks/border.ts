/**
 * Where a block is cut. A chain longer than the window, such as the residual additions, of which there is one more than
 * layers, can give each instance the node before or after: the choice with the fewest values across the border is made,
 * of equal ones the later node: what stands before the first repeat, such as a norm, often belongs to what comes before.
 */
import { minOf } from '../../ir/collections/lists.js';
import { type AlignedRows, covers, type PlacedChain, type Window } from './align.js';
import type { OutputReader, Wiring } from './wiring.js';

/** Rounds of moving chains; each moves every one that gains by it. */
const ROUNDS = 4;

/** The nodes of a window's instances. */
export function cut(wiring: Wiring, group: readonly PlacedChain[], { start, end }: Window): AlignedRows {
  const chains = group.filter((one) => covers(one, start, end)).map(({ chain, base }) => ({ chain, base }));
  const row = ({ chain, base }: PlacedChain): number[] => chain.slice(start - base, end - base);
  const loose = chains.filter(({ chain }) => chain.length > end - start);
  // Where most chains are longer, the window is a part of a longer repeat, and no cut of it is worth the time.
  if (2 * loose.length > chains.length) return chains.map(row);
  // What crosses differs in the first and the last instance: these two and one between tell.
  const samples = [...new Set([0, (end - start) >> 1, end - start - 1])];
  const insides = samples.map((sample) => new Set(chains.map((one) => row(one)[sample] as number)));
  for (let round = 0, moved = true; round < ROUNDS && moved; round++) {
    moved = false;
    for (const one of loose) {
      const bases = [one.base - 1, one.base, one.base + 1].filter((base) => covers({ ...one, base }, start, end));
      const costs = bases.map(() => 0);
      const nodes = samples.map((sample) => bases.map((base) => one.chain[start - base + sample] as number));
      samples.forEach((sample, at) => {
        const inside = insides[at] as Set<number>;
        inside.delete(one.chain[start - one.base + sample] as number);
        nodes[at]?.forEach((node, choice, all) => {
          inside.add(node);
          costs[choice] = (costs[choice] as number) + crossing(wiring, inside, all);
          inside.delete(node);
        });
      });
      const best = costs.indexOf(minOf(costs));
      moved ||= one.base !== bases[best];
      one.base = bases[best] as number;
      nodes.forEach((all, at) => {
        insides[at]?.add(all[best] as number);
      });
    }
  }
  return chains.map(row);
}

/** How many of the values that these nodes make or read are made on one side and read on the other. */
function crossing(
  { producers, reads, readers }: Wiring,
  inside: ReadonlySet<number>,
  nodes: readonly number[],
): number {
  const counted = new Set<readonly OutputReader[]>();
  let across = 0;
  const count = (node: number, list: readonly OutputReader[] | undefined): void => {
    if (!list || counted.has(list)) return;
    counted.add(list);
    const isInside = inside.has(node);
    if (list.some((reader) => inside.has(reader.node) !== isInside)) across++;
  };
  for (const node of nodes) {
    for (const list of readers[node] ?? []) count(node, list);
    producers[node]?.forEach((producer, place) => {
      if (producer >= 0) count(producer, readers[producer]?.[reads[node]?.[place]?.index ?? 0]);
    });
  }
  return across;
}

/** How many values the instances read from outside or give to it, all together. */
export function borderOf({ producers, reads, readers }: Wiring, rows: AlignedRows): number {
  let border = 0;
  for (let instance = 0; instance < (rows[0]?.length ?? 0); instance++) {
    const inside = new Set(rows.map((row) => row[instance] as number));
    const read = new Set<readonly OutputReader[]>();
    for (const node of inside) {
      for (const list of readers[node] ?? []) if (list.some((reader) => !inside.has(reader.node))) border++;
      producers[node]?.forEach((producer, place) => {
        const list = readers[producer]?.[reads[node]?.[place]?.index ?? 0];
        if (list && !inside.has(producer)) read.add(list);
      });
    }
    border += read.size;
  }
  return border;
}
