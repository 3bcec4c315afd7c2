/** A chain of repeats that is shortened to a few stand-ins: what it takes to stamp the others out again. */

import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import type { Value } from '../ir/value.js';
import type { Ports } from './find/ports.js';
import type { Names, PartNames } from './whole/names.js';

/** What a shortened run needs to be stamped out again. Holds names and tensors alone: it is as good for a clone. */
export interface ShortRun {
  /** Names it in the marks of its banks. */
  readonly id: string;
  /** Segments of the chain that the third stand-in stands for, in order. */
  readonly members: readonly number[];
  /** Inputs of the graph that stand-ins read for themselves, each with the parts it plays. */
  readonly inputs: ReadonlyMap<string, readonly Part[]>;
  /** Those of them that their own stand-in alone reads: by them stand-ins are told apart. */
  readonly telling: ReadonlySet<string>;
  /** By slot, the inputs of the members. */
  readonly inputNames: ReadonlyMap<string, readonly string[]>;
  readonly ports: Ports;
  /** Where repeats share all weights: the tensor of the constant by which they are told apart meanwhile. */
  readonly anchor: Tensor | undefined;
  /** What the parts of the third stand-in are called. */
  readonly parts: PartNames;
  /** What each member calls them. */
  readonly names: readonly Names[];
  /** What the second stand-in calls them, and the last. */
  readonly neighbours: readonly [Names, Names];
  /** What the file says of nodes by name, besides what the graph says. */
  readonly remarks: ReadonlyMap<string, Pick<Node, 'docString' | 'carried'>>;
  /** Likewise of values that nodes give. */
  readonly infos: ReadonlyMap<string, Pick<Value, 'declared' | 'carried'>>;
}

/** The stand-in for many. */
export const THIRD = 3;

/** What a constant or an input of the graph is to a stand-in. */
export interface Part {
  readonly standIn: number;
  /** Parts of two stand-ins with one slot play the same part. */
  readonly slot: string;
}
