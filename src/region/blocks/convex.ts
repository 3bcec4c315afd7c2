/**
 * Cuts the common part of some instances into pieces that can each become one call.
 *
 * Where a path leaves an instance and comes back, through a node that only the first layer has for one, what it comes back
 * to is on a higher level than what it left. The same holds for an edge that not all instances have. A piece is one
 * level: no path leaves it and comes back, and inside it all instances are wired alike.
 */
import { maxOf } from '../../ir/collections/lists.js';
import type { AlignedRows } from './align.js';
import type { Wiring } from './wiring.js';

/** How often levels are raised before the rows are given up: wirings that contradict each other never settle. */
const ROUNDS = 16;

/** Telling what is typical visits so many nodes, and so many for each of the scope, at most in one search. */
const STEPS = 100_000;
const STEPS_PER_NODE = 8;

/** Above all levels: of a path that does not come back. */
const FREE = 0x3fffffff;

/** Levels of rows of nodes, for one wiring after another; holds scratch arrays of the scope's size. */
export class Levels {
  /** Which row a node of the instance at hand is in. */
  readonly #rowOf: Int32Array;
  /** Level of a path that is outside the instance; 0 where none leads there. */
  readonly #outside: Int32Array;
  #left = 0;

  constructor(readonly wiring: Wiring) {
    this.#rowOf = new Int32Array(wiring.nodes.length).fill(-1);
    this.#outside = new Int32Array(wiring.nodes.length);
  }

  /** A new search begins. */
  start(): void {
    this.#left = STEPS + STEPS_PER_NODE * this.wiring.nodes.length;
  }

