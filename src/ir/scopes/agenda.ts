/** What is left to be done in a scope, where one thing leads to others behind it. */

import { Heap } from '../collections/heap.js';
import type { Graph } from '../graph.js';
import type { Node } from '../node.js';
import type { Value } from '../value.js';
import { readerIn } from './scopes.js';

/** Nodes of a scope that are to be gone over, in its order, each once. */
export class Agenda {
  readonly #waiting: Heap<Node>;
  readonly #met = new Set<Node>();

  constructor(readonly graph: Graph) {
    const positions = positionsIn(graph.nodes());
    this.#waiting = new Heap((node) => positions.get(node) as number);
  }

  take(): Node | undefined {
    return this.#waiting.pop();
  }

  /** What reads the value, by itself or in a body. */
  addReaders(value: Value): void {
    for (const use of value.uses) {
      const node = readerIn(this.graph, use.node);
      if (!node || node.isEnd || this.#met.has(node)) continue;
      this.#met.add(node);
      this.#waiting.push(node);
    }
  }
}

const positions = new WeakMap<readonly Node[], ReadonlyMap<Node, number>>();
/** Where each node of an order stands. */
function positionsIn(order: readonly Node[]): ReadonlyMap<Node, number> {
  const known = positions.get(order) ?? new Map(order.map((node, at) => [node, at]));
  positions.set(order, known);
  return known;
}
