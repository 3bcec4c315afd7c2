/** The nodes that a reader has passed, and what else reads their values: that must lead nowhere but to them. */
import { append } from '../../../src/ir/lists.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';

/** What is asked of a site, in order. */
export const stages = ['softmax', 'scores', 'weights', 'readers', 'parts', 'kernel'] as const;
export type Stage = (typeof stages)[number];

export class Trail {
  /** What is being asked, and which node was the first to be read for it. */
  stage: Stage = 'softmax';
  readonly starts = new Map<Stage, number>();

  readonly #nodes: Node[] = [];
  readonly #set = new Set<Node>();
  readonly #deferred: Node[] = [];

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
    return [this.#nodes.length, this.#deferred.length];
  }

  /** The nodes at the furthest point that the reader came to. */
  furthest: readonly Node[] = [];

  back([nodes, deferred]: readonly [number, number]): void {
    if (this.#nodes.length > this.furthest.length) this.furthest = [...this.#nodes];
    for (const node of this.#nodes.splice(nodes)) this.#set.delete(node);
    this.#deferred.length = deferred;
  }

  /** A user that reads more than the value's shape; that those only serve nodes that are read is left to show later. */
  otherUser(value: Value): Node | undefined {
    const others = value.users.filter((user) => !this.#set.has(user));
    const other = others.find((user) => !user.is('Shape'));
    if (!other) append(this.#deferred, others);
    return other;
  }

  /** The first user that was left for later and leads elsewhere; undefined where all lead to nodes that are read. */
  get stray(): Node | undefined {
    return this.#deferred.find((user) => !this.#endsHere(user, 8));
  }

  #endsHere(node: Node, depth: number): boolean {
    if (this.#set.has(node)) return true;
    if (node.isEnd || depth === 0) return false;
    return node.outputs.every((value) => !value || value.users.every((user) => this.#endsHere(user, depth - 1)));
  }
}
