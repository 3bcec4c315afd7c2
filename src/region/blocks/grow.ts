/**
 * Which node plays the same part one repeat later: grown from a few pairs of nodes that look alike, along the edges.
 *
 * Two nodes are paired where they are of one kind and the pair was reached by the same edge from a pair already made. A
 * node has one successor and one predecessor at most, so pairs line up in chains: chain by chain the nodes of all
 * repeats. Growing pairs, not whole repeats, lets a first layer that differs a little break only the chains it lacks.
 */
import type { NodeLabels } from './labels.js';
import type { OutputReader, Wiring } from './wiring.js';

export class Growth {
  /** The node one repeat later; -1 for none. */
  readonly next: Int32Array;
  readonly #previous: Int32Array;
  /** Both ends of a chain know each other: a pair that would close a circle is no pair. */
  readonly #far: Int32Array;
  readonly #unsure: [number, number][] = [];
  /** First nodes of all pairs, in the order they were made. */
  readonly paired: number[] = [];

  constructor(
    readonly wiring: Wiring,
    readonly labels: NodeLabels,
    /** 1 for nodes that are left alone. */
    readonly used: Uint8Array,
  ) {
    const { length } = wiring.nodes;
    this.next = new Int32Array(length).fill(-1);
    this.#previous = new Int32Array(length).fill(-1);
    this.#far = Int32Array.from({ length }, (_, node) => node);
  }

  /** Grows from `seeds`, nodes of one class in order. Linear in what it reaches. Call `clear` before the next. */
  run(seeds: readonly number[]): void {
    for (let at = 1; at < seeds.length; at++) this.#pair(seeds[at - 1] as number, seeds[at] as number);
    for (let done = 0, tried = 0; done < this.paired.length || tried < this.#unsure.length; ) {
      if (done < this.paired.length) this.#expand(this.paired[done++] as number);
      else this.#pair(...(this.#unsure[tried++] as [number, number]));
    }
  }

  clear(): void {
    for (const node of this.paired) {
      const other = this.next[node] as number;
      this.next[node] = -1;
      this.#previous[other] = -1;
      this.#far[node] = node;
      this.#far[other] = other;
    }
    this.#unsure.length = 0;
    this.paired.length = 0;
  }

  /** The chains, each from its first node, in order of these. */
  chains(): number[][] {
    const heads = this.paired.filter((node) => this.#previous[node] === -1).sort((a, b) => a - b);
    return heads.map((head) => {
      const chain: number[] = [];
      for (let node = head; node >= 0; node = this.next[node] as number) chain.push(node);
      return chain;
    });
  }

  #pair(node: number, other: number): void {
    const { kind } = this.labels;
    if (node === other || kind[node] !== kind[other] || this.used[node] || this.used[other]) return;
    if (this.next[node] !== -1 || this.#previous[other] !== -1) return;
    const [head, tail] = [this.#far[node] as number, this.#far[other] as number];
    if (head === other) return;
    this.#far[head] = tail;
    this.#far[tail] = head;
    this.next[node] = other;
    this.#previous[other] = node;
    this.paired.push(node);
  }

  #expand(node: number): void {
    const { producers, reads, readers } = this.wiring;
    const other = this.next[node] as number;
    const [own, its] = [producers[node], producers[other]] as [readonly number[], readonly number[]];
    own.forEach((producer, place) => {
      const match = its[place] as number;
      if (producer < 0 || match < 0) return;
      if (reads[node]?.[place]?.index === reads[other]?.[place]?.index) this.#pair(producer, match);
    });
    readers[node]?.forEach((list, output) => {
      this.#readers(list, readers[other]?.[output] ?? []);
    });
  }

  /** Pairs the readers of one value with those of the other: first those alike in the widest surroundings. */
  #readers(left: readonly OutputReader[], right: readonly OutputReader[]): void {
    const { rings, kind } = this.labels;
    const [one, other] = [left[0], right[0]];
    if (left.length === 1 && right.length === 1 && one && other) {
      if (one.place === other.place) this.#pair(one.node, other.node);
      return;
    }
    for (let radius = rings.length - 1; radius >= -1; radius--) {
      const own = left.filter(({ node }) => this.next[node] === -1);
      const its = right.filter(({ node }) => this.#previous[node] === -1);
      if (own.length === 0 || its.length === 0) return;
      const label = rings[radius] ?? kind;
      const others = grouped(its, label);
      for (const [key, group] of grouped(own, label)) {
        const matches = others.get(key) ?? [];
        if (group.length === 1 && matches.length === 1) this.#pair(group[0] as number, matches[0] as number);
        else if (radius === -1)
          for (let at = 0; at < Math.min(group.length, matches.length); at++)
            this.#unsure.push([group[at] as number, matches[at] as number]);
      }
    }
  }
}

/** The readers' nodes by their label and the place they read at. */
function grouped(readers: readonly OutputReader[], label: Float64Array | Int32Array): Map<string | number, number[]> {
  const groups = new Map<string | number, number[]>();
  for (const { node, place } of readers) {
    const key = place === 0 ? (label[node] as number) : `${label[node]}/${place}`;
    const group = groups.get(key);
    if (group) group.push(node);
    else groups.set(key, [node]);
  }
  return groups;
}
