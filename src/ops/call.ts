/** One operator call as a rule of inference sees it: what is known of its inputs, and where it says what it gives. */
import type { Attribute } from '../ir/attribute.js';
import type { Dim } from '../ir/dims.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import type { DataType, Shape, Type } from '../ir/types.js';
import type { Value } from '../ir/value.js';

/** A dim, or undefined where nothing is known of it. */
export type PartialDim = Dim | undefined;
export type PartialShape = readonly PartialDim[];

/** The elements of a small tensor in row-major order, each where known: whole numbers, truths as 0 and 1, dims. */
export type Contents = readonly PartialDim[];

/** A shape of more axes than this is not made, whatever the budget says. */
export const MOST_AXES = 1024;

/** What a rule hands to a body, and what the body gives back. */
export interface Known {
  readonly type: Type | undefined;
  readonly contents?: Contents | undefined;
}

/** Says what an operator gives. What a rule leaves unsaid follows from the schema: the element type, with no shape. */
export type InferRule = (call: Call) => void;

export interface Call {
  readonly node: Node;
  /** Version of the operator set. */
  readonly opset: number;

  readonly inputCount: number;
  has(index: number): boolean;
  type(index: number): Type | undefined;
  elem(index: number): DataType | undefined;
  shape(index: number): Shape | undefined;
  rank(index: number): number | undefined;
  /** One dim of an input; negative axes count from the end. */
  dim(index: number, axis: number): Dim | undefined;
  contents(index: number): Contents | undefined;
  /** The elements of an input where all are known numbers. */
  numbers(index: number): readonly number[] | undefined;
  /** What an input always holds where it is one known element. */
  scalar(index: number): Dim | undefined;

  /** An attribute, seen through a function's reference to its caller's. */
  attribute(name: string): Attribute | undefined;
  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  ints(name: string): number[] | undefined;
  floats(name: string): readonly number[] | undefined;
  string(name: string): string | undefined;
  tensor(name: string): Tensor | undefined;
  body(name: string): Graph | undefined;

  /** Says the dims of an output, and its element type where the schema does not. */
  set(index: number, shape: PartialShape | undefined, elem?: DataType): void;
  /** Says the whole type of an output. */
  setType(index: number, type: Type | undefined): void;
  setContents(index: number, contents: Contents | undefined): void;
  /** A count that the output brings and nothing else determines: the same symbol every time. */
  unknown(index: number, axis: number): Dim | undefined;
  /** The dims said of an output so far. */
  shapeOf(index: number): PartialShape | undefined;

  /** Infers a body whose inputs are known to be these; what its outputs are. */
  infer(body: Graph, inputs: readonly Known[]): readonly Known[];
  /** Dims for a partial shape of a value: what is not known gets the value's own unknown dims. */
  whole(value: Value, shape: PartialShape | undefined): Shape | undefined;
  /** True where nothing may be gone over again for the node's sake. */
  areVisitsSpent(): boolean;
}
