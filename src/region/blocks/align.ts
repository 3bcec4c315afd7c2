/**
 * Chains put side by side: which instance each of their nodes belongs to, and which instances a block can span.
 *
 * An edge between two chains says how far one is ahead of the other: as many instances on every repeat. Going along the
 * edges from one chain aligns all. Chains differ in length where the first or last repeats differ; a window of instances
 * takes the chains that cover it.
 */
import type { Wiring } from './wiring.js';

/** Nodes as `rows[part][instance]`. */
export type AlignedRows = number[][];

/** A chain and the instance that its first node belongs to, counted from that of the first chain. */
export interface PlacedChain {
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

  /**
   * The chains in groups that hang together, each aligned. Where a chain can be reached at two bases, as a layer's end from
   * its middle and from the next layer's start, the one at which it spans the same instances as its neighbour is taken.
   * Linear in nodes and edges of the chains.
   */
  groups(chains: readonly (readonly number[])[]): PlacedChain[][] {
    chains.forEach((chain, number) => {
      chain.forEach((node, index) => {
        this.#chainOf[node] = number;
        this.#indexOf[node] = index;
      });
    });
    const isPlaced = new Uint8Array(chains.length);
    const groups: PlacedChain[][] = [];
    for (const root of byLength(chains)) {
      if (isPlaced[root]) continue;
      const group: PlacedChain[] = [];
      // Of neighbours those that span the same instances go first, then those that span more or fewer, then shifted ones.
      const open: Proposal[][] = [[{ number: root, base: 0 }], [], []];
      const at = [0, 0, 0];
      for (;;) {
        const rank = open.findIndex((list, index) => (at[index] as number) < list.length);
        if (rank < 0) break;
        const { number, base } = (open[rank] as Proposal[])[at[rank] as number] as Proposal;
        at[rank] = (at[rank] as number) + 1;
        if (isPlaced[number]) continue;
        isPlaced[number] = 1;
        const placed: PlacedChain = { chain: chains[number] as readonly number[], base };
        group.push(placed);
        for (const one of this.#neighbours(placed, chains, isPlaced)) {
          const ahead = one.base - base;
          const behind = ahead + (chains[one.number] as readonly number[]).length - placed.chain.length;
          open[ahead === 0 && behind === 0 ? 0 : ahead * behind <= 0 ? 1 : 2]?.push(one);
        }
      }
      groups.push(group);
    }
    for (const chain of chains) for (const node of chain) this.#chainOf[node] = -1;
    return groups;
  }

  /**
   * Chains next to this one that have no place yet, at each base that edges of at least every second instance give them,
   * most edges first: chains that do not keep step are no neighbours.
   */
  #neighbours(own: PlacedChain, chains: readonly (readonly number[])[], isPlaced: Uint8Array): Proposal[] {
    const votes = new Map<number, Map<number, number>>();
    const vote = (node: number, instance: number): void => {
      const number = this.#chainOf[node] as number;
      if (number < 0 || isPlaced[number]) return;
      const bases = votes.get(number) ?? new Map<number, number>();
      const base = instance - (this.#indexOf[node] as number);
      votes.set(number, bases.set(base, (bases.get(base) ?? 0) + 1));
    };
    own.chain.forEach((node, index) => {
      for (const producer of this.wiring.producers[node] ?? []) if (producer >= 0) vote(producer, own.base + index);
      for (const list of this.wiring.readers[node] ?? [])
        for (const reader of list) vote(reader.node, own.base + index);
    });
    return [...votes].flatMap(([number, bases]) => {
      const least = Math.min(own.chain.length, (chains[number] as readonly number[]).length) / 2;
      const enough = [...bases].filter(([, count]) => count >= least);
      return enough.sort(([a, m], [b, n]) => n - m || a - b).map(([base]) => ({ number, base }));
    });
  }
}

/** A place for a chain. */
interface Proposal {
  readonly number: number;
  readonly base: number;
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

/** Nodes in all instances. */
export const areaOf = ({ start, end, size }: Window): number => size * (end - start);

/** The windows worth looking at, the largest first. */
export function windowsOf(group: readonly PlacedChain[]): Window[] {
  const frequent = (border: (one: PlacedChain) => number): number[] => {
    const counts = new Map<number, number>();
    for (const one of group) counts.set(border(one), (counts.get(border(one)) ?? 0) + 1);
    const sorted = [...counts].sort(([a, m], [b, n]) => n - m || a - b);
    return sorted.slice(0, BORDERS).map(([at]) => at);
  };
  const ends = frequent(endOf);
  return frequent(({ base }) => base)
    .flatMap((start) =>
      ends
        .filter((end) => end - start >= 2)
        .map((end) => ({ start, end, size: group.filter((one) => covers(one, start, end)).length })),
    )
    .filter(({ size }) => size > 0)
    .sort((a, b) => areaOf(b) - areaOf(a));
}

const endOf = ({ base, chain }: PlacedChain): number => base + chain.length;

export const covers = (one: PlacedChain, start: number, end: number): boolean => one.base <= start && endOf(one) >= end;
