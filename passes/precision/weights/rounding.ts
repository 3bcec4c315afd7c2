/** Measures how far rounding to a float of 16 bits changes the channels of a weight: it is read once, and nothing is kept. */
import { type Matrix, scan } from '../quantize.js';

/** The digits of each type, the least power of two that has all of them, and the largest number. */
const layouts = {
  float16: { digits: 11, least: 2 ** -14, largest: 65504 },
  bfloat16: { digits: 8, least: 2 ** -126, largest: Number.POSITIVE_INFINITY },
} as const;

/** A channel whose squared norm is this much smaller than the largest takes no part: nothing that it gives is seen beside the others. */
const DEAD = 2 ** -40;

/**
 * The norm of the change over the norm, of each channel, squared, averaged, and the root of that: a channel of small numbers counts as much as one of
 * large ones. Infinite where a finite number is beyond the type's range.
 */
export function channelError(matrix: Matrix, type: keyof typeof layouts): number {
  const { digits, least, largest } = layouts[type];
  // Of a double times 2^s + 1 the upper digits are those of the number, rounded (Veltkamp).
  const split = 2 ** (53 - digits) + 1;
  const step = least * 2 ** (1 - digits);
  const beyond = largest * (1 + 2 ** -(digits + 1));
  const differences = new Float64Array(matrix.groups);
  const totals = new Float64Array(matrix.groups);
  scan(matrix, (numbers, from, to, row, column) => {
    const { rowGroups, columnGroups } = matrix;
    const first = Math.floor(row / rowGroups.block) * rowGroups.step;
    for (let i = from, at = column; i < to; i++, at++) {
      const number = numbers[i] as number;
      const size = Math.abs(number);
      if (!(size < Number.POSITIVE_INFINITY)) continue;
      const group = first + ((at / columnGroups.block) | 0) * columnGroups.step;
      const high = number * split;
      const rounded = size < least ? Math.round(number / step) * step : high - (high - number);
      const error = size >= beyond ? Number.POSITIVE_INFINITY : rounded - number;
      differences[group] = (differences[group] as number) + error * error;
      totals[group] = (totals[group] as number) + number * number;
    }
  });
  const dead = DEAD * totals.reduce((most, one) => Math.max(most, one), 0);
  let [shares, count] = [0, 0];
  differences.forEach((one, at) => {
    const total = totals[at] as number;
    if (total <= dead) return;
    shares += one / total;
    count++;
  });
  return count === 0 ? 0 : Math.sqrt(shares / count);
}
