/** What a repeated block is: parts of a graph that are wired alike, node by node. */
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';

/** One occurrence. Every list is aligned between the instances of a block: place i plays the same part in each. */
export interface BlockInstance {
  /** In dependency order, in every instance. No path leaves the nodes and comes back, so they can become one call. */
  readonly nodes: readonly Node[];
  /**
   * What is computed or fed outside and read here, by nodes or their bodies. Two places may hold one value. A place that
   * holds a constant in one instance and a computed value in another is among these.
   */
  readonly inputs: readonly Value[];
  /** Outputs of the nodes that at least one instance needs outside, as a graph output for one. */
  readonly outputs: readonly Value[];
  /** Constants read here: of equal element type and shape in all instances, their numbers may differ. */
  readonly constants: readonly Value[];
}

export interface Block {
  /** From what the names of its nodes have in common, as `encoder layer`; else from its ops. Not unique. */
  readonly name: string;
  /** Blocks of equal number are pieces of one repeat, cut where paths leave it and come back. */
  readonly repeat: number;
  /** At least two, in dependency order; no node is in two of them, nor in two blocks. */
  readonly instances: readonly BlockInstance[];
}
