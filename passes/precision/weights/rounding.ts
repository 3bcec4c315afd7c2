/** Measures the change of a weight's channels by rounding to a float of 16 bits, and chooses the one that changes them less. */
import { floatChunks } from '../extent.js';
import { columnOffsets, groupAt, type Matrix } from '../quantize.js';
import { sumsByKernel } from './changes-kernel.js';
import { Channels, largestIn } from './channel-errors.js';
import type { HalfFloat } from './half-floats.js';

/** A matrix of more numbers is judged by rows at equal distances that have so many. */
const SAMPLED = 2 ** 15;

/** Fewer rows say too little of the others. */
const FEWEST_ROWS = 16;

/** One of the two errors is so much smaller in a sample that it is in the whole: they differ eightfold where both types hold the numbers. */
const CLEARLY = 2;

/** What subnormal numbers may add to the error of float16 without a look at all of them: half of the error that bfloat16 makes. */
const ADDED = 2 ** -10;

type HalfErrors = Readonly<Record<HalfFloat, number>>;

/**
 * The channel errors of both types: of a large weight as some of its rows show it, where that tells which of the two is smaller. One reading of the
 * weight, a second one where that does not.
 *
 * A sample decides for float16 only where the numbers that it left out cannot lose much: a channel of small numbers would be lost. It decides for bfloat16
 * only where it is exact, or float16 overflows.
 */
export function halfErrors(matrix: Matrix): HalfErrors {
  const { rows, columns, rowGroups, columnGroups } = matrix;
  // Channels that are rows of blocks are each seen in rows enough.
  const seen = rowGroups.step > 0 && columnGroups.step > 0 ? rowGroups.block : rows;
  const step = Math.min(Math.floor(seen / FEWEST_ROWS), Math.floor((rows * columns) / SAMPLED));
  if (step <= 1) return channelErrors(matrix);
  const { float16, bfloat16, subnormals } = channelErrors(matrix, step);
  const isNarrow = CLEARLY * float16 <= bfloat16 && subnormals <= ADDED;
  const isWide = CLEARLY * bfloat16 <= float16 && (bfloat16 === 0 || float16 === Number.POSITIVE_INFINITY);
  return isNarrow || isWide ? { float16, bfloat16 } : channelErrors(matrix);
}

/**
 * The root mean square over all channels of a channel's change, relative to its norm: a channel of small numbers counts as much as one of large ones.
 * Of every row, or of one in `step` rows. Infinite where any number is beyond the type's largest by a step or more; a number that is nearer becomes the largest.
 * `subnormals` is what those of float16 can add to its error in all rows.
 */
export function channelErrors(
  matrix: Matrix,
  step = 1,
  withKernels = true,
): HalfErrors & { readonly subnormals: number } {
  const sums = withKernels ? sumsByKernel(matrix, step) : undefined;
  const [narrow, wide] = [new Channels(matrix, 'float16', sums), new Channels(matrix, 'bfloat16', sums)];
  const { rows, columns, groups, columnGroups } = matrix;
  const largest: Float32Array | Float64Array = sums?.largest ?? sumsInScript(matrix, step, narrow, wide);
  let most = 0;
  for (const one of largest) most = Math.max(most, one);
  const size = (rows * columns) / groups;
  return {
    ...{ float16: narrow.error(most), bfloat16: wide.error(most) },
    subnormals: narrow.subnormals(size, columnGroups.step > 0 ? undefined : largest),
  };
}

/** Adds up the changes of one in `step` rows; gives the largest number of each channel that is made of rows, else of all. */
function sumsInScript(matrix: Matrix, step: number, narrow: Channels, wide: Channels): Float64Array {
  const { columns, groups, rowGroups, columnGroups } = matrix;
  const steps = columnOffsets(columns, columnGroups);
  const largest = new Float64Array(columnGroups.step > 0 ? 1 : groups);
  const groupOf = (row: number) => groupAt(rowGroups, row);
  let place = 0;
  for (const numbers of floatChunks(matrix.tensor)) {
    const largestFrom = largestIn(numbers);
    if (largest.length === 1) raise(largest, 0, largestFrom(0, numbers.length));
    else
      for (let from = 0; from < numbers.length; ) {
        const row = Math.floor((place + from) / columns);
        const to = Math.min(numbers.length, (row + 1) * columns - place);
        raise(largest, groupOf(row), largestFrom(from, to));
        from = to;
      }
    const first = Math.ceil(Math.floor(place / columns) / step) * step;
    for (let row = first; row * columns < place + numbers.length; row += step) {
      const start = row * columns - place;
      const [from, to] = [Math.max(0, start), Math.min(numbers.length, start + columns)];
      for (const channels of [narrow, wide]) channels.add(numbers, [from, to], from - start, groupOf(row), steps);
    }
    place += numbers.length;
  }
  return largest;
}

const raise = (largest: Float64Array, at: number, size: number): void => {
  if (size > (largest[at] as number)) largest[at] = size;
};
