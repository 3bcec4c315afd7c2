/** The numbers that a weight multiplies, as rows: what each of its channels is a dot product with. */
import { GraphBuilder } from '../../../src/ir/build.js';
import { symbol } from '../../../src/ir/dims/dims.js';
import type { Graph } from '../../../src/ir/graph.js';
import type { Node } from '../../../src/ir/node.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import { tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { productOf } from '../product.js';
import type { WeightSite } from '../weights/sites.js';

/** A weight as dot products: `channels` of them, of `length` numbers each. */
export interface DotProducts {
  readonly channels: number;
  readonly length: number;
  /** True where the numbers of a channel stand in one column of the stored weight, not in one row. */
  readonly isByColumn: boolean;
  /** What is multiplied, and how it becomes rows of `length` numbers. */
  readonly node: Node;
  readonly input: Value;
}

/** True for the Cast behind a weight that is stored in 16 bits. */
export const isCast = (node: Node): boolean => node.is('Cast') && node.domain === '';

/** The dot products with a weight; undefined where it has another use, or one that is none, or windows of single channels, which have moments of their own each. */
export function dotProductsOf({ tensor, main, uses }: WeightSite): DotProducts | undefined {
  const { node, slot, views } = main;
  const [input] = node.inputs;
  if (uses.length > 1 || !views.every(isCast) || node.hasReference || slot !== 1 || !input) return undefined;
  if (node.is('Conv') && node.domain === '') {
    if (node.int('group', 1) > 1) return undefined;
    const channels = tensor.shape[0] as number;
    return { node, input, channels, length: elementCount(tensor.shape) / channels, isByColumn: false };
  }
  const product = productOf(node);
  if (!product || typeof product === 'string' || product.isActivationTransposed) return undefined;
  const { K, N, isTransposed } = product.weight;
  return { node, input, channels: N, length: K, isByColumn: !isTransposed };
}

/** Adds nodes to a copy of the model that give the rows: a value whose last axis has `length` numbers. */
export function rowsIn(graph: Graph, { node, length, input }: DotProducts, copyOf: (value: Value) => Value): Value {
  const from = copyOf(input);
  if (!node.is('Conv')) return from;
  const build = new GraphBuilder(graph);
  const kernel = (node.inputs[1]?.shape?.slice(2) ?? []) as number[];
  const windows = isWhole(node, kernel) ? from : windowsOf(build, node, from, kernel, length);
  const shape = build.ints(0, length, -1);
  const split = build.op('Reshape', [windows, shape]);
  const type = tensorType('float32', [symbol('batch'), symbol('places'), length]);
  return build.op('Transpose', [split], { perm: [0, 2, 1] }, { type });
}

/** True where every place is a window of its own. */
const isWhole = (node: Node, kernel: readonly number[]): boolean =>
  elementCount(kernel) === 1 &&
  (node.ints('strides') ?? []).every((step) => step === 1) &&
  (node.ints('pads') ?? []).every((pad) => pad === 0);

/** The numbers of each window as channels: a convolution of the same geometry whose filters pick one number each. */
function windowsOf(build: GraphBuilder, node: Node, from: Value, kernel: readonly number[], length: number): Value {
  const filters = new Float32Array(length ** 2);
  for (let at = 0; at < length; at++) filters[at * (length + 1)] = 1;
  const weight = build.constant('float32', filters, [length, length / elementCount(kernel), ...kernel]);
  const { output } = build.graph.add('Conv', [from, weight]);
  const conv = output.producer as Node;
  for (const [name, attribute] of node.attributes) build.graph.setAttribute(conv, name, attribute);
  return output;
}
