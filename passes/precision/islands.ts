/**
 * Chooses the nodes that compute in a narrower float, and those that stay islands of float32.
 * A node is narrow unless something forbids it (no kernel, a blocked op, numbers the type cannot hold) or unless the
 * casts around it would cost more than it gains. Bodies and functions keep float32 at their ports, as the model does.
 * Why this way: greedy colouring by "the producer is narrow" gives chains of casts through Reshapes and epsilons;
 * counting the casts on both sides of a node, then of a group without heavy ops, removes them and needs no pattern.
 */

import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import type { Use, Value } from '../../src/ir/value.js';
import { isMovement, precisionOf, readsShapeAlone, staysFloat32Input, staysFloat32Output } from './ops.js';

/** Nodes that may be narrow, in dependency order; `why` gives the reason against one. */
export function candidates(
  model: Model,
  why: (node: Node) => string | undefined,
  skip: (reason: string, node: Node) => void,
): Set<Node> {
  const narrow = new Set<Node>();
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      if (!touchesFloat32(node) || readsShapeAlone(node)) continue;
      const reason = why(node);
      if (reason === undefined) narrow.add(node);
      else if (reason !== '') skip(reason, node);
    }
  return narrow;
}

/** The float32 slots of a node that become narrow with it. */
export const narrowInputs = (node: Node): number[] =>
  node.inputs.flatMap((value, index) => (value?.elem === 'float32' && !staysFloat32Input(node, index) ? [index] : []));
export const narrowOutputs = (node: Node): Value[] =>
  node.outputs.filter((value, index): value is Value => value?.elem === 'float32' && !staysFloat32Output(node, index));

/** The uses that depend on a value's type: not those that read its shape, nor Casts, which take any. */
export const usesOf = (value: Value): Use[] =>
  [...value.uses].filter(({ node }) => !readsShapeAlone(node) && !node.is('Cast'));

const touchesFloat32 = (node: Node): boolean =>
  [...node.inputs, ...node.outputs].some((value) => value?.elem === 'float32');

/** The number of narrow uses, and of others. */
interface Counts {
  narrow: number;
  wide: number;
}

/** The narrow nodes of a graph while the choice goes on; counts the casts that they need. */
export class Islands {
  constructor(
    readonly narrow: Set<Node>,
    /** True for ports that are narrow without a Cast: those of the graph where its interface changes. */
    readonly narrowPorts: (value: Value | Use) => boolean,
  ) {}

  /** Uses of a value by narrow slots and by others, kept up to date as nodes turn. */
  readonly #counts = new Map<Value, Counts>();

  isNarrow(value: Value): boolean {
    const { producer } = value;
    return producer ? this.narrow.has(producer) && !staysFloat32Output(producer, value.index) : this.narrowPorts(value);
  }

  isNarrowUse(use: Use): boolean {
    if (use.node.isEnd) return this.narrowPorts(use);
    return this.narrow.has(use.node) && !staysFloat32Input(use.node, use.index);
  }

  /** Casts that a group of nodes costs as an island in the other type, minus those it costs now. Positive: better wide. */
  gainOfWide(group: ReadonlySet<Node>): number {
    let gain = 0;
    const own = new Map<Value, Counts>();
    const inputs = new Set<Value>();
    for (const node of group)
      for (const [index, value] of node.inputs.entries()) {
        if (value?.elem !== 'float32') continue;
        const counts = own.get(value) ?? { narrow: 0, wide: 0 };
        own.set(value, counts);
        if (staysFloat32Input(node, index)) counts.wide++;
        else {
          counts.narrow++;
          inputs.add(value);
        }
      }
    const others = (value: Value): Counts => {
      const [all, { narrow, wide } = { narrow: 0, wide: 0 }] = [this.#countsOf(value), own.get(value)];
      return { narrow: all.narrow - narrow, wide: all.wide - wide };
    };
    for (const value of inputs) {
      if ((value.producer && group.has(value.producer)) || constantTensor(value)) continue;
      if (this.isNarrow(value)) gain -= others(value).wide > 0 ? 0 : 1;
      else gain += others(value).narrow > 0 ? 0 : 1;
    }
    for (const node of group)
      for (const value of narrowOutputs(node)) {
        const { narrow, wide } = others(value);
        gain += (wide > 0 ? 1 : 0) - (narrow > 0 ? 1 : 0);
      }
    return gain;
  }

  #countsOf(value: Value): Counts {
    const known = this.#counts.get(value);
    if (known) return known;
    const counts = { narrow: 0, wide: 0 };
    for (const use of usesOf(value)) counts[this.isNarrowUse(use) ? 'narrow' : 'wide']++;
    this.#counts.set(value, counts);
    return counts;
  }

  #turnWide(node: Node): void {
    for (const index of narrowInputs(node)) {
      const counts = this.#counts.get(node.inputs[index] as Value);
      if (!counts) continue;
      counts.narrow--;
      counts.wide++;
    }
  }

  /** Makes nodes wide that cost more casts than they gain, and returns them. */
  settle(): Node[] {
    const turned: Node[] = [];
    const turn = (group: Iterable<Node>) => {
      for (const node of group) {
        if (!this.narrow.delete(node)) continue;
        this.#turnWide(node);
        turned.push(node);
      }
    };
    for (let before = -1; before !== turned.length; ) {
      before = turned.length;
      for (const node of [...this.narrow])
        if (!precisionOf(node).isHeavy && this.gainOfWide(new Set([node])) > 0) turn([node]);
      for (const group of this.#lightGroups()) {
        const work = [...group].filter((node) => !isMovement(node)).length;
        const gain = this.gainOfWide(group);
        if (gain > 0 && gain >= work) turn(group);
      }
    }
    return turned;
  }

  /** Groups of narrow nodes that are connected without a heavy node between them. */
  *#lightGroups(): Iterable<Set<Node>> {
    const seen = new Set<Node>();
    for (const start of [...this.narrow]) {
      if (seen.has(start) || precisionOf(start).isHeavy) continue;
      const group = new Set([start]);
      for (const node of group)
        for (const next of this.#neighbours(node))
          if (!precisionOf(next).isHeavy && this.narrow.has(next)) group.add(next);
      for (const node of group) seen.add(node);
      yield group;
    }
  }

  *#neighbours(node: Node): Iterable<Node> {
    for (const index of narrowInputs(node)) {
      const value = node.inputs[index] as Value;
      if (value.producer && this.isNarrow(value)) yield value.producer;
    }
    for (const value of narrowOutputs(node)) for (const use of value.uses) if (this.isNarrowUse(use)) yield use.node;
  }
}
