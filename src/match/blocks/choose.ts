/**
 * Which of the overlapping repeats are the blocks.
 *
 * What covers most nodes wins. But where more and smaller repeats cover nearly as much as the larger ones they lie in, they
 * are the better description: six layers, not three pairs of layers; all three layers without the two nodes that the first
 * one lacks, not the last two whole. Nearly as much is counted in nodes and in parameters: attentions alone, self and cross,
 * hold most nodes of a decoder's layers and half of the parameters; the layer is the block.
 */
import type { Rows } from './align.js';
import type { Candidate } from './candidates.js';

/** Smaller repeats are taken where they cover this share of what the larger ones cover. */
const SHARE = 0.75;

interface Measured extends Candidate {
  /** Nodes, and parameters that they read, of all repeats. */
  readonly nodes: number;
  readonly parameters: number;
}

export class Choice {
  readonly #used: Uint8Array;
  readonly #marks: Int32Array;
  #mark = 0;

  /** `parameters`: how many each node reads. */
  constructor(readonly parameters: Float64Array) {
    this.#used = new Uint8Array(parameters.length);
    this.#marks = new Int32Array(parameters.length);
  }

  /**
   * Takes candidates one after another: `accept` gets the rows and says whether they became blocks. No node is offered
   * after it was accepted, and no rows that are not `isLarge` enough.
   */
  run(candidates: readonly Candidate[], isLarge: (rows: Rows) => boolean, accept: (rows: Rows) => boolean): void {
    let open = candidates.map((one) => this.#measured(one));
    while (open.length > 0) {
      open.sort((a, b) => b.nodes - a.nodes || b.rows.length - a.rows.length);
      const chosen = this.#finest(open);
      if (accept(chosen.rows)) for (const row of chosen.rows) for (const node of row) this.#used[node] = 1;
      open = open.flatMap((one) => {
        if (one === chosen) return [];
        const rows = one.rows.filter((row) => !row.some((node) => this.#used[node]));
        if (rows.length === one.rows.length) return [one];
        return isLarge(rows) ? [this.#measured({ ...one, rows })] : [];
      });
    }
  }

  #measured({ rows, count }: Candidate): Measured {
    let parameters = 0;
    for (const row of rows) for (const node of row) parameters += this.parameters[node] as number;
    return { rows, count, nodes: rows.length * count, parameters };
  }

  /** The first candidate, or the one with the most repeats among those that overlap it and cover about as much. */
  #finest(sorted: readonly Measured[]): Measured {
    const first = sorted[0] as Measured;
    let best = first;
    const isNear = (one: Measured) => one.count > best.count && one.nodes >= SHARE * first.nodes;
    for (const one of this.#overlapping(first, sorted.filter(isNear))) {
      if (!isNear(one)) continue;
      const larger = this.#disjoint(this.#overlapping(one, sorted).filter(({ count }) => count < one.count));
      if (one.nodes >= SHARE * larger.nodes && one.parameters >= SHARE * larger.parameters) best = one;
    }
    return best;
  }

  #overlapping({ rows }: Measured, among: readonly Measured[]): readonly Measured[] {
    const mark = ++this.#mark;
    for (const row of rows) for (const node of row) this.#marks[node] = mark;
    return among.filter((one) => one.rows.some((row) => row.some((node) => this.#marks[node] === mark)));
  }

  /** What those cover together that can all be blocks, the largest first. */
  #disjoint(sorted: readonly Measured[]): { nodes: number; parameters: number } {
    const mark = ++this.#mark;
    const sum = { nodes: 0, parameters: 0 };
    for (const { rows, nodes, parameters } of sorted) {
      if (rows.some((row) => row.some((node) => this.#marks[node] === mark))) continue;
      for (const row of rows) for (const node of row) this.#marks[node] = mark;
      sum.nodes += nodes;
      sum.parameters += parameters;
    }
    return sum;
  }
}
