/** Collects the reasons of int8 for each node whose weight stays float: none stays without one. */

import { instancesOf } from '../../src/ir/bank.js';
import { storedTensors } from '../../src/ir/constants.js';
import { maxOf } from '../../src/ir/lists.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { bytesText, percentText } from '../../src/ir/quantities.js';
import { elementCount, type Tensor } from '../../src/ir/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isMovement, precisionOf } from './ops.js';

const keyOf = ({ domain, opType }: Node): string => (domain ? `${domain}.${opType}` : opType);

/** Ops that multiply by weights in a form without a quantized one. */
const withoutIntegerForm: ReadonlyMap<string | undefined, string> = new Map([
  ['Conv', 'ConvInteger is often slower than a float Conv (with inputs: option static)'],
  ['ConvTranspose', 'there is no integer ConvTranspose'],
  ['LSTM', 'recurrent layers stay in float'],
  ['GRU', 'recurrent layers stay in float'],
  ['RNN', 'recurrent layers stay in float'],
  ['Einsum', 'Einsum has no integer form'],
  ['com.microsoft.Attention', 'attention with its weights inside has no dynamic integer form'],
]);

/** Ops that look rows up in a table. The indices are computed, and so is the result. */
const lookups = new Set(['Gather', 'GatherElements', 'GatherND', 'com.microsoft.EmbedLayerNormalization']);

/** Undefined for a node that reads no float matrix of this size or more, and where whoever reads the node is asked. */
export function whyLeftAlone(node: Node, minElements: number): string | undefined {
  const key = keyOf(node);
  const reason = withoutIntegerForm.get(key);
  if (reason) return reason;
  const isTable = lookups.has(key);
  if (precisionOf(node).takesScales || (!isTable && isView(node))) return undefined;
  if (!node.inputs.some((value) => isMatrix(constantBehind(value), minElements))) return undefined;
  return isTable ? 'a table is looked up, not multiplied' : 'its constant is no factor of a matrix product';
}

/** The float weights that nodes keep: what a pass leaves in float. */
export class LeftWeights {
  readonly #nodes = new Map<string, { count: number; readonly tensors: Set<Tensor> }>();
  readonly #all: number;

  constructor(model: Model) {
    const stored = [...model.graphs()].flatMap((graph) => [...storedTensors(graph)]);
    this.#all = bytesOf(new Set(stored.filter(isWeight).flatMap(instancesOf)));
  }

  /** A node that stands for so many. */
  add(node: Node, times: number): void {
    const tensors = node.inputs.flatMap((value) => constantBehind(value) ?? []).filter(({ type }) => isFloat(type));
    if (tensors.length === 0) return;
    const group = this.#nodes.get(node.opType) ?? { count: 0, tensors: new Set<Tensor>() };
    this.#nodes.set(node.opType, group);
    group.count += times;
    for (const one of tensors.flatMap(instancesOf)) group.tensors.add(one);
  }

  /** The bytes, the ops and the share of all weights, in words; undefined where there are none. */
  text(): string | undefined {
    const ops = [...this.#nodes].map(([op, { count, tensors }]) => ({ op, count, bytes: bytesOf(tensors) }));
    if (ops.length === 0) return undefined;
    ops.sort((a, b) => b.bytes - a.bytes);
    const each = ops.map(({ op, count, bytes }) => `${bytesText(bytes)} in ${count} ${op}`);
    const left = bytesOf(new Set([...this.#nodes.values()].flatMap(({ tensors }) => [...tensors])));
    // To a tenth of a percent: where one repeat stands for others, small constants that some of them share are counted once.
    const share = left / this.#all;
    const tenths = Math.round(1000 * share) / 1000;
    const text = percentText(tenths > 0 && tenths < 1 ? tenths : share);
    return `left in float: ${each.join(', ')} (${text} of the weights)`;
  }
}

const bytesOf = (tensors: ReadonlySet<Tensor>): number =>
  [...tensors].reduce((sum, { byteLength }) => sum + byteLength, 0);

/** Smaller constants are settings: scales, epsilons, shapes. */
const isWeight = ({ type, shape }: Tensor): boolean => isFloat(type) && elementCount(shape) > 16;

const isView = (node: Node): boolean => node.is('Cast') || node.is('Shape') || isMovement(node);

/** The constant that a value is, or is a view of. */
function constantBehind(value: Value | undefined): Tensor | undefined {
  for (let from = value; from; from = from.producer.inputs[0]) {
    if (from.tensor) return from.tensor;
    if (!from.producer || !isView(from.producer) || lookups.has(keyOf(from.producer))) return undefined;
  }
  return undefined;
}

const isMatrix = (tensor: Tensor | undefined, minElements: number): boolean => {
  if (!tensor || !isFloat(tensor.type)) return false;
  const count = elementCount(tensor.shape);
  return count >= minElements && maxOf(tensor.shape, 1) < count;
};
