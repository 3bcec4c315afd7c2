/** Measures the change of a weight's channels by rounding to a float of 16 bits, and chooses the one that changes them less. */
import { floatChunks } from '../extent.js';
import type { Matrix } from '../quantize.js';
import { stepsOf } from './encode.js';
import { type HalfFloat, halfFloats, roundedTo } from './half-floats.js';

/** Channels whose squared norm is smaller than this share of the largest do not count: their results do not show beside the others. */
const DEAD = 2 ** -40;

/** A matrix of more numbers is judged by rows at equal distances that have so many. */
const SAMPLED = 2 ** 15;

/** Fewer rows say too little of the others. */
const FEWEST_ROWS = 16;

/** One of the two errors is so much smaller in a sample that it is in the whole: they differ eightfold where both types hold the numbers. */
const CLEARLY = 2;

type HalfErrors = Readonly<Record<HalfFloat, number>>;

/**
 * The channel errors of both types: of a large weight as some of its rows show it, where that tells which of the two is smaller. One reading of the
 * weight, a second one where that does not.
 */
export function halfErrors(matrix: Matrix): HalfErrors {
  const { rows, columns } = matrix;
  const step = Math.min(Math.floor(rows / FEWEST_ROWS), Math.floor((rows * columns) / SAMPLED));
  if (step <= 1) return channelErrors(matrix);
  const { float16, bfloat16 } = channelErrors(matrix, step);
  const isClear = Math.max(float16, bfloat16) >= CLEARLY * Math.min(float16, bfloat16);
  return isClear ? { float16, bfloat16 } : channelErrors(matrix);
}

/**
 * The root mean square over all channels of a channel's change, relative to its norm: a channel of small numbers counts as much as one of large ones.
 * Of every row, or of one in `step` rows. Infinite where any number is beyond the type's largest by a step or more; a number that is nearer becomes the largest.
 */
export function channelErrors(matrix: Matrix, step = 1): HalfErrors {
  const { columns, rowGroups, columnGroups } = matrix;
  const steps = stepsOf(columns, columnGroups);
  const [narrow, wide] = [new Channels(matrix, 'float16'), new Channels(matrix, 'bfloat16')];
  let [largest, place] = [0, 0];
  for (const numbers of floatChunks(matrix.tensor)) {
    largest = Math.max(largest, largestOf(numbers));
    const first = Math.ceil(Math.floor(place / columns) / step) * step;
    for (let row = first; row * columns < place + numbers.length; row += step) {
      const start = row * columns - place;
      const [from, to] = [Math.max(0, start), Math.min(numbers.length, start + columns)];
      const group = Math.floor(row / rowGroups.block) * rowGroups.step;
      for (const channels of [narrow, wide]) channels.add(numbers, [from, to], from - start, group, steps);
    }
    place += numbers.length;
  }
  return { float16: narrow.error(largest), bfloat16: wide.error(largest) };
}

/** The change and the size of each channel, as squares. */
class Channels {
  readonly #differences: Float64Array;
  readonly #totals: Float64Array;

  constructor(
    { groups }: Matrix,
    readonly type: HalfFloat,
  ) {
    this.#differences = new Float64Array(groups);
    this.#totals = new Float64Array(groups);
  }

  add(
    numbers: Float32Array | Float64Array,
    [from, to]: readonly [number, number],
    column: number,
    first: number,
    steps: Int32Array,
  ): void {
    const [differences, totals] = [this.#differences, this.#totals];
    const { least, split, largest } = halfFloats[this.type];
    for (let i = from, at = column; i < to; i++, at++) {
      const number = numbers[i] as number;
      const size = Math.abs(number);
      if (!(size < Number.POSITIVE_INFINITY)) continue;
      const high = number * split;
      const error = (size >= least && size <= largest ? high - (high - number) : roundedTo(this.type, number)) - number;
      const group = first + (steps[at] as number);
      differences[group] = (differences[group] as number) + error * error;
      totals[group] = (totals[group] as number) + number * number;
    }
  }

  error(largest: number): number {
    if (largest >= halfFloats[this.type].beyond) return Number.POSITIVE_INFINITY;
    const [differences, totals] = [this.#differences, this.#totals];
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
}

/** The largest finite magnitude. */
function largestOf(numbers: Float32Array | Float64Array): number {
  let largest = 0;
  if (numbers instanceof Float64Array) {
    for (const number of numbers) {
      const size = Math.abs(number);
      if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
    }
    return largest;
  }
  // As whole numbers the bits of magnitudes have the order of the numbers, and infinity is above all finite ones.
  const bits = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let i = 0; i < bits.length; i++) {
    const size = (bits[i] as number) & 0x7fffffff;
    if (size > largest && size < 0x7f800000) largest = size;
  }
  return new Float32Array(Int32Array.of(largest).buffer)[0] as number;
}
