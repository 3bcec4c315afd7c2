/**
 * Measures the change of a weight's channels by rounding to a float of 16 bits, and chooses the one that changes them less: reads the weight once and
 * keeps nothing.
 */
import { type Matrix, scan } from '../quantize.js';
import { floats, halfFloats } from './encode.js';

type HalfFloat = keyof typeof halfFloats;

/** Channels whose squared norm is smaller than this share of the largest do not count: their results do not show beside the others. */
const DEAD = 2 ** -40;

/**
 * The root mean square over all channels of a channel's change, relative to its norm: a channel of small numbers counts as much as one of large ones.
 * Of every row, or of one in `step` rows. Infinite where a number is beyond the type's largest by a step or more; a number that is nearer becomes the largest.
 */
export function channelError(matrix: Matrix, type: HalfFloat, step = 1): number {
  const { beyond } = halfFloats[type];
  const { code } = floats(type);
  const differences = new Float64Array(matrix.groups);
  const totals = new Float64Array(matrix.groups);
  scan(matrix, (numbers, from, to, row, column) => {
    if (row % step !== 0) return;
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

/** A matrix of more numbers is judged by rows at equal distances that have so many. */
const SAMPLED = 2 ** 17;

/** Fewer rows say too little of the others. */
const FEWEST_ROWS = 16;

/** One of the two errors is so much smaller in a sample that it is in the whole: they differ eightfold where both types hold the numbers. */
const CLEARLY = 2;

/** The channelError of both types: of a large weight as some of its rows show it, where that tells which of the two is smaller. */
export function halfErrors(matrix: Matrix): Readonly<Record<HalfFloat, number>> {
  const { rows, columns } = matrix;
  const step = Math.min(Math.floor(rows / FEWEST_ROWS), Math.floor((rows * columns) / SAMPLED));
  if (step <= 1) return errorsIn(matrix, 1);
  if (largestIn(matrix) >= halfFloats.float16.beyond)
    return { float16: Number.POSITIVE_INFINITY, bfloat16: channelError(matrix, 'bfloat16', step) };
  const found = errorsIn(matrix, step);
  const [less, more] = [found.float16, found.bfloat16].sort((a, b) => a - b) as [number, number];
  return more >= CLEARLY * less ? found : errorsIn(matrix, 1);
}

const errorsIn = (matrix: Matrix, step: number) => ({
  float16: channelError(matrix, 'float16', step),
  bfloat16: channelError(matrix, 'bfloat16', step),
});

/** The largest finite magnitude. */
function largestIn(matrix: Matrix): number {
  let largest = 0;
  scan(matrix, (numbers, from, to) => {
    let most = largest;
    for (let i = from; i < to; i++) {
      const size = Math.abs(numbers[i] as number);
      if (size > most && size < Number.POSITIVE_INFINITY) most = size;
    }
    largest = most;
  });
  return largest;
}
