/**
 * Estimates how far values deviate from zero: numbers behind a norm have the size of its scale, a layer multiplies that by the norm of a row of its
 * weights, and squares of sizes add up in sums.
 */

import { maxOf } from '../../../src/ir/collections/lists.js';
import type { Node } from '../../../src/ir/node.js';
import { largestOf } from '../../../src/ir/tensors/bank.js';
import { constantTensor } from '../../../src/ir/tensors/constants.js';
import { isFloat } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { heldBy } from '../../../src/ops/moved.js';
import { extentOf } from '../extent.js';
import { precisionOf } from '../ops.js';
import { integersOf } from './bounds.js';
import { largestRow, outputAxis } from './rows.js';

/** The largest of a million normal numbers is about five deviations; the tails of activations are heavier. */
export const DEVIATIONS = 6;

/** Estimates the deviations of values, where that is possible. */
export class Deviations {
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
    if (!value.isInput || value.graph !== value.graph.model.graph) return this.#known.get(value);
    // Inputs of a model are prepared for it, so they have ordinary sizes; small integers are spread over their type.
    const { high = DEVIATIONS } = integersOf(value.elem) ?? {};
    return Math.max(1, high / DEVIATIONS);
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

  /**
   * The size of sums of products: the first operand's times the largest norm of a row of the constant; behind a Softmax, which averages, the second
   * operand's. Of two computed operands, as queries and keys, the sizes of both, and the root of how many are summed.
   */
  #layer(node: Node): number | undefined {
    const [a, b, bias] = node.inputs;
    if (a?.producer?.is('Softmax')) return this.of(b);
    const tensor = constantTensor(b);
    const size = this.of(a);
    if (size === undefined) return undefined;
    if (!tensor) {
      const count = node.is('MatMul') ? a?.shape?.at(-1) : undefined;
      return typeof count === 'number' ? product(product(size, this.of(b)), Math.sqrt(count)) : undefined;
    }
    const axis = outputAxis(node, tensor);
    const factor = axis === undefined ? undefined : largestOf(tensor, (one) => largestRow(one, axis, 'norm'));
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
