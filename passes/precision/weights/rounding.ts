/** Measures the change of a weight's channels by rounding to a float of 16 bits: reads the weight once and keeps nothing. */
import { type Matrix, scan } from '../quantize.js';
import { floats, halfFloats } from './encode.js';

/** Channels whose squared norm is smaller than this share of the largest do not count: their results do not show beside the others. */
const DEAD = 2 ** -40;

/**
 * The root mean square over all channels of a channel's change, relative to its norm: a channel of small numbers counts as much as one of large ones.
 * Infinite where a number is beyond the type's largest by a step or more; a number that is nearer becomes the largest.
 */
export function channelError(matrix: Matrix, type: keyof typeof halfFloats): number {
  const { beyond } = halfFloats[type];
  const { code } = floats(type);
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
      const error = size >= beyond ? Number.POSITIVE_INFINITY : code(number, group) - number;
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
