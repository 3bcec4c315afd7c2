/** A builder of models, and of parts of them. */
import type { AttributeLike } from './attribute.js';
import { type Dim, symbol } from './dims/dims.js';
import { Graph } from './graph.js';
import { Model } from './model.js';
import type { Node, NodeOptions } from './node.js';
import { tensorOf } from './tensors/numbers.js';
import type { Tensor } from './tensors/tensor.js';
import { type DataType, dataTypes, type Type, tensorType } from './types.js';
import type { Value } from './value.js';

export type Attributes = Readonly<Record<string, AttributeLike | undefined>>;

/** Dims as written in a test: a number, a name, or a dim. */
export type DimLike = Dim | string;

const typeOf = (elem: DataType | Type, shape?: readonly DimLike[]): Type =>
  typeof elem === 'object'
    ? elem
    : tensorType(
        elem,
        shape?.map((dim) => (typeof dim === 'string' ? symbol(dim) : dim)),
      );

/** What is said of a node beside its operator and inputs. */
export interface BuildOptions extends NodeOptions {
  /** Type of the first output, for whoever reads it before types are inferred again. */
  readonly type?: Type;
}

const axesAreInput = { ReduceMax: 18, ReduceMean: 18, ReduceSum: 13 };

/** Writes a graph node by node: inputs, constants, operators, outputs. */
export class GraphBuilder {
  constructor(readonly graph: Graph) {}

  /** An input; without a shape its rank is unknown. */
  input(name: string, elem: DataType | Type, shape?: readonly DimLike[]): Value {
    return this.graph.input(name, typeOf(elem, shape));
  }

  /** A constant: a tensor, or numbers of an element type. */
  constant(tensor: Tensor, name?: string): Value;
  constant(elem: DataType, values: ArrayLike<number> | number, shape?: readonly number[], name?: string): Value;
  constant(
    first: Tensor | DataType,
    second?: ArrayLike<number> | number | string,
    shape?: readonly number[],
    name?: string,
  ): Value {
    if (typeof first === 'object') return this.graph.constant(first, second as string | undefined);
    return this.graph.constant(tensorOf(first, second as number, shape), name);
  }

  /** int64 numbers, a list of them: shapes, axes, indices. */
  ints(...values: (number | readonly number[])[]): Value {
    return this.constant('int64', values.flat());
  }

  /** A node, its first output. */
  op(opType: string, inputs: readonly (Value | undefined)[], attributes?: Attributes, options?: BuildOptions): Value {
    return this.node(opType, inputs, attributes, options).output;
  }

  node(
    opType: string,
    inputs: readonly (Value | undefined)[],
    attributes?: Attributes,
    { type, ...options }: BuildOptions = {},
  ): Node {
    const node = this.graph.add(opType, inputs, { ...options, attributes });
    if (type) node.output.type = type;
    return node;
  }

  /** The value in an element type: itself where it has it. */
  cast(value: Value, elem: DataType): Value {
    return value.elem === elem ? value : this.op('Cast', [value], { to: dataTypes[elem].code });
  }

  /** Size-1 axes at these places of the result. */
  unsqueeze(value: Value, axes: readonly number[]): Value {
    return this.#along('Unsqueeze', value, axes, 13);
  }

  /** The value without these axes of size 1. */
  squeeze(value: Value, axes: readonly number[]): Value {
    return this.#along('Squeeze', value, axes, 13);
  }

  /** Over one axis, which stays with size 1. */
  reduce(opType: keyof typeof axesAreInput, value: Value, axis: number, options?: BuildOptions): Value {
    return this.#along(opType, value, [axis], axesAreInput[opType], { keepdims: 1 }, options);
  }

  /** An op whose axes are an attribute before the opset `since`, and an input from it on. */
  #along(
    opType: string,
    value: Value,
    axes: readonly number[],
    since: number,
    attributes?: Attributes,
    options?: BuildOptions,
  ): Value {
    const isAttribute = (this.graph.opsets.get('') ?? since) < since;
    return isAttribute
      ? this.op(opType, [value], { axes: [...axes], ...attributes }, options)
      : this.op(opType, [value, this.ints(axes)], attributes, options);
  }

  output(name: string, value: Value, elem?: DataType | Type, shape?: readonly DimLike[]): void {
    this.graph.output(name, value, elem && typeOf(elem, shape));
  }

  /** A body for an attribute of If, Loop or Scan; it may use values of this scope. */
  body(name: string, define: (builder: GraphBuilder) => void): Graph {
    const graph = new Graph(this.graph.model, name, this.graph.opsets);
    define(new GraphBuilder(graph));
    return graph;
  }
}

/** A model from a function that fills its graph: `buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [2])])))`. */
export function buildModel(
  opsets: Readonly<Record<string, number>>,
  define: (builder: GraphBuilder) => void,
  irVersion = 8,
): Model {
  const model = new Model(Object.entries(opsets), irVersion);
  model.graph.name = 'main';
  define(new GraphBuilder(model.graph));
  return model;
}
