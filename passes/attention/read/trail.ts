/** The nodes that a reader has passed, and what else reads their values: that must lead nowhere but to them. */
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import { Miss } from '../../../src/match/miss.js';
import type { Axes } from '../../../src/match/view.js';

/** What is asked of a site, in order. */
export const stages = ['softmax', 'scores', 'weights', 'parts', 'kernel'] as const;
export type Stage = (typeof stages)[number];

/** A node that asks how long the axes of a value inside are. */
export interface Measure {
  readonly node: Node;
  readonly axes: Axes;
}

export class Trail {
  /** What is being asked, and which node was the first to be read for it. */
  stage: Stage = 'softmax';
  readonly starts = new Map<Stage, number>();

  readonly #nodes: Node[] = [];
  readonly #set = new Set<Node>();
  readonly #measures: Measure[] = [];

  enter(stage: Stage): void {
    this.stage = stage;
    this.starts.set(stage, this.#nodes.length);
  }

  has(node: Node): boolean {
    return this.#set.has(node);
  }

  /** The nodes in the order they were read. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  add(node: Node): void {
    this.#nodes.push(node);
    this.#set.add(node);
  }

  /** Where the reader stands; `back` returns there. */
  get mark(): readonly [number, number] {
    return [this.#nodes.length, this.#measures.length];
  }

  /** The nodes at the furthest point that the reader came to. */
  furthest: readonly Node[] = [];

  /** Returns to a mark because of a miss, which knows how far it came. */
  back([nodes, measures]: readonly [number, number], miss: Miss): Miss {
    const reached = this.reached(miss);
    if (this.#nodes.length > this.furthest.length) this.furthest = [...this.#nodes];
    for (const node of this.#nodes.splice(nodes)) this.#set.delete(node);
    this.#measures.length = measures;
    return reached;
  }

  /** The miss with how many nodes had been read; those that were tried before know it. */
  reached(miss: Miss): Miss {
    return miss.depth > 0 ? miss : new Miss(miss.reason, miss.at, miss.help, this.#nodes.length);
  }

  /** A user that is not read and asks more than the value's shape. */
  otherUser(value: Value): Node | undefined {
    return value.users.find((user) => !this.#set.has(user) && !user.is('Shape'));
  }

  /** Who asks for the shape of a value inside: it can be told from the operands. */
  get measures(): readonly Measure[] {
    return this.#measures;
  }

  measured(value: Value, axes: Axes): void {
    for (const node of value.users) if (node.is('Shape')) this.#measures.push({ node, axes });
  }

  /** True where a value leads nowhere but to nodes that are read. */
  isInside(value: Value | undefined, depth = 8): boolean {
    return !value?.users.some((user) => {
      if (this.#set.has(user)) return false;
      return user.isEnd || depth === 0 || user.outputs.some((output) => !this.isInside(output, depth - 1));
    });
  }
}
