/**
 * Chains put side by side: which instance each of their nodes belongs to, and which instances a block can span.
 *
 * An edge between two chains says how far one is ahead of the other: as many instances on every repeat. Going along the
 * edges from one chain aligns all. Chains differ in length where the first or last repeats differ; a window of instances
 * takes the chains that cover it.
 */
import type { Wiring } from './wiring.js';

/** Nodes as `rows[part][instance]`. */
export type Rows = number[][];

/** A chain and the instance that its first node belongs to, counted from that of the first chain. */
export interface Placed {
  readonly chain: readonly number[];
  base: number;
}

/** Where each node stands in the chains: reused between growths, so that clearing costs what was written. */
export class Alignment {
  readonly #chainOf: Int32Array;
  readonly #indexOf: Int32Array;

  constructor(readonly wiring: Wiring) {
    this.#chainOf = new Int32Array(wiring.nodes.length).fill(-1);
    this.#indexOf = new Int32Array(wiring.nodes.length);
  }

  /** The chains in groups that hang together, each aligned. Linear in nodes and edges of the chains. */
  groups(chains: readonly (readonly number[])[]): Placed[][] {
    chains.forEach((chain, number) => {
      chain.forEach((node, index) => {
        this.#chainOf[node] = number;
        this.#indexOf[node] = index;
      });
    });
    const placed: (Placed | undefined)[] = chains.map(() => undefined);
    const groups: Placed[][] = [];
    for (const root of byLength(chains)) {
      if (placed[root]) continue;
      const first: Placed = { chain: chains[root] as readonly number[], base: 0 };
      placed[root] = first;
      const group = [first];
      for (let at = 0; at < group.length; at++)
        for (const [number, base] of this.#neighbours(group[at] as Placed, first, chains, placed)) {
          const next: Placed = { chain: chains[number] as readonly number[], base };
          placed[number] = next;
          group.push(next);
        }
      groups.push(group);
    }
    for (const chain of chains) for (const node of chain) this.#chainOf[node] = -1;
    return groups;
  }

  /** Chains next to this one that have no place yet, and the base that most edges give them. */
  #neighbours(
    own: Placed,
    first: Placed,
    chains: readonly (readonly number[])[],
    placed: readonly (Placed | undefined)[],
  ): [number, number][] {
    const votes = new Map<number, Map<number, number>>();
    const vote = (node: number, instance: number): void => {
      const number = this.#chainOf[node] as number;
      if (number < 0 || placed[number]) return;
      const bases = votes.get(number) ?? new Map<number, number>();
      const base = instance - (this.#indexOf[node] as number);
      votes.set(number, bases.set(base, (bases.get(base) ?? 0) + 1));
    };
    own.chain.forEach((node, index) => {
      for (const producer of this.wiring.producers[node] ?? []) if (producer >= 0) vote(producer, own.base + index);
      for (const list of this.wiring.readers[node] ?? [])
        for (const reader of list) vote(reader.node, own.base + index);
    });
    return [...votes].map(([number, bases]) => {
      const most = Math.max(...bases.values());
      const { length } = chains[number] as readonly number[];
      const shared = (base: number) => Math.min(base + length, first.chain.length) - Math.max(base, 0);
      const [best] = [...bases]
        .filter(([, count]) => 2 * count >= most)
        .sort(([a, m], [b, n]) => shared(b) - shared(a) || n - m || a - b)[0] as [number, number];
      return [number, best];
    });
  }
}

/** Chains of the most common length first: those of whole blocks, most likely. */
function byLength(chains: readonly (readonly number[])[]): number[] {
  const counts = new Map<number, number>();
  for (const { length } of chains) counts.set(length, (counts.get(length) ?? 0) + 1);
  const weight = (number: number) => counts.get((chains[number] as readonly number[]).length) as number;
  return chains.map((_, number) => number).sort((a, b) => weight(b) - weight(a) || a - b);
}

/** Instances from `start` to before `end`. */
export interface Window {
  readonly start: number;
  readonly end: number;
  /** How many chains cover it: nodes of each instance. */
  readonly size: number;
}

/** Of the instances where chains start and end, this many are tried, the most frequent first. */
const BORDERS = 6;

/** The windows worth looking at. */
export function windowsOf(group: readonly Placed[]): Window[] {
  const frequent = (border: (one: Placed) => number): number[] => {
    const counts = new Map<number, number>();
    for (const one of group) counts.set(border(one), (counts.get(border(one)) ?? 0) + 1);
    const sorted = [...counts].sort(([a, m], [b, n]) => n - m || a - b);
    return sorted.slice(0, BORDERS).map(([at]) => at);
  };
  const ends = frequent(endOf);
  return frequent(({ base }) => base).flatMap((start) =>
    ends
      .filter((end) => end - start >= 2)
      .map((end) => ({ start, end, size: group.filter((one) => covers(one, start, end)).length })),
  );
}

const endOf = ({ base, chain }: Placed): number => base + chain.length;

export const covers = (one: Placed, start: number, end: number): boolean => one.base <= start && endOf(one) >= end;
