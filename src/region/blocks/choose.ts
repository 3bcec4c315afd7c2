/**
 * Which of the overlapping repeats are the blocks.
 *
 * What covers most nodes wins, of equals what is read and given least. But where more and smaller repeats cover nearly as much as the larger ones they lie in, they
 * are the better description: six layers, not three pairs of layers; all three layers without the two nodes that the first
 * one lacks, not the last two whole. Nearly as much is counted in nodes and in parameters: attentions alone, self and cross,
 * hold most nodes of a decoder's layers and half of the parameters; the layer is the block. And what stands side by side in
 * a larger repeat is a part of it, whatever it covers: the experts of a layer, its linears of query, key and value.
 */
import type { AlignedRows } from './align.js';
import { borderOf } from './border.js';
import type { Candidate } from './candidates.js';
import type { Wiring } from './wiring.js';

/** Smaller repeats are taken where they cover this share of what the larger ones cover. */
const SHARE = 0.75;
/** Where a block takes this share of the nodes that are left, others are looked for again. */
const MUCH = 0.5;

interface MeasuredCandidate extends Candidate {
  /** Nodes, and parameters that they read, of all repeats; where they are hidden in some, as in the others. */
  readonly nodes: number;
  readonly parameters: number;
  /** Values that cross the borders of all repeats, once it was asked for. */
  border?: number;
}

export class Choice {
  /** 1 for nodes of blocks. */
  readonly used: Uint8Array;
  readonly #marks: Int32Array;
  #mark = 0;

  /** `parameters`: how many each node reads. */
  constructor(
    readonly wiring: Wiring,
    readonly parameters: Float64Array,
  ) {
    this.used = new Uint8Array(parameters.length);
    this.#marks = new Int32Array(parameters.length);
  }

  /**
   * Takes candidates one after another: `accept` gets one and says whether its rows became blocks. No node is offered
   * after it was accepted, and no rows that are not `isLarge` enough. Once one is accepted that holds much of what was
   * left, other candidates may have grown astray in it: only pieces of the same repeat follow.
   */
  run(
    candidates: readonly Candidate[],
    isLarge: (rows: AlignedRows) => boolean,
    accept: (one: Candidate) => boolean,
  ): void {
    let left = this.used.reduce((sum, one) => sum + 1 - one, 0);
    let open = candidates.map((one) => this.#measured(one));
    while (open.length > 0) {
      open.sort((a, b) => b.nodes - a.nodes || b.rows.length - a.rows.length || this.#border(a) - this.#border(b));
      const chosen = this.#finest(open);
      if (accept(chosen)) {
        for (const row of chosen.rows) for (const node of row) this.used[node] = 1;
        if (chosen.nodes >= MUCH * left) open = open.filter(({ whole }) => whole === chosen.whole);
        left -= chosen.nodes;
      }
      open = open.flatMap((one) => {
        if (one === chosen) return [];
        const rows = one.rows.filter((row) => !row.some((node) => this.used[node]));
        if (rows.length === one.rows.length) return [one];
        return isLarge(rows) ? [this.#measured({ ...one, rows })] : [];
      });
    }
  }

  #border(one: MeasuredCandidate): number {
    one.border ??= borderOf(this.wiring, one.rows);
    return one.border;
  }

  #measured({ rows, count, whole }: Candidate): MeasuredCandidate {
    let parameters = 0;
    for (const row of rows) {
      let most = 0;
      for (const node of row) most = Math.max(most, this.parameters[node] as number);
      parameters += count * most;
    }
    return { rows, count, whole, nodes: rows.length * count, parameters };
  }

  /** The first candidate, or where it is no good description the largest it lies in; or the finest one that is as good. */
  #finest(sorted: readonly MeasuredCandidate[]): MeasuredCandidate {
    let best = sorted[0] as MeasuredCandidate;
    for (let larger = this.#larger(best, sorted); !this.#isFine(best, larger); larger = this.#larger(best, sorted))
      best = larger[0] as MeasuredCandidate;
    const whole = best;
    const near = sorted.filter((one) => one.count > whole.count && one.nodes >= SHARE * whole.nodes);
    for (const one of this.#overlapping(whole, near, SHARE * whole.nodes))
      if (one.count > best.count && one.nodes >= SHARE * best.nodes && this.#isFine(one, this.#larger(one, sorted)))
        best = one;
    return best;
  }

  #larger(one: MeasuredCandidate, sorted: readonly MeasuredCandidate[]): readonly MeasuredCandidate[] {
    const fewer = sorted.filter(({ count, rows }) => count < one.count && rows.length > one.rows.length);
    return this.#overlapping(one, fewer, 1);
  }

  /** Whether it covers nearly as much as the larger ones it lies in, and is not a part that these hold side by side. */
  #isFine(one: MeasuredCandidate, larger: readonly MeasuredCandidate[]): boolean {
    const { nodes, parameters } = this.#disjoint(larger);
    if (one.nodes < SHARE * nodes || one.parameters < SHARE * parameters) return false;
    return !larger.some((whole) => whole.nodes >= one.nodes && this.#isSideBySide(one, whole));
  }

  /** Whether most neighbours that lie in one repeat of the whole do not wait for one another: they are equally deep. */
  #isSideBySide({ rows, count }: MeasuredCandidate, whole: MeasuredCandidate): boolean {
    // Each instance of the whole has a mark of its own.
    const mark = this.#mark + 1;
    this.#mark += whole.count;
    for (const row of whole.rows)
      row.forEach((node, instance) => {
        this.#marks[node] = mark + instance;
      });
    const { depth } = this.wiring;
    let lead = 0;
    for (const row of rows)
      for (let at = 1; at < count; at++) {
        const [node, other] = [row[at - 1] as number, row[at] as number];
        const own = this.#marks[node] as number;
        if (own >= mark && own === this.#marks[other]) lead += depth[node] === depth[other] ? 1 : -1;
      }
    return lead > 0;
  }

  /** Those that have at least so many nodes in common with one. */
  #overlapping(
    { rows }: MeasuredCandidate,
    among: readonly MeasuredCandidate[],
    least: number,
  ): readonly MeasuredCandidate[] {
    const mark = ++this.#mark;
    for (const row of rows) for (const node of row) this.#marks[node] = mark;
    return among.filter((one) => {
      let common = 0;
      for (const row of one.rows)
        for (const node of row) if (this.#marks[node] === mark && ++common >= least) return true;
      return false;
    });
  }

  /** What those cover together that can all be blocks, the largest first. */
  #disjoint(sorted: readonly MeasuredCandidate[]): { nodes: number; parameters: number } {
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
