/** Statistics of activations: of the numbers that a value takes over given sets of inputs, by channel and as a whole. */

import type { Value } from '../ir/value.js';

/** A value to measure. */
export interface ActivationRequest {
  readonly value: Value;
  /** The axis of channels; default the last one. Negative: counted from the end. */
  readonly axis?: number;
  /** Asks for XᵀX, channels squared float32 numbers, and for means and mean squares alone. The axis is then the last one. */
  readonly gram?: boolean;
  /** Is given the statistics with XᵀX, which are then without it: what is made of each takes less room than all of them. */
  readonly withGram?: (statistics: ActivationStatistics) => void;
  /** Asks for the mean of each channel alone, of few sets: made-up pictures tell it, as biases decide most of it, but nothing else. */
  readonly meansAlone?: boolean;
}

/** Which of the sets of inputs are run: all, a quarter that is held out to judge by, or the others. */
export type SetShare = 'all' | 'held out' | 'others';

/** True for a set that is held out: every fourth. */
export const isHeldOut = (_: unknown, index: number): boolean => index % 4 === 3;

/** Measures values of one model; by value. A value that the runtime cannot give, or that differs in channels, is absent. */
export type MeasureActivations = (
  requests: readonly ActivationRequest[],
  share?: SetShare,
) => Promise<ReadonlyMap<Value, ActivationStatistics>>;

/**
 * Numbers are counted by sign, exponent and the five highest bits of the mantissa: a histogram that needs no range ahead, and
 * whose bins are 3 % wide.
 */
const DROPPED_BITS = 18;
const BINS = 1 << (32 - DROPPED_BITS);
const NEGATIVE = BINS >> 1;

/** Statistics that grow by one set of numbers after another. Numbers that are not finite take no part. */
export class ActivationStatistics {
  /** The largest magnitude of each channel. */
  readonly largest: Float32Array;
  /** XᵀX of all rows, row-major, where it was asked for. */
  gram: Float32Array | undefined;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  readonly #bins = new Float64Array(BINS);
  #count = 0;

  constructor(readonly channels: number) {
    this.largest = new Float32Array(channels);
    this.#sums = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
  }

  /** How many numbers each channel has had. */
  get rows(): number {
    return this.#count / this.channels;
  }

  /** The mean of each channel. */
  get means(): Float32Array {
    return this.#over(this.#sums);
  }

  /** The mean of x² of each channel. */
  get meanSquares(): Float32Array {
    return this.#over(this.#squares);
  }

  #over(sums: Float64Array): Float32Array {
    const { rows } = this;
    return Float32Array.from(sums, (sum) => (rows > 0 ? sum / rows : 0));
  }

  /** Adds numbers in which the channels follow each other at distances of `inner`, and begin again after the last. */
  add(numbers: Float32Array, inner = 1): void {
    const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
    const [bins, sums, squares, { channels, largest }] = [this.#bins, this.#sums, this.#squares, this];
    for (let start = 0, channel = 0; start < numbers.length; start += inner) {
      let [sum, square, most] = [0, 0, largest[channel] as number];
      for (let i = start; i < start + inner; i++) {
        const number = numbers[i] as number;
        const size = Math.abs(number);
        if (!(size < Number.POSITIVE_INFINITY)) continue;
        const bin = (bits[i] as number) >>> DROPPED_BITS;
        bins[bin] = (bins[bin] as number) + 1;
        sum += number;
        square += size * size;
        if (size > most) most = size;
      }
      sums[channel] = (sums[channel] as number) + sum;
      squares[channel] = (squares[channel] as number) + square;
      largest[channel] = most;
      channel = channel + 1 === channels ? 0 : channel + 1;
    }
    this.#count += numbers.length;
  }

  /** Adds the sum of so many rows, whose products are told by `takeGram`. */
  addRows(sums: Float32Array, rows: number): void {
    for (let k = 0; k < this.channels; k++) this.#sums[k] = (this.#sums[k] as number) + (sums[k] as number);
    this.#count += rows * this.channels;
  }

  /** Takes XᵀX of all rows, which is no copy. */
  takeGram(gram: Float32Array): void {
    for (let k = 0; k < this.channels; k++) this.#squares[k] = gram[k * this.channels + k] as number;
    this.gram = gram;
  }

  /** The bins that hold numbers, from the least to the greatest number: of each its bounds and how many it holds. */
  *bins(): Iterable<{ readonly from: number; readonly to: number; readonly count: number }> {
    for (let at = 0; at < BINS; at++) {
      // Negative numbers grow towards zero as their bits fall.
      const bin = at < NEGATIVE ? BINS - 1 - at : at - NEGATIVE;
      const count = this.#bins[bin] as number;
      if (count === 0) continue;
      const [near, far] = [sizeAt(bin), sizeAt(bin + 1)];
      yield bin < NEGATIVE ? { from: near, to: far, count } : { from: -far, to: -near, count };
    }
  }

  /** The number below which this share of all numbers is: 0.999 leaves out the largest thousandth. Exact to a bin. */
  quantile(share: number): number {
    const total = this.#bins.reduce((sum, count) => sum + count, 0);
    let below = 0;
    let last = 0;
    for (const { from, to, count } of this.bins()) {
      last = to;
      below += count;
      if (below >= share * total) return share > 0 ? to : from;
    }
    return last;
  }
}

/** The magnitude at which a bin begins; behind the last one, infinity. */
function sizeAt(bin: number): number {
  const bits = Uint32Array.of((bin % NEGATIVE) << DROPPED_BITS);
  return new Float32Array(bits.buffer)[0] as number;
}
