/** How often inference goes over nodes: once each, and again in the rounds of loops and the calls of functions, as far as the budget goes. */
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';

/** Honest models go over a node of a loop in a loop about so often. */
const ROUNDS = 16;

export class Visits {
  #made = 0;
  /** Known when it is asked for: one node by itself has none to go over again. */
  #most: number | undefined;

  constructor(
    readonly model: Model,
    readonly rounds = ROUNDS,
  ) {}

  count(): void {
    this.#made++;
  }

  #limit(): number {
    let limit = this.model.budget.limitOf('inference-visits');
    for (const { nodeSet } of this.model.graphs()) limit += this.rounds * nodeSet.size;
    return limit;
  }

  /** True where nothing may be gone over again for the node's sake, which is noted. */
  areSpent(node: Node): boolean {
    this.#most ??= this.#limit();
    if (this.#made < this.#most) return false;
    this.model.budget.note('inference-visits', node.label);
    return true;
  }
}
