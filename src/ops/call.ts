/** A node as rows see it: what is known of its inputs, and, while types are inferred, where a rule says what it gives. */
import { type Attribute, textOf } from '../ir/attribute.js';
import type { Dim } from '../ir/dims/dims.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensors/tensor.js';
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
export interface KnownValue {
  readonly type: Type | undefined;
  readonly contents?: Contents | undefined;
}

/** What is known of a node's inputs and attributes. */
export abstract class Reading {
  constructor(
    readonly node: Node,
    /** Version of the operator set. */
    readonly opset: number,
  ) {}

  abstract typeIn(value: Value): Type | undefined;
  abstract contentsIn(value: Value): Contents | undefined;
  /** An attribute, seen through a function's reference to its caller's. */
  abstract attribute(name: string): Attribute | undefined;
  /** The dims of an output, as far as they are known by now. */
  abstract shapeOf(output: number): PartialShape | undefined;

  get inputCount(): number {
    return this.node.inputs.length;
  }
  has(index: number): boolean {
    return this.node.inputs[index] !== undefined;
  }
  type(index: number): Type | undefined {
    const value = this.node.inputs[index];
    return value && this.typeIn(value);
  }
  shapeIn(value: Value): Shape | undefined {
    const type = this.typeIn(value);
    return type?.kind === 'tensor' || type?.kind === 'sparse' ? type.shape : undefined;
  }
  elem(index: number): DataType | undefined {
    const type = this.type(index);
    return type?.kind === 'tensor' ? type.elem : undefined;
  }
  shape(index: number): Shape | undefined {
    const value = this.node.inputs[index];
    return value && this.shapeIn(value);
  }
  rank(index: number): number | undefined {
    return this.shape(index)?.length;
  }
  /** One dim of an input; negative axes count from the end. */
  dim(index: number, axis: number): Dim | undefined {
    return this.shape(index)?.at(axis);
  }
  contents(index: number): Contents | undefined {
    const value = this.node.inputs[index];
    return value && this.contentsIn(value);
  }
  /** The elements of an input where all are known numbers. */
  numbers(index: number): readonly number[] | undefined {
    const contents = this.contents(index);
    return contents?.every((one) => typeof one === 'number') ? (contents as number[]) : undefined;
  }
  /** What an input always holds where it is one known element. */
  scalar(index: number): Dim | undefined {
    const contents = this.contents(index);
    return contents?.length === 1 ? contents[0] : undefined;
  }

  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  int(name: string, otherwise?: number): number | undefined {
    const attribute = this.attribute(name);
    return attribute?.type === 'int' ? Number(attribute.value) : otherwise;
  }
  ints(name: string): number[] | undefined {
    const attribute = this.attribute(name);
    return attribute?.type === 'ints' ? attribute.value.map(Number) : undefined;
  }
  floats(name: string): readonly number[] | undefined {
    const attribute = this.attribute(name);
    return attribute?.type === 'floats' ? attribute.value : undefined;
  }
  string(name: string): string | undefined {
    const attribute = this.attribute(name);
    return attribute?.type === 'string' ? textOf(attribute.value) : undefined;
  }
  tensor(name: string): Tensor | undefined {
    const attribute = this.attribute(name);
    return attribute?.type === 'tensor' || attribute?.type === 'sparse_tensor' ? attribute.value : undefined;
  }
  body(name: string): Graph | undefined {
    const attribute = this.attribute(name);
    return attribute?.type === 'graph' ? attribute.value : undefined;
  }
}

/** Says what an operator gives. What a rule leaves unsaid follows from the schema: the element type, with no shape. */
export type InferRule = (call: Call) => void;

export interface Call extends Reading {
  /** Says the dims of an output, and its element type where the schema does not. */
  set(index: number, shape: PartialShape | undefined, elem?: DataType): void;
  /** Says the whole type of an output. */
  setType(index: number, type: Type | undefined): void;
  setContents(index: number, contents: Contents | undefined): void;
  /** A count that the output brings and nothing else determines: the same symbol every time. */
  unknown(index: number, axis: number): Dim | undefined;

  /** Infers a body whose inputs are known to be these; what its outputs are. */
  infer(body: Graph, inputs: readonly KnownValue[]): readonly KnownValue[];
  /** Dims for a partial shape of a value: what is not known gets the value's own unknown dims. */
  whole(value: Value, shape: PartialShape | undefined): Shape | undefined;
  /** True where nothing may be gone over again for the node's sake. */
  areVisitsSpent(): boolean;
}
