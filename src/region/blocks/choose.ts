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
import type { BlockCandidate } from './candidates.js';
import type { Wiring } from './wiring.js';

/** Smaller repeats are taken where they cover this share of what the larger ones cover. */
const SHARE = 0.75;
/** Where a block takes this share of the nodes that are left, others are looked for again. */
const MUCH = 0.5;

interface MeasuredCandidate extends BlockCandidate {
  /** Nodes, and parameters that they read, of all repeats; where some hide them, as the others do; where a few alone read them, none. */
  readonly nodes: number;
  readonly parameters: number;
  /** Values that cross the borders of all repeats, once it was asked for. */
  border?: number;
}

export class BlockChoice {
  /** 1 for nodes of blocks. */
  readonly used: Uint8Array;
  readonly #marks: Int32Array;
  /** Chosen in the place of smaller ones, of which some instances may be left. */
  readonly #splitters = new Set<MeasuredCandidate>();
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
   * Takes candidates one after another: `accept` gets one and gives the rows that became blocks, if any. No node is offered
   * after it was accepted, and no rows that are not `isLarge` enough. Once one is accepted that holds much of what was
   * left, or that smaller ones of others lay in, other candidates may have grown astray in it: only pieces of the same repeat follow.
   */
  run(
    candidates: readonly BlockCandidate[],
    isLarge: (rows: AlignedRows) => boolean,
    accept: (one: BlockCandidate) => AlignedRows | undefined,
  ): void {
    let left = this.used.reduce((sum, one) => sum + 1 - one, 0);
    let open = candidates.map((one) => this.#measured(one));
    while (open.length > 0) {
      open.sort((a, b) => b.nodes - a.nodes || b.rows.length - a.rows.length || this.#border(a) - this.#border(b));
      const chosen = this.#finest(open);
      const accepted = accept(chosen);
      if (accepted) {
        for (const row of accepted) for (const node of row) this.used[node] = 1;
        if (chosen.nodes >= MUCH * left || this.#splitters.has(chosen))
          open = open.filter(({ whole }) => whole === chosen.whole);
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

  #measured({ rows, count, whole }: BlockCandidate): MeasuredCandidate {
    let parameters = 0;
    for (const row of rows) {
      const own = Float64Array.from(row, (node) => this.parameters[node] as number).sort();
      parameters += count * (own[Math.floor(0.75 * count)] as number);
    }
    return { rows, count, whole, nodes: rows.length * count, parameters };
  }

  /** The first candidate, or where it is no good description the largest it lies in; or the finest one that is as good. */
  #finest(sorted: readonly MeasuredCandidate[]): MeasuredCandidate {
    let best = sorted[0] as MeasuredCandidate;
    for (let better = this.#better(best, sorted); better; better = this.#better(best, sorted)) {
      best = better;
      this.#splitters.add(best);
    }
    const whole = best;
    const near = sorted.filter((one) => one.count > whole.count && one.nodes >= SHARE * whole.nodes);
    for (const one of this.#overlapping(whole, near, SHARE * whole.nodes))
      if (one.count > best.count && one.nodes >= SHARE * best.nodes && !this.#better(one, sorted)) best = one;
    return best;
  }

  #larger(one: MeasuredCandidate, sorted: readonly MeasuredCandidate[]): readonly MeasuredCandidate[] {
    const fewer = sorted.filter(({ count, rows }) => count < one.count && rows.length > one.rows.length);
    return this.#overlapping(one, fewer, 1);
  }

  /** The larger one to take instead; undefined where this one covers nearly as much as those it lies in, and is not a part that these hold side by side. */
  #better(one: MeasuredCandidate, sorted: readonly MeasuredCandidate[]): MeasuredCandidate | undefined {
    const larger = this.#larger(one, sorted);
    const { nodes, parameters } = this.#disjoint(larger);
    const isFine = one.nodes >= SHARE * nodes && one.parameters >= SHARE * parameters;
    if (!isFine || larger.some((whole) => whole.nodes >= one.nodes && this.#isSideBySide(one, whole))) return larger[0];
    return larger.find((whole) => this.#leavesRest(one, whole));
  }

  /**
   * Whether some instances are a part of the larger ones, and the others are blocks all the same: an attention and its feed-forward layer
   * are all of an encoder's layer, and half of a decoder's.
   */
  #leavesRest({ rows, count, nodes, parameters }: MeasuredCandidate, whole: MeasuredCandidate): boolean {
    const mark = ++this.#mark;
    for (const row of whole.rows) for (const node of row) this.#marks[node] = mark;
    const own = new Int32Array(count);
    for (const row of rows)
      for (const [at, node] of row.entries()) if (this.#marks[node] === mark) own[at] = (own[at] as number) + 1;
    const inside = own.filter((common) => 2 * common > rows.length).length;
    if (inside === 0 || inside % whole.count !== 0 || count - inside < 2) return false;
    const share = inside / count;
    return share * nodes < SHARE * whole.nodes || share * parameters < SHARE * whole.parameters;
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
