/**
 * Whether the numbers of an activation have a mean in common, which errors of a column would add up along.
 *
 * Behind Relu, Gelu, Sigmoid and attention they may. Behind a norm they have that of its shift, which is next to nothing where the shifts of channels have
 * both signs: rounding for a mean that is not there costs 1 % of the error of a product, and 4 % at the outputs of twelve layers.
 */
import { instancesOf } from '../../../src/ir/tensors/bank.js';
import { constantTensor } from '../../../src/ir/tensors/constants.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { norms } from '../block/expected/norms.js';

/** A mean of a smaller share of the mean square is left alone. */
const LEAST = 1 / 64;

const passing: ReadonlySet<string> = new Set(['Identity', 'Cast', 'Reshape', 'Transpose']);

/** False where a norm with little of a common shift gives it; true for what nothing is known of. */
export function hasCommonMean(activation: Value): boolean {
  let value: Value | undefined = activation;
  while (value?.producer && passing.has(value.producer.opType)) value = value.producer.inputs[0];
  const node = value?.producer;
  const slots = node && node.outputs[0] === value ? norms[node.opType] : undefined;
  if (!node || !slots) return true;
  const [scale, shift] = slots;
  if (shift === undefined || !node.inputs[shift]) return false;
  const [scales, shifts] = [scale, shift].map((slot) => constantTensor(node.inputs[slot]));
  if (!scales || !shifts) return true;
  const sizes = instancesOf(scales).map(squareOf);
  return instancesOf(shifts).some((one, at) => meanOf(one) ** 2 > LEAST * ((sizes[at] ?? sizes[0]) as number));
}

const meanOf = (tensor: Tensor): number => {
  const numbers = numbersOf(tensor);
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
};

const squareOf = (tensor: Tensor): number => {
  const numbers = numbersOf(tensor);
  return numbers.reduce((sum, one) => sum + one * one, 0) / numbers.length;
};