  /**
   * Levels that more than half of the instances ask for: what is so by design, not by an odd layer. Undefined once too
   * much was looked at: ask for what matters most first.
   */
  typical(rows: AlignedRows): Int32Array | undefined {
    const shared = this.shared(rows, 'most');
    const count = rows[0]?.length ?? 0;
    /** By row, of each instance. */
    const levels = rows.map(() => new Int32Array(count));
    const own = new Int32Array(rows.length);
    for (let instance = 0; instance < count; instance++) {
      this.#raise(rows, shared, instance, own.fill(0));
      if (this.#left < 0) return undefined;
      levels.forEach((list, row) => {
        list[instance] = own[row] as number;
      });
    }
    return Int32Array.from(levels, (list) => list.sort()[(count - 1) >> 1] as number);
  }

  /**
   * Levels that hold for every instance; undefined where they contradict each other. Nodes that could be on several levels
   * are all on the lowest or all on the highest, whichever leaves the larger piece whole.
   */
  common(rows: AlignedRows): Int32Array | undefined {
    const shared = this.shared(rows);
    const low = new Int32Array(rows.length);
    if (!this.#settle(rows, (instance) => this.#raise(rows, shared, instance, low))) return undefined;
    const top = maxOf(low);
    if (top === 0) return low;
    const high = new Int32Array(rows.length).fill(top);
    if (!this.#settle(rows, (instance) => this.#lower(rows, shared, instance, high))) return low;
    const largest = (levels: Int32Array) => maxOf(piecesOf(rows, levels).map(({ length }) => length));
    return largest(high) > largest(low) ? high : low;
  }

  /** Changes levels for one instance after another until they hold for all. */
  #settle(rows: AlignedRows, change: (instance: number) => boolean): boolean {
    for (let round = 0; round < ROUNDS; round++) {
      let isChanged = false;
      for (let instance = 0; instance < (rows[0]?.length ?? 0); instance++) if (change(instance)) isChanged = true;
      if (!isChanged) return true;
    }
    return false;
  }

  /**
   * For each row and place it reads at: the row that is read there, at the same output, in every instance (or in more
   * than half of them), or -1.
   */
  shared(rows: AlignedRows, share: 'all' | 'most' = 'all'): Int32Array[] {
    const { producers, reads } = this.wiring;
    const count = rows[0]?.length ?? 0;
    /** Of the row and output found so far, and how many instances more say so than not. */
    const found = rows.map(([node]) => new Int32Array(producers[node as number]?.length ?? 0).fill(-1));
    const output = found.map((places) => places.slice());
    const votes = found.map((places) => new Int32Array(places.length));
    for (let instance = 0; instance < count; instance++) {
      this.#enter(rows, instance);
      rows.forEach((row, number) => {
        const node = row[instance] as number;
        const [sources, outputs, counts] = [found[number], output[number], votes[number]] as [
          Int32Array,
          Int32Array,
          Int32Array,
        ];
        producers[node]?.forEach((producer, place) => {
          const source = producer < 0 ? -1 : (this.#rowOf[producer] as number);
          const index = source < 0 ? -1 : (reads[node]?.[place]?.index as number);
          const lead = counts[place] as number;
          const isSame = sources[place] === source && outputs[place] === index;
          counts[place] = isSame || lead === 0 ? lead + 1 : lead - 1;
          if (lead === 0) [sources[place], outputs[place]] = [source, index];
        });
      });
      this.#leave(rows, instance);
    }
    return found.map((places, row) =>
      places.map((source, place) => ((votes[row]?.[place] as number) >= (share === 'all' ? count : 1) ? source : -1)),
    );
  }

  /** Raises levels until they hold for one instance; true where one was raised. Linear in what lies between its nodes. */
  #raise(rows: AlignedRows, shared: readonly Int32Array[], instance: number, levels: Int32Array): boolean {
    const { producers } = this.wiring;
    this.#enter(rows, instance);
    let isRaised = false;
    const between = this.#between(rows, instance);
    for (const node of between) {
      const row = this.#rowOf[node] as number;
      let level = 0;
      producers[node]?.forEach((producer, place) => {
        if (producer < 0) return;
        const source = this.#rowOf[producer] as number;
        if (source < 0) level = Math.max(level, this.#outside[producer] as number);
        else
          level = Math.max(level, (levels[source] as number) + (row >= 0 && shared[row]?.[place] === source ? 0 : 1));
      });
      if (row < 0) this.#outside[node] = level;
      else if (level > (levels[row] as number)) {
        levels[row] = level;
        isRaised = true;
      }
    }
    for (const node of between) this.#outside[node] = 0;
    this.#leave(rows, instance);
    return isRaised;
  }

  /** The same from the other end: lowers each level to what is left below the levels that its paths come back to. */
  #lower(rows: AlignedRows, shared: readonly Int32Array[], instance: number, levels: Int32Array): boolean {
    this.#enter(rows, instance);
    let isLowered = false;
    const between = this.#between(rows, instance).reverse();
    const last = between[0] as number;
    for (const node of between) {
      const row = this.#rowOf[node] as number;
      const isOutside = row < 0;
      let level = FREE;
      for (const list of this.wiring.readers[node] ?? [])
        for (const reader of list) {
          if (reader.node > last) continue;
          const target = this.#rowOf[reader.node] as number;
          const own = target < 0 ? (this.#outside[reader.node] as number) : (levels[target] as number);
          const isStep = !isOutside && (target < 0 || shared[target]?.[reader.place] !== row);
          level = Math.min(level, isStep ? own - 1 : own);
        }
      if (isOutside) this.#outside[node] = level;
      else if (level < (levels[row] as number)) {
        levels[row] = level;
        isLowered = true;
      }
    }
    for (const node of between) this.#outside[node] = 0;
    this.#leave(rows, instance);
    return isLowered;
  }

  /** The instance's nodes, and what paths from them reach before its last one, in dependency order. */
  #between(rows: AlignedRows, instance: number): number[] {
    const nodes = rows.map((row) => row[instance] as number);
    let last = 0;
    for (const node of nodes) last = Math.max(last, node);
    const seen = new Set(nodes);
    for (let at = 0; at < nodes.length; at++)
      for (const list of this.wiring.readers[nodes[at] as number] ?? [])
        for (const { node } of list)
          if (node < last && !seen.has(node)) {
            seen.add(node);
            nodes.push(node);
          }
    this.#left -= nodes.length;
    return nodes.sort((a, b) => a - b);
  }

  #enter(rows: AlignedRows, instance: number): void {
    rows.forEach((row, number) => {
      this.#rowOf[row[instance] as number] = number;
    });
  }

  #leave(rows: AlignedRows, instance: number): void {
    for (const row of rows) this.#rowOf[row[instance] as number] = -1;
  }
}

/** The rows by level, lowest first. */
export function piecesOf(rows: AlignedRows, levels: Int32Array): AlignedRows[] {
  const pieces = new Map<number, AlignedRows>();
  rows.forEach((row, number) => {
    const level = levels[number] as number;
    const piece = pieces.get(level);
    if (piece) piece.push(row);
    else pieces.set(level, [row]);
  });
  return [...pieces].sort(([a], [b]) => a - b).map(([, piece]) => piece);
}
