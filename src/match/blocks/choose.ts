/**
 * Which of the overlapping repeats are the blocks.
 *
 * What covers most nodes wins. But where more and smaller repeats cover nearly as much as the larger ones they lie in, they
 * are the better description: six layers, not three pairs of layers; all three layers without the two nodes that the first
 * one lacks, not the last two whole. Attention alone, which covers half of what encoder and decoder layers cover, is not.
 */
import type { Rows } from './align.js';
import { type Candidate, LEAST } from './candidates.js';

/** Smaller repeats are taken where they cover this share of what the larger ones cover. */
const SHARE = 0.75;

const coverage = ({ rows, count }: Candidate): number => rows.length * count;

/**
 * Takes candidates one after another: `accept` gets the rows and says whether they became blocks. No node is offered in
 * two that were accepted.
 */
export function choose(
  candidates: readonly Candidate[],
  length: number,
  isWhole: (node: number) => boolean,
  accept: (rows: Rows) => boolean,
): void {
  const used = new Uint8Array(length);
  const isLarge = ({ rows }: Candidate) => rows.length >= LEAST || rows.some(([node]) => isWhole(node as number));
  let open = candidates.slice();
  while (open.length > 0) {
    open.sort((a, b) => coverage(b) - coverage(a) || b.rows.length - a.rows.length);
    const chosen = finest(open, length);
    if (accept(chosen.rows)) for (const row of chosen.rows) for (const node of row) used[node] = 1;
    open = open
      .filter((one) => one !== chosen)
      .map((one) => ({ ...one, rows: one.rows.filter((row) => !row.some((node) => used[node])) }))
      .filter(isLarge);
  }
}

/** The first candidate, or the one with the most repeats among those that overlap it and cover about as much. */
function finest(sorted: readonly Candidate[], length: number): Candidate {
  const first = sorted[0] as Candidate;
  const marks = new Int32Array(length);
  const overlaps = ({ rows }: Candidate, mark: number) => rows.some((row) => row.some((node) => marks[node] === mark));
  mark(first, marks, 1);
  let best = first;
  let number = 1;
  for (const one of sorted) {
    if (one.count <= best.count || coverage(one) < SHARE * coverage(first)) continue;
    mark(first, marks, 1);
    if (!overlaps(one, 1)) continue;
    mark(one, marks, ++number);
    const taken = new Uint8Array(length);
    let larger = 0;
    for (const other of sorted) {
      if (other.count >= one.count || !overlaps(other, number)) continue;
      if (other.rows.some((row) => row.some((node) => taken[node]))) continue;
      for (const row of other.rows) for (const node of row) taken[node] = 1;
      larger += coverage(other);
    }
    if (coverage(one) >= SHARE * larger) best = one;
  }
  return best;
}

function mark({ rows }: Candidate, marks: Int32Array, value: number): void {
  for (const row of rows) for (const node of row) marks[node] = value;
}
