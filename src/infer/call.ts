/** One operator call, as rules of inference are given it. */

import type { Attribute } from '../ir/attribute.js';
import type { Dim } from '../ir/dims/dims.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { type DataType, type Shape, type Type, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type Call, type Contents, type KnownValue, type PartialShape, Reading } from '../ops/call.js';
import type { Frame } from './frame.js';

/** Infers a body whose inputs are known to be these; what its outputs are. */
export type InferBody = (body: Graph, inputs: readonly KnownValue[], frame: Frame) => readonly KnownValue[];

/** A call within what is known in a frame. */
export class FrameCall extends Reading implements Call {
  readonly #types: (Type | undefined)[] = [];
  /** True at outputs whose whole type a rule has set. */
  readonly #isSet: boolean[] = [];
  readonly #shapes: (PartialShape | undefined)[] = [];
  readonly #elems: (DataType | undefined)[] = [];

  constructor(
    node: Node,
    opset: number,
    readonly frame: Frame,
    readonly inferBody: InferBody,
  ) {
    super(node, opset);
  }

  typeIn(value: Value): Type | undefined {
    return this.frame.typeOf(value);
  }
  contentsIn(value: Value): Contents | undefined {
    return this.frame.contentsOf(value);
  }
  attribute(name: string): Attribute | undefined {
    const attribute = this.node.attributes.get(name);
    return attribute?.type === 'ref' ? this.frame.attributes?.get(attribute.name) : attribute;
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

  infer(body: Graph, inputs: readonly KnownValue[]): readonly KnownValue[] {
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
    return tensorType(elem, this.#kept(this.frame.whole(value, this.#shapes[index])));
  }

  /** An equal shape that an input has, in place of a list of its own: of many nodes it is the input's. */
  #kept(shape: Shape | undefined): Shape | undefined {
    if (!shape) return undefined;
    for (let index = 0; index < Math.min(this.inputCount, 2); index++) {
      const known = this.type(index);
      if (known?.kind === 'tensor' && known.shape && isSame(known.shape, shape)) return known.shape;
    }
    return shape;
  }
}

function isSame(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** How many sequences stand in one another: no file can hold many, nor a runtime such a value. */
function nestingOf(type: Type | undefined): number {
  let depth = 0;
  for (let at = type; at && 'elem' in at && typeof at.elem === 'object'; at = at.elem) depth++;
  return depth;
}
