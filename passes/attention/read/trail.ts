/** Keeps the nodes that a reader has passed. Other readers of their values must lead nowhere but to these nodes. */
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import { Miss } from '../../../src/match/miss.js';
import type { Axes } from '../../../src/match/views/view.js';

/** The stages of reading a site, in order. */
export const stages = ['softmax', 'scores', 'weights', 'parts', 'kernel'] as const;
export type Stage = (typeof stages)[number];

/** A node that asks how long the axes of a value inside are. */
export interface Measure {
  readonly node: Node;
  readonly axes: Axes;
}

export class Trail {
  /** The current stage, and for each stage the count of nodes read before it. */
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

  /** The position of the reader; `back` returns there. */
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

  /** Adds to the miss how many nodes had been read; a miss of an earlier attempt knows it already. */
  reached(miss: Miss): Miss {
    return miss.depth > 0 ? miss : new Miss(miss.reason, miss.at, miss.help, this.#nodes.length);
  }

  /** A user that is not read and asks more than the value's shape. */
  otherUser(value: Value): Node | undefined {
    return value.users.find((user) => !this.#set.has(user) && !user.is('Shape'));
  }

  /** The nodes that ask for the shape of an inner value: it can be computed from the operands. */
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
