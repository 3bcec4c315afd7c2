/** Everything in a scope that repeats: rows of nodes that play the same part, many of them overlapping. */
import { Alignment, type Rows, windowsOf } from './align.js';
import { cut } from './border.js';
import { type Levels, piecesOf } from './convex.js';
import { Growth } from './grow.js';
import { labelsOf } from './labels.js';
import type { Wiring } from './wiring.js';

export interface Candidate {
  readonly rows: Rows;
  /** How many times it repeats. */
  readonly count: number;
}

/** How far the surroundings reach by which seeds are told apart: within a layer, from its middle. */
const RADIUS = 4;
/** Seeds are tried by their surroundings at these radii. */
const SEED_RADII = [4, 2, 1];
/** Growing ends after so many pairs for each node of the scope: what is left to find is small. */
const PAIRS_PER_NODE = 40;
/** Windows of one growth, and of all, that become candidates: those that cover most. */
const WINDOWS = 6;
const CANDIDATES = 64;

/** The fewest nodes of a block, unless it calls a local function. */
export const LEAST = 3;

/** `isWhole`: a node that is a block alone, as a call of a local function is. */
export function candidatesOf(wiring: Wiring, levels: Levels, isWhole: (node: number) => boolean): Candidate[] {
  const found: { rows: () => Rows; covers: number; size: number }[] = [];
  const alignment = new Alignment(wiring);
  const labels = labelsOf(wiring, RADIUS);
  const growth = new Growth(wiring, labels);
  const { length } = wiring.nodes;
  const known = new Set<number>();
  let budget = PAIRS_PER_NODE * length;
  const isLarge = (rows: readonly (readonly number[])[]) =>
    rows.length >= LEAST || rows.some(([node]) => isWhole(node as number));
  for (const radius of [...SEED_RADII, 0])
    for (const seeds of classesOf(wiring, labels.rings[radius] as Float64Array)) {
      if (radius === 0 && !isWhole(seeds[0] as number)) continue;
      const isNew = (node: number, at: number) => at > 0 && !known.has((seeds[at - 1] as number) * length + node);
      if (2 * seeds.filter(isNew).length < seeds.length - 1 || budget < 0) continue;
      growth.run(seeds);
      for (const node of growth.paired) known.add(node * length + (growth.next[node] as number));
      budget -= growth.paired.length;
      for (const group of alignment.groups(growth.chains())) {
        const windows = windowsOf(group).filter(
          ({ size }) => size >= LEAST || isLarge(group.map(({ chain }) => [...chain])),
        );
        const area = ({ start, end, size }: (typeof windows)[0]) => size * (end - start);
        for (const window of windows.sort((a, b) => area(b) - area(a)).slice(0, WINDOWS))
          found.push({ rows: () => cut(wiring, group, window), covers: area(window), size: window.size });
      }
      growth.clear();
    }
  return found
    .sort((a, b) => b.covers - a.covers || b.size - a.size)
    .slice(0, CANDIDATES)
    .flatMap(({ rows }) => {
      const whole = rows();
      return piecesOf(whole, levels.typical(whole));
    })
    .filter(isLarge)
    .map((rows) => ({ rows, count: (rows[0] as number[]).length }));
}

/** Nodes of equal label, two or more, in the order of their depth. */
function classesOf({ depth }: Wiring, ring: Float64Array): number[][] {
  const classes = new Map<number, number[]>();
  ring.forEach((label, node) => {
    const one = classes.get(label);
    if (one) one.push(node);
    else classes.set(label, [node]);
  });
  const several = [...classes.values()].filter(({ length }) => length > 1);
  for (const one of several) one.sort((a, b) => (depth[a] as number) - (depth[b] as number) || a - b);
  return several;
}
