/**
 * Proves intervals of float values where the numbers that they are computed from lie between two others: small integers, probabilities, clipped
 * numbers, constants.
 */
import type { Node } from '../../../src/ir/node.js';
import { agreed, largestOf } from '../../../src/ir/tensors/bank.js';
import { constantTensor } from '../../../src/ir/tensors/constants.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes, isFloat } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { interval, joined, type Maybe, sum } from '../../../src/ops/interval.js';
import { heldBy } from '../../../src/ops/moved.js';
import { rowOf } from '../../../src/ops/registry.js';
import { extentOf } from '../extent.js';
import { precisionOf } from '../ops.js';
import { largestRow, outputAxis } from './rows.js';

/** The numbers of an integer type of at most 16 bits; undefined for others. */
export function integersOf(elem: DataType | undefined): Maybe {
  const { kind, bits } = elem ? dataTypes[elem] : { kind: undefined, bits: 0 };
  if (kind === 'bool') return interval(0, 1);
  if (bits > 16 || (kind !== 'unsigned' && kind !== 'signed')) return undefined;
  return kind === 'unsigned' ? interval(0, 2 ** bits - 1) : interval(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1);
}

/** Any finite float32. */
const ANY = interval(-3.4e38, 3.4e38);

export class FloatBounds {
  readonly #known = new Map<Value, Maybe>();

  /** Finds the intervals of a node's outputs; called after the nodes that it reads. */
  add(node: Node): void {
    for (const value of node.outputs) if (value) this.#known.set(value, this.#find(value, node));
  }

  /** True where a value is proven to lie within ± `largest`. */
  isWithin(value: Value, largest: number): boolean {
    const found = this.#of(value);
    return found !== undefined && found.high <= largest && found.low >= -largest;
  }

  #of(value: Value | undefined): Maybe {
    const tensor = constantTensor(value);
    if (tensor) return constantBounds(tensor);
    return value?.isInput && value.graph === value.graph.model.graph
      ? integersOf(value.elem)
      : value && this.#known.get(value);
  }

  #find(value: Value, node: Node): Maybe {
    if (node.hasReference || value.index > 0) return undefined;
    const held = heldBy(value);
    if (held) {
      const all = held.sources.map((source) => this.#of(source)).reduce(joined);
      return held.fill === undefined ? all : joined(all, interval(held.fill, held.fill));
    }
    if (node.is('Softmax')) return interval(0, 1);
    if (precisionOf(node).isLayer) return this.#layer(node);
    return rowOf(node)?.range?.((index) => this.#of(node.inputs[index]) ?? ANY, node);
  }

  /** The sum of products with constants: at most the largest number times the largest sum of magnitudes of a row. Probabilities average. */
  #layer(node: Node): Maybe {
    const [a, b, bias] = node.inputs;
    if (node.is('MatMul') && a?.producer && isOverColumns(a.producer)) return this.#of(b);
    const [from, tensor] = [this.#of(a), constantTensor(b)];
    const axis = tensor && outputAxis(node, tensor);
    const isPlain = node.float('alpha', 1) === 1 && node.float('beta', 1) === 1;
    if (!from || !tensor || axis === undefined || !isPlain) return undefined;
    const most = agreed(tensor, (one) => largestRow(one, axis, 'sum'));
    const size = Math.max(Math.abs(from.low), Math.abs(from.high)) * most;
    return sum(interval(-size, size), bias ? this.#of(bias) : interval(0, 0));
  }
}

/** True for a Softmax along the last axis, whose rows sum to one. */
const isOverColumns = (node: Node): boolean =>
  node.is('Softmax') && [-1, (node.output.shape?.length ?? 0) - 1].includes(node.int('axis', -1));

function constantBounds(tensor: Tensor): Maybe {
  if (!isFloat(tensor.type)) return undefined;
  const largest = largestOf(tensor, (one) => {
    const { largest, hasNonFinite } = extentOf(one);
    return hasNonFinite ? Number.POSITIVE_INFINITY : largest;
  });
  return Number.isFinite(largest) ? interval(-largest, largest) : undefined;
}
