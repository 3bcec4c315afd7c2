/** Adds the nodes that stand in a match's place, named after it. */
import type { AttributeLike } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { tensorOf } from '../ir/numbers.js';
import type { Tensor } from '../ir/tensor.js';
import type { DataType, Type } from '../ir/types.js';
import type { Value } from '../ir/value.js';

export interface OpOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeLike | undefined>>;
  /** Type of the first output, for whoever reads it before types are inferred again. */
  readonly type?: Type;
  readonly outputs?: number;
}

export class Rewriter {
  /** What was added, in order. */
  readonly added: Node[] = [];

  constructor(
    readonly graph: Graph,
    /** Name of the node that is replaced: its scope is the new nodes' scope. */
    readonly after: string,
  ) {}

  /** A node's first output. */
  op(opType: string, inputs: readonly (Value | undefined)[], options: OpOptions = {}): Value {
    return this.node(opType, inputs, options).output;
  }

  node(opType: string, inputs: readonly (Value | undefined)[], { type, ...options }: OpOptions = {}): Node {
    const name = this.after.includes('/') ? this.after.replace(/\/[^/]*$/, `/${opType}`) : opType;
    const count = options.outputs ?? 1;
    const outputs = Array.from({ length: count }, (_, i) => `${name}_output_${i}`);
    const node = this.graph.add(opType, inputs, { ...options, name, outputs });
    if (type) node.output.type = type;
    this.added.push(node);
    return node;
  }

  /** Size-1 axes at these places of the result, in the opset's form. */
  unsqueeze(value: Value, axes: readonly number[]): Value {
    return this.#axes('Unsqueeze', value, axes);
  }

  squeeze(value: Value, axes: readonly number[]): Value {
    return this.#axes('Squeeze', value, axes);
  }

  #axes(opType: string, value: Value, axes: readonly number[]): Value {
    const isAttribute = (this.graph.opsets.get('') ?? 13) < 13;
    if (isAttribute) return this.op(opType, [value], { attributes: { axes: [...axes] } });
    return this.op(opType, [value, this.ints(axes)]);
  }

  constant(tensor: Tensor): Value {
    return this.graph.constant(tensor);
  }

  /** Numbers of an element type; one number is a scalar. */
  numbers(elem: DataType, values: ArrayLike<number> | number, shape?: readonly number[]): Value {
    return this.graph.constant(tensorOf(elem, values, shape));
  }

  ints(...values: (number | readonly number[])[]): Value {
    return this.graph.constant(tensorOf('int64', values.flat()));
  }
}
