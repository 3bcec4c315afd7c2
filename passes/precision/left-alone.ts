/** Counts the weights that stay float, in bytes and by the op that reads them. */

import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { instancesOf } from '../../src/ir/tensors/bank.js';
import { storedTensors } from '../../src/ir/tensors/constants.js';
import { elementCount, type Tensor } from '../../src/ir/tensors/tensor.js';
import { bytesText, percentText } from '../../src/ir/text/quantities.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isMovement, precisionOf } from './ops.js';
import { isVector, weightSites } from './weights/sites.js';

const keyOf = ({ domain, opType }: Node): string => (domain ? `${domain}.${opType}` : opType);

/** Ops that look rows up in a table by computed indices. */
const lookups = new Set(['Gather', 'GatherElements', 'GatherND', 'com.microsoft.EmbedLayerNormalization']);

/** The float weights that nodes keep: what a pass leaves in float. */
export class LeftWeights {
  readonly #nodes = new Map<string, { count: number; readonly tensors: Set<Tensor> }>();
  readonly #all: number;

  constructor(model: Model) {
    const stored = [...model.graphs()].flatMap((graph) => [...storedTensors(graph)]);
    this.#all = bytesOf(new Set(stored.filter(isWeight).flatMap(instancesOf)));
  }

  /** Everything that reads a weight of more than one axis, which stays as it is now; the scales of quantized weights are none. */
  addAll(model: Model, timesOf: (node: Node) => number): void {
    const sites = weightSites(model).filter(({ tensor }) => !isVector(tensor));
    const nodes = new Set(
      sites.flatMap(({ uses }) => uses.map(({ node }) => node)).filter((node) => !takesScales(node)),
    );
    for (const node of nodes) this.add(node, timesOf(node));
  }

  /** Adds the weights of a node that stands for `times` nodes. */
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
    return `left in float: ${each.join(', ')} (${percentText(left / this.#all)} of the weights)`;
  }
}

const takesScales = (node: Node): boolean => precisionOf(node).takesScales !== undefined;

const bytesOf = (tensors: ReadonlySet<Tensor>): number =>
  [...tensors].reduce((sum, { byteLength }) => sum + byteLength, 0);

/** Smaller constants are settings: scales, epsilons, shapes. */
const isWeight = ({ type, shape }: Tensor): boolean => isFloat(type) && elementCount(shape) > 16;

const isView = (node: Node): boolean => node.is('Cast') || node.is('Shape') || isMovement(node);

/** The constant of a value, also behind views. */
function constantBehind(value: Value | undefined): Tensor | undefined {
  for (let from = value; from; from = from.producer.inputs[0]) {
    if (from.tensor) return from.tensor;
    if (!from.producer || !isView(from.producer) || lookups.has(keyOf(from.producer))) return undefined;
  }
  return undefined;
}
