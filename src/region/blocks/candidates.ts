/** Everything in a scope that repeats: rows of nodes that play the same part, many of them overlapping. */
import { together } from './abreast.js';
import { type AlignedRows, Alignment, areaOf, windowsOf } from './align.js';
import { cut } from './border.js';
import { type Levels, piecesOf } from './convex.js';
import { Growth } from './grow.js';
import type { NodeLabels } from './labels.js';
import type { Wiring } from './wiring.js';

/** The same in all searches of a scope. */
export interface ScopeSearch {
  readonly wiring: Wiring;
  readonly labels: NodeLabels;
  readonly levels: Levels;
  readonly used: Uint8Array;
}

export interface BlockCandidate {
  readonly rows: AlignedRows;
  /** How many times it repeats. */
  readonly count: number;
  /** What it was cut from: the same for all pieces of a repeat. */
  readonly whole: AlignedRows;
}

/** How far the surroundings reach by which seeds are told apart: within a layer, from its middle. */
export const RADIUS = 4;
/** Seeds are tried by their surroundings at these radii; at 0 only what is a block alone. */
const SEED_RADII = [4, 2, 1, 0];
/** Growing from seeds of one radius ends after so many pairs, and so many for each node of the scope. */
const PAIRS = 20_000;
const PAIRS_PER_NODE = 2;
/** A repeat with less than this share of the nodes is none: of 100,000 nodes at random many are alike by chance. */
const WORTH = 0.001;
/** All growing ends after so many pairs, and so many for each node, that line up in no repeat. */
const VAIN = 20_000;
const VAIN_PER_NODE = 0.25;
/** Windows of one growth, and windows and pieces of all, that become candidates: those that cover most. */
const WINDOWS = 6;
const CANDIDATES = 64;

/** `used`: 1 for nodes to leave out. `isWhole`: a node that is a block alone. `isLarge`: rows that are enough for one. */
export function candidatesOf(
  { wiring, labels, levels, used }: ScopeSearch,
  isWhole: (node: number) => boolean,
  isLarge: (rows: AlignedRows) => boolean,
): BlockCandidate[] {
  const found: { rows: () => AlignedRows; area: number; size: number }[] = [];
  levels.start();
  const alignment = new Alignment(wiring);
  const growth = new Growth(wiring, labels, used);
  const { length } = wiring.nodes;
  const known = new KnownPairs(length);
  let vain = VAIN + VAIN_PER_NODE * length;
  for (const radius of SEED_RADII) {
    let budget = PAIRS + PAIRS_PER_NODE * length;
    const isSeed = (node: number) => !used[node] && (radius > 0 || isWhole(node));
    for (const seeds of classesOf(wiring, labels.rings[radius] as Float64Array, isSeed)) {
      if (budget < 0 || vain < 0) break;
      if (!seeds.some((node, at) => at > 0 && !known.has(seeds[at - 1] as number, node))) continue;
      growth.run(seeds);
      for (const node of growth.paired) known.add(node, growth.next[node] as number);
      budget -= growth.paired.length;
      const before = found.length;
      for (const group of alignment.groups(growth.chains()))
        for (const window of windowsOf(group).slice(0, WINDOWS))
          if (areaOf(window) >= WORTH * length)
            found.push({ rows: () => cut(wiring, group, window), area: areaOf(window), size: window.size });
      if (found.length === before) vain -= growth.paired.length;
      growth.clear();
    }
  }
  found.sort((a, b) => b.area - a.area || b.size - a.size);
  const candidates: BlockCandidate[] = [];
  const keys = new Set<string>();
  const isKnown = (rows: AlignedRows): boolean => {
    const key = [rows[0]?.length, rows[0]?.at(-1), ...rows.map(([node]) => node)].join();
    return keys.has(key) || !keys.add(key);
  };
  for (const { rows } of found.slice(0, CANDIDATES)) {
    const whole = rows();
    const count = (whole[0] as number[]).length;
    if (isKnown(whole)) continue;
    const typical = levels.typical(whole);
    if (!typical) break;
    for (const piece of piecesOf(whole, typical)) {
      if (!isLarge(piece) || (piece.length < whole.length && isKnown(piece))) continue;
      candidates.push({ rows: piece, count, whole });
      const all = together(wiring, piece);
      if (all && !isKnown(all)) candidates.push({ rows: all, count: (all[0] as number[]).length, whole: all });
    }
  }
  const size = ({ rows, count }: BlockCandidate): number => rows.length * count;
  return candidates.sort((a, b) => size(b) - size(a)).slice(0, CANDIDATES);
}

/**
 * Nodes of equal label, two or more, in the order of their depth; classes of the most frequent size first: as many nodes
 * as there are layers, most likely.
 */
function classesOf({ depth }: Wiring, ring: Float64Array, isSeed: (node: number) => boolean): number[][] {
  const classes = new Map<number, number[]>();
  ring.forEach((label, node) => {
    if (!isSeed(node)) return;
    const one = classes.get(label);
    if (one) one.push(node);
    else classes.set(label, [node]);
  });
  const several = [...classes.values()].filter(({ length }) => length > 1);
  for (const one of several) one.sort((a, b) => (depth[a] as number) - (depth[b] as number) || a - b);
  const nodes = new Map<number, number>();
  for (const { length } of several) nodes.set(length, (nodes.get(length) ?? 0) + length);
  const weight = ({ length }: number[]) => nodes.get(length) as number;
  return several.sort((a, b) => weight(b) - weight(a) || b.length - a.length || (a[0] as number) - (b[0] as number));
}

/** Pairs that were made. Most nodes are paired with one other alone. */
class KnownPairs {
  readonly #first: Int32Array;
  readonly #others = new Set<number>();

  constructor(readonly length: number) {
    this.#first = new Int32Array(length).fill(-1);
  }

  has(node: number, other: number): boolean {
    return this.#first[node] === other || this.#others.has(node * this.length + other);
  }

  add(node: number, other: number): void {
    if ((this.#first[node] as number) < 0) this.#first[node] = other;
    else if (this.#first[node] !== other) this.#others.add(node * this.length + other);
  }
}
