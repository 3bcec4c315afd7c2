/** How far rounding to a float of 16 bits changes a tensor: read once, nothing is kept. */
import type { Tensor } from '../../../src/ir/tensor.js';
import { floatChunks } from '../extent.js';

/** The digits of each type, the least exponent that has all of them, and the largest number. */
const layouts = {
  float16: { digits: 11, least: 2 ** -14, largest: 65504 },
  bfloat16: { digits: 8, least: 2 ** -126, largest: 3.3895313892515355e38 },
} as const;

/** Beyond the largest number by less than half a step: rounded to it. */
const isBeyond = (size: number, { digits, largest }: (typeof layouts)[keyof typeof layouts]): boolean =>
  size >= largest * (1 + 2 ** -(digits + 1));

/** The norm of the change over the norm of the tensor; infinite where a finite number would become infinite. */
export function roundingError(tensor: Tensor, type: keyof typeof layouts): number {
  const layout = layouts[type];
  const { digits, least } = layout;
  // Of a double times 2^s + 1 the upper digits are those of the number, rounded (Veltkamp).
  const split = 2 ** (53 - digits) + 1;
  const step = least * 2 ** (1 - digits);
  let [difference, total] = [0, 0];
  for (const numbers of floatChunks(tensor)) {
    let [own, all] = [difference, total];
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] as number;
      const size = Math.abs(number);
      if (!(size < Number.POSITIVE_INFINITY)) continue;
      if (isBeyond(size, layout) && type === 'float16') return Number.POSITIVE_INFINITY;
      const high = number * split;
      const error = size < least ? Math.round(number / step) * step - number : high - (high - number) - number;
      own += error * error;
      all += number * number;
    }
    [difference, total] = [own, all];
  }
  return difference === 0 ? 0 : Math.sqrt(difference / total);
}
