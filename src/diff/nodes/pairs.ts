/**
 * Which node of one model is which of the other: those that compute the same, whatever their names; those of the same name and operator;
 * those that compute with the same weight; and from these along the edges, as long as one node alone can be meant.
 */
import { appendTo } from '../../ir/collections/lists.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { type DiffSide, opOf } from '../side.js';
import { weightReaders } from '../weights/readers.js';
import { Numbering, nodeKeys } from './keys.js';

export class NodePairs {
  readonly of = new Map<Node, Node>();
  readonly to = new Map<Node, Node>();
  /** Nodes that compute with the same weight. */
  readonly readers: readonly (readonly [Node, Node])[];
  readonly #numbering = new Numbering();
  readonly #constants = new Map<Value, string>();

  /** `constants`: the counterparts of constants. */
  constructor(
    readonly before: DiffSide,
    readonly after: DiffSide,
    constants: ReadonlyMap<Value, Value>,
  ) {
    for (const [value, twin] of constants) {
      // Several constants before may be one after.
      const id = this.#constants.get(twin) ?? `constant ${this.#constants.size}`;
      for (const one of [value, twin]) this.#constants.set(one, id);
    }
    this.readers = weightReaders(before, after, constants);
    this.#byKeys();
    this.#byNames();
    for (const [node, twin] of this.readers) this.#meet(node, twin);
    this.#byKeys();
    this.#alongEdges();
  }

  isPaired(node: Node): boolean {
    return this.of.has(node) || this.to.has(node);
  }

  #add(node: Node, twin: Node): void {
    this.of.set(node, twin);
    this.to.set(twin, node);
  }

  /** Pairs two of the same operator that have no counterpart yet. */
  #meet(node: Node, twin: Node): boolean {
    if (this.of.has(node) || this.to.has(twin) || opOf(node) !== opOf(twin)) return false;
    this.#add(node, twin);
    return true;
  }

  #byKeys(): void {
    const numbers = new Map<Node, number>();
    for (const [index, [node, twin]] of [...this.of].entries()) for (const one of [node, twin]) numbers.set(one, index);
    const keysOf = (side: DiffSide) => nodeKeys(side, this.#numbering, numbers, (value) => this.#constants.get(value));
    const [old, now] = [keysOf(this.before), keysOf(this.after)];
    const free = new Map<number, Node[]>();
    for (const node of this.after.nodes) if (!this.to.has(node)) appendTo(free, now.get(node) as number, node);
    for (const list of free.values()) list.reverse();
    for (const node of this.before.nodes) {
      const twin = this.of.has(node) ? undefined : free.get(old.get(node) as number)?.pop();
      if (twin) this.#add(node, twin);
    }
  }

  /** A node has the name of its first output where it has none. */
  #byNames(): void {
    const nameOf = (side: DiffSide, node: Node): readonly string[] =>
      [side.names.of(node), side.names.ofValue(node.outputs.find((value) => value))].map(
        (name) => `${opOf(node)} ${side.names.scopeOf(node)} ${name}`,
      );
    for (const which of [0, 1]) {
      const named = new Map(
        this.after.nodes.flatMap((node) =>
          this.to.has(node) ? [] : [[nameOf(this.after, node)[which] as string, node] as const],
        ),
      );
      for (const node of this.before.nodes) {
        if (this.of.has(node)) continue;
        const twin = named.get(nameOf(this.before, node)[which] as string);
        if (twin && !this.to.has(twin)) this.#add(node, twin);
      }
    }
  }

  #alongEdges(): void {
    const stack = [...this.of];
    const meet = (node: Node | undefined, twin: Node | undefined): void => {
      if (node && twin && this.#meet(node, twin)) stack.push([node, twin]);
    };
    for (let pair = stack.pop(); pair; pair = stack.pop()) {
      const [node, twin] = pair;
      for (const [index, value] of node.inputs.entries()) {
        const [own, its] = [value?.producer, twin.inputs[index]?.producer];
        if (value?.index === twin.inputs[index]?.index) meet(own, its);
      }
      for (const [index, value] of node.outputs.entries()) {
        const others = this.#readers(twin.outputs[index]);
        for (const [place, readers] of this.#readers(value)) {
          const its = others.get(place);
          if (readers.length === 1 && its?.length === 1) meet(readers[0], its[0]);
        }
      }
    }
  }

  /** The nodes without a counterpart that read a value, by operator and place. */
  #readers(value: Value | undefined): Map<string, Node[]> {
    const found = new Map<string, Node[]>();
    for (const { node, index } of value?.uses ?? [])
      if (!node.isEnd && !this.isPaired(node)) appendTo(found, `${opOf(node)} ${index}`, node);
    return found;
  }
}
