/** The sums over a weight's channels by which floats of 16 bits are compared: changes, sizes, and what subnormals may add. */
import type { Matrix } from '../quantize.js';
import type { ChannelSums } from './changes-kernel.js';
import { type HalfFloat, halfFloats, roundedTo } from './half-floats.js';

/** Channels whose squared norm is smaller than this share of the largest do not count: their results do not show beside the others. */
const DEAD = 2 ** -40;

/** The change and the size of each channel, as squares. */
export class Channels {
  readonly #differences: Float64Array;
  readonly #totals: Float64Array;

  constructor(
    { groups }: Matrix,
    readonly type: HalfFloat,
    sums?: ChannelSums,
  ) {
    this.#differences = sums?.[type] ?? new Float64Array(groups);
    this.#totals = sums?.totals ?? new Float64Array(groups);
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

  /**
   * The most that subnormals can add to the error: half a step for each of the `size` numbers of a channel, relative to the least norm it can have, by the
   * rows that were seen or by its largest number. Channels of zeros lose nothing.
   */
  subnormals(size: number, largest: Float32Array | Float64Array | undefined): number {
    const most = size * (halfFloats[this.type].step / 2) ** 2;
    let [shares, count] = [0, 0];
    this.#totals.forEach((total, at) => {
      const known = largest?.[at];
      if (known === 0) return;
      shares += Math.min(1, most / Math.max(total, (known ?? 0) ** 2));
      count++;
    });
    return count === 0 ? 0 : Math.sqrt(shares / count);
  }
}

/** Finds the largest finite magnitude of a piece of numbers. */
export function largestIn(numbers: Float32Array | Float64Array): (from: number, to: number) => number {
  if (numbers instanceof Float64Array) return (from, to) => largestNumber(numbers, from, to);
  const bits = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  return (from, to) => largestBits(bits, from, to);
}

function largestNumber(numbers: Float64Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) {
    const size = Math.abs(numbers[i] as number);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  return largest;
}

const word = new Int32Array(1);
const wordAsNumber = new Float32Array(word.buffer);

/** As whole numbers the bits of magnitudes have the order of the numbers, and infinity is above all finite ones. */
function largestBits(bits: Int32Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) {
    const size = (bits[i] as number) & 0x7fffffff;
    if (size > largest && size < 0x7f800000) largest = size;
  }
  word[0] = largest;
  return wordAsNumber[0] as number;
}
