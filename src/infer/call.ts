/** One operator call, as rules of inference are given it. */

import type { Attribute } from '../ir/attribute.js';
import { textOf } from '../ir/attribute.js';
import type { Dim } from '../ir/dims.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import { type DataType, type Shape, type Type, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { Call, Contents, Known, PartialShape } from '../ops/call.js';
import type { Frame } from './frame.js';

/** Infers a body whose inputs are known to be these; what its outputs are. */
export type InferBody = (body: Graph, inputs: readonly Known[], frame: Frame) => readonly Known[];

/** A call within what is known in a frame. */
export class FrameCall implements Call {
  readonly #types: (Type | undefined)[] = [];
  /** True at outputs whose whole type a rule has set. */
  readonly #isSet: boolean[] = [];
  readonly #shapes: (PartialShape | undefined)[] = [];
  readonly #elems: (DataType | undefined)[] = [];

  constructor(
    readonly node: Node,
    readonly opset: number,
    readonly frame: Frame,
    readonly inferBody: InferBody,
  ) {}

  get inputCount(): number {
    return this.node.inputs.length;
  }
  has(index: number): boolean {
    return this.node.inputs[index] !== undefined;
  }
  type(index: number): Type | undefined {
    const value = this.node.inputs[index];
    return value && this.frame.typeOf(value);
  }
  elem(index: number): DataType | undefined {
    const type = this.type(index);
    return type?.kind === 'tensor' ? type.elem : undefined;
  }
  shape(index: number): Shape | undefined {
    const type = this.type(index);
    return type?.kind === 'tensor' || type?.kind === 'sparse' ? type.shape : undefined;
  }
  rank(index: number): number | undefined {
    return this.shape(index)?.length;
  }
  dim(index: number, axis: number): Dim | undefined {
    return this.shape(index)?.at(axis);
  }
  contents(index: number): Contents | undefined {
    const value = this.node.inputs[index];
    return value && this.frame.contentsOf(value);
  }
  numbers(index: number): readonly number[] | undefined {
    const contents = this.contents(index);
    return contents?.every((one) => typeof one === 'number') ? (contents as number[]) : undefined;
  }
  scalar(index: number): Dim | undefined {
    const contents = this.contents(index);
    return contents?.length === 1 ? contents[0] : undefined;
  }

  attribute(name: string): Attribute | undefined {
    const attribute = this.node.attributes.get(name);
    return attribute?.type === 'ref' ? this.frame.attributes?.get(attribute.name) : attribute;
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

  set(index: number, shape: PartialShape | undefined, elem?: DataType): void {
    this.#shapes[index] = shape;
    if (elem) this.#elems[index] = elem;
  }
  setType(index: number, type: Type | undefined): void {
    const { budget } = this.node.graph.model;
    const isDeep = nestingOf(type) > budget.limitOf('nesting');
    if (isDeep) budget.note('nesting', this.node.label);
    this.#types[index] = isDeep ? undefined : type;
    this.#isSet[index] = true;
  }
  setContents(index: number, contents: Contents | undefined): void {
    const value = this.node.outputs[index];
    if (value) this.frame.setContents(value, contents);
  }
  unknown(index: number, axis: number): Dim | undefined {
    const value = this.node.outputs[index];
    return value && this.frame.unknowns.at(value, axis);
  }

  shapeOf(index: number): PartialShape | undefined {
    return this.#shapes[index];
  }

  infer(body: Graph, inputs: readonly Known[]): readonly Known[] {
    return this.inferBody(body, inputs, this.frame);
  }
  whole(value: Value, shape: PartialShape | undefined): Shape | undefined {
    return this.frame.whole(value, shape);
  }
  areVisitsSpent(): boolean {
    return this.frame.visits?.areSpent(this.node) ?? false;
  }

  /** What an output is, by what the rule said and what the schema says. */
  typeOf(index: number, bySchema: Type | undefined): Type | undefined {
    const value = this.node.outputs[index];
    if (!value || this.#isSet[index]) return this.#types[index];
    const elem = this.#elems[index] ?? (bySchema?.kind === 'tensor' ? bySchema.elem : undefined);
    if (elem === undefined || elem === 'undefined') return bySchema?.kind === 'tensor' ? undefined : bySchema;
    return tensorType(elem, this.frame.whole(value, this.#shapes[index]));
  }
}

/** How many sequences stand in one another: no file can hold many, nor a runtime such a value. */
function nestingOf(type: Type | undefined): number {
  let depth = 0;
  for (let at = type; at && 'elem' in at && typeof at.elem === 'object'; at = at.elem) depth++;
  return depth;
}
