/**
 * Finds values whose numbers exceed the range of a narrow float: as measured on the user's inputs, else as estimated from norms and weights.
 *
 * The estimate follows deviations: numbers behind a norm have the size of its scale, a layer multiplies that by the norm of a row of its
 * weights, and squares of sizes add up in sums. It is no bound as intervals are: those of a convolution are so wide that every network seems to overflow.
 */

import { maxOf } from '../../src/ir/collections/lists.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { largestOf } from '../../src/ir/tensors/bank.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { heldBy } from '../../src/ops/moved.js';
import type { ActivationStatistics } from '../../src/run/activations.js';
import { extentOf, floatChunks } from './extent.js';
import { isMovement, precisionOf } from './ops.js';

/** The largest of a million normal numbers is about five deviations; the tails of activations are heavier. */
const DEVIATIONS = 6;
/** Other inputs may give numbers this many times as large as the measured ones. */
const MARGIN = 2;

const because = {
  measured: 'its numbers pass the range of float16, or half of it, on the given inputs',
  estimated: 'its numbers pass the range of float16 by the size of the weights since the last norm',
} as const;

/** The reason for each value beyond the range. `isMasked`: a value whose numbers beyond the range are a mask's, which is cut. */
export function beyondRange(
  model: Model,
  largest: number,
  isMasked: (value: Value) => boolean,
  measured: ReadonlyMap<Value, ActivationStatistics>,
): ReadonlyMap<Value, string> {
  const found = new Map<Value, string>();
  const sizes = new Deviations(largest);
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      sizes.add(node);
      for (const value of node.outputs) {
        if (value?.elem !== 'float32' || isMasked(value)) continue;
        const moved = isMovement(node) ? node.inputs.map((one) => one && found.get(one)).find((one) => one) : undefined;
        const seen = measured.get(value);
        if (moved) found.set(value, moved);
        else if (seen && maxOf(seen.largest, 0) * MARGIN > largest) found.set(value, because.measured);
        else if (!seen && (sizes.of(value) ?? 0) * DEVIATIONS > largest) found.set(value, because.estimated);
      }
    }
  return found;
}

/** Lists the values to measure: computed ones, except those of operators that bound their results. Moved values are as large as their sources. */
export const rangeRequests = ({ graph }: Model): { value: Value }[] =>
  graph.nodes().flatMap((node) => {
    if (isMovement(node) || precisionOf(node).size === 'bounded') return [];
    return node.outputs.flatMap((value) => (value?.elem === 'float32' ? [{ value }] : []));
  });

/** Estimates the deviations of values, where that is possible. */
class Deviations {
  readonly #known = new Map<Value, number>();

  /** Constants beyond `largest` count as masks, and say nothing about the numbers that they hide. */
  constructor(readonly largest: number) {}

  of(value: Value | undefined): number | undefined {
    if (!value) return undefined;
    const tensor = constantTensor(value);
    if (tensor) {
      const size = isFloat(tensor.type) ? largestOf(tensor, (one) => extentOf(one).largest) : undefined;
      return size !== undefined && size < this.largest ? size : undefined;
    }
    // Inputs of a model are prepared for it, so they have ordinary sizes.
    return value.isInput && value.graph === value.graph.model.graph ? 1 : this.#known.get(value);
  }

  /** The size that a value adds to a sum: of a constant, its largest number. */
  #term(value: Value | undefined): number {
    return (this.of(value) ?? 0) / (constantTensor(value) ? DEVIATIONS : 1);
  }

  /** Estimates the outputs of a node; called after the nodes that it reads. */
  add(node: Node): void {
    const size = this.#sizeOf(node);
    if (size !== undefined && Number.isFinite(size))
      for (const value of node.outputs) if (value) this.#known.set(value, size);
  }

  #sizeOf(node: Node): number | undefined {
    const { inputs, opType } = node;
    const of = (slot: number) => this.of(inputs[slot]);
    const scale = scaleSlots(node);
    if (scale) return (of(scale[0]) ?? 1) + this.#term(inputs[scale[1]]);
    const { size, isLayer, mask } = precisionOf(node);
    if (size === 'bounded') return 1;
    if (isLayer) return this.#layer(node);
    if (mask !== undefined) return of(2);
    if (opType === 'Add' || opType === 'Sub' || opType === 'Sum')
      return Math.hypot(...inputs.map((value) => this.#term(value)));
    if (opType === 'Mul') return product(of(0), of(1));
    const held = heldBy(node.outputs[0]);
    if (held && !held.recast)
      return maxOf(
        held.sources.map((value) => this.#term(value)),
        Math.abs(held.fill ?? 0) / DEVIATIONS,
      );
    return keeping.has(opType) ? of(0) : undefined;
  }

  /** The size of sums of products: the first operand's times the largest norm of a row of the constant; behind a Softmax, which averages, the second operand's. */
  #layer(node: Node): number | undefined {
    const [a, b, bias] = node.inputs;
    const tensor = constantTensor(b);
    const size = this.of(a);
    if (!tensor || size === undefined) return a?.producer?.is('Softmax') ? this.of(b) : undefined;
    const axis = outputAxis(node, tensor);
    const factor = axis === undefined ? undefined : largestOf(tensor, (one) => largestNorm(one, axis));
    const sum = product(size, factor);
    return sum === undefined ? undefined : Math.hypot(sum, this.#term(bias));
  }
}

const product = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a * b;

/** Ops whose results are about as large as their first input: activations, averages, interpolations. */
const keeping = new Set(
  (
    'Relu LeakyRelu Elu Celu Selu Gelu FastGelu QuickGelu BiasGelu HardSwish Mish Softplus Swish Clip Cast Resize Upsample AveragePool ' +
    'MaxPool GlobalAveragePool GlobalMaxPool ReduceMean ReduceMax Abs Neg Dropout'
  ).split(' '),
);

const norms = new Set(
  (
    'LayerNormalization InstanceNormalization GroupNormalization RMSNormalization SimplifiedLayerNormalization BatchNormalization ' +
    'GroupNorm'
  ).split(' '),
);

/** The slots of a norm's scale and shift. */
function scaleSlots({ opType }: Node): readonly [number, number] | undefined {
  if (norms.has(opType)) return [1, 2];
  return opType === 'SkipLayerNormalization' || opType === 'SkipSimplifiedLayerNormalization' ? [2, 3] : undefined;
}

/** The axis of a weight along which results differ. */
function outputAxis(node: Node, { shape }: Tensor): number | undefined {
  if (node.is('Conv')) return 0;
  if (node.is('Gemm')) return node.int('transB', 0) === 1 ? 0 : 1;
  return node.is('MatMul') || node.is('FusedMatMul', 'com.microsoft') ? shape.length - 1 : undefined;
}

/** The largest norm among the slices along an axis. Reads the tensor once. */
function largestNorm(tensor: Tensor, axis: number): number {
  const count = tensor.shape[axis] ?? 1;
  const inner = tensor.shape.slice(axis + 1).reduce((all, dim) => all * dim, 1);
  const squares = new Float64Array(count);
  let [index, left] = [0, inner];
  for (const numbers of floatChunks(tensor))
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] as number;
      squares[index] = (squares[index] as number) + number * number;
      if (--left > 0) continue;
      left = inner;
      index = index + 1 === count ? 0 : index + 1;
    }
  return Math.sqrt(maxOf(squares, 0));
}
