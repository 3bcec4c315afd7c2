/** Why int8 leaves a node with a float weight alone: no weight that stays float goes without a reason. */
import type { Node } from '../../src/ir/node.js';
import { elementCount, type Tensor } from '../../src/ir/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isMovement, opKey, takesScales } from './ops.js';

/** Ops that multiply by weights in a form without a quantized one. */
const withoutIntegerForm: ReadonlyMap<string | undefined, string> = new Map([
  ['Conv', 'ConvInteger is often slower than a float Conv'],
  ['ConvTranspose', 'there is no integer ConvTranspose'],
  ['LSTM', 'recurrent layers stay in float'],
  ['GRU', 'recurrent layers stay in float'],
  ['RNN', 'recurrent layers stay in float'],
  ['Einsum', 'Einsum has no integer form'],
  ['ms.Attention', 'attention with its weights inside has no dynamic integer form'],
]);

/** Look rows up in a table; which rows is computed, and so is what they give. */
const lookups = new Set(['Gather', 'GatherElements', 'GatherND', 'ms.EmbedLayerNormalization']);

/** Undefined for a node that reads no float matrix of this size or more, and where whoever reads the node is asked. */
export function whyLeftAlone(node: Node, minElements: number): string | undefined {
  const key = opKey(node) ?? '';
  const reason = withoutIntegerForm.get(key);
  if (reason) return reason;
  const isTable = lookups.has(key);
  if (takesScales(node) || (!isTable && isView(node))) return undefined;
  if (!node.inputs.some((value) => isMatrix(constantBehind(value), minElements))) return undefined;
  return isTable ? 'a table is looked up, not multiplied' : 'its constant is no factor of a matrix product';
}

const isView = (node: Node): boolean => node.is('Cast') || node.is('Shape') || isMovement(node);

/** The constant that a value is, or is a view of. */
function constantBehind(value: Value | undefined): Tensor | undefined {
  for (let from = value; from; from = from.producer.inputs[0]) {
    if (from.tensor) return from.tensor;
    if (!from.producer || !isView(from.producer) || lookups.has(opKey(from.producer) ?? '')) return undefined;
  }
  return undefined;
}

const isMatrix = (tensor: Tensor | undefined, minElements: number): boolean => {
  if (!tensor || !isFloat(tensor.type)) return false;
  const count = elementCount(tensor.shape);
  return count >= minElements && Math.max(...tensor.shape, 1) < count;
};
