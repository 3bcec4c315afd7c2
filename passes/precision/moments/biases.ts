/** Biases that take back what weights in 8 bits add to the means of their channels. */
import { appendTo } from '../../../src/ir/collections/lists.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import type { PassContext } from '../../../src/run/pass.js';
import { roundedTo } from '../weights/half-floats.js';
import type { MeanShifts, NarrowSite } from '../weights/narrow-site.js';

/** Shifts the biases behind weights that get 8 bits. */
export function takeBack(sites: readonly NarrowSite[], shifts: MeanShifts, { note, timesOf }: PassContext): void {
  const lists = new Map<Value, Float32Array[]>();
  let count = 0;
  for (const { site } of sites) {
    const shift = shifts.get(site.tensor);
    if (!shift) continue;
    appendTo(lists, shift.bias, shift.numbers);
    count += timesOf(site.value);
  }
  for (const [bias, all] of lists) bias.tensor = shiftedBias(bias.tensor as Tensor, all);
  if (count > 0) note(`weights whose change of means a bias takes back: ${count}`);
}

/** The bias with what all these weights take from its channels; of 16 bits again where it has no more. */
export function shiftedBias(bias: Tensor, shifts: readonly Float32Array[]): Tensor {
  const before = numbersOf(bias);
  const isNarrow = before.every((number) => roundedTo('float16', number) === number);
  const numbers = before.map((number, n) => {
    const sum = shifts.reduce((total, shift) => total + (shift[n] as number), number);
    return isNarrow ? roundedTo('float16', sum) : sum;
  });
  return tensorOf('float32', numbers, bias.shape);
}
