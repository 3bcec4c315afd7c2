/**
 * The uses of a value, in the order in which they came. Most values have one use, and most others a few: those are kept as nodes and indices side by side,
 * as an object for each use and a Set of them would be a third of what a graph takes.
 */

import type { Node, Use } from './structure.js';

const NONE: readonly never[] = [];

/** More uses than this are looked up by key. */
const FEW = 8;
/** Stands above every index: no graph in memory has so many inputs at one node, nor 2^27 nodes and values. */
const INDICES = 2 ** 26;

export class Uses implements ReadonlySet<Use> {
  #node: Node | undefined;
  #index = 0;
  /** All uses where there are several: node and index in turn, or nodes by key. */
  #more: (Node | number)[] | Map<number, Node> | undefined;

  get size(): number {
    const more = this.#more;
    if (!more) return this.#node ? 1 : 0;
    return more instanceof Map ? more.size : more.length / 2;
  }

  has({ node, index }: Use): boolean {
    const more = this.#more;
    if (!more) return this.#node === node && this.#index === index;
    return more instanceof Map ? more.has(keyOf(node, index)) : placeIn(more, node, index) >= 0;
  }

  add(node: Node, index: number): void {
    const more = this.#more;
    if (more instanceof Map) more.set(keyOf(node, index), node);
    else if (more) {
      more.push(node, index);
      if (more.length > 2 * FEW) this.#more = byKey(more);
    } else if (this.#node) {
      this.#more = [this.#node, this.#index, node, index];
      this.#node = undefined;
    } else {
      this.#node = node;
      this.#index = index;
    }
  }

  /** True where there was such a use. */
  delete(node: Node, index: number): boolean {
    const more = this.#more;
    if (more instanceof Map) return more.delete(keyOf(node, index));
    if (more) {
      const place = placeIn(more, node, index);
      if (place >= 0) more.splice(place, 2);
      return place >= 0;
    }
    if (this.#node !== node || this.#index !== index) return false;
    this.#node = undefined;
    return true;
  }

  [Symbol.iterator](): SetIterator<Use> {
    const more = this.#more;
    if (!more) return (this.#node ? [{ node: this.#node, index: this.#index }] : NONE).values();
    return more instanceof Map ? usesByKey(more) : listed(more).values();
  }

  values(): SetIterator<Use> {
    return this[Symbol.iterator]();
  }

  keys(): SetIterator<Use> {
    return this[Symbol.iterator]();
  }

  *entries(): SetIterator<[Use, Use]> {
    for (const use of this) yield [use, use];
  }

  forEach(call: (use: Use, same: Use, uses: ReadonlySet<Use>) => void): void {
    for (const use of this) call(use, use, this);
  }
}

const keyOf = (node: Node, index: number): number => node.sequence * INDICES + index;

function placeIn(list: readonly (Node | number)[], node: Node, index: number): number {
  for (let at = 0; at < list.length; at += 2) if (list[at] === node && list[at + 1] === index) return at;
  return -1;
}

function byKey(list: readonly (Node | number)[]): Map<number, Node> {
  const map = new Map<number, Node>();
  for (const { node, index } of listed(list)) map.set(keyOf(node, index), node);
  return map;
}

function listed(list: readonly (Node | number)[]): Use[] {
  const uses: Use[] = [];
  for (let at = 0; at < list.length; at += 2) uses.push({ node: list[at] as Node, index: list[at + 1] as number });
  return uses;
}

function* usesByKey(map: ReadonlyMap<number, Node>): SetIterator<Use> {
  for (const [key, node] of map) yield { node, index: key % INDICES };
}
