/**
 * Rounds the numbers of a weight to a float of 16 bits, with the feedback of `Encoder`: the same arithmetic in loops that call nothing, over blocks that
 * stay in the cache, because every number of a file goes through them.
 */
import { BLOCK } from '../../../src/ir/kernels/halves.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { floatChunks } from '../extent.js';
import { groupAt } from '../quantize.js';
import { FEEDBACK } from './encode.js';
import type { Groups } from './groups.js';
import { type HalfFloat, halfBits, halfFloats, roundedTo } from './half-floats.js';
import { halvesByKernel } from './half-kernel.js';

type Numbers = Float32Array | Float64Array;

/** Walks over one tensor once. `withKernels`: where the host has them; the bytes are the same. */
export class HalfEncoder {
  readonly #errors: Float64Array;

  constructor(
    readonly groups: Groups,
    readonly type: HalfFloat,
    readonly withKernels = true,
  ) {
    this.#errors = new Float64Array(groups.channels?.count ?? 0);
  }

  /** The bytes of a tensor, in order, each piece valid until the next. */
  bytes(tensor: Tensor): Iterable<Uint8Array> {
    return (this.withKernels && halvesByKernel(tensor, this.groups, this.type)) || this.#bytes(tensor);
  }

  *#bytes(tensor: Tensor): Iterable<Uint8Array> {
    const bits = new Uint16Array(Math.min(BLOCK, elementCount(tensor.shape)));
    let [place, used] = [0, 0];
    for (const numbers of floatChunks(tensor))
      for (let from = 0; from < numbers.length; ) {
        const count = Math.min(numbers.length - from, bits.length - used);
        this.#halve(numbers.subarray(from, from + count), bits.subarray(used, used + count), place);
        place += count;
        from += count;
        used += count;
        if (used < bits.length) continue;
        yield new Uint8Array(bits.buffer);
        used = 0;
      }
    if (used > 0) yield new Uint8Array(bits.buffer, 0, 2 * used);
  }

  /** The bits of numbers that begin at an element of the weight. */
  #halve(numbers: Numbers, bits: Uint16Array, place: number): void {
    // Without feedback they are rounded as their bits are made.
    if (numbers instanceof Float32Array && !this.groups.channels) {
      halfBits(numbers, this.type, bits);
      return;
    }
    const codes = new Float32Array(numbers.length);
    this.#round(numbers, codes, place);
    halfBits(codes, this.type, bits);
  }

  /** The norm of the change over the norm of a tensor. */
  measure(tensor: Tensor): number {
    let [place, difference, total] = [0, 0, 0];
    for (const numbers of floatChunks(tensor)) {
      const codes = new Float32Array(numbers.length);
      this.#round(numbers, codes, place);
      place += numbers.length;
      for (let i = 0; i < codes.length; i++) {
        const number = numbers[i] as number;
        const error = number - (codes[i] as number);
        if (!(Math.abs(error) < Number.POSITIVE_INFINITY)) continue;
        difference += error * error;
        total += number * number;
      }
    }
    return difference === 0 ? 0 : Math.sqrt(difference / total);
  }

  /** Rounds numbers that begin at an element of the weight. */
  #round(numbers: Numbers, codes: Float32Array, place: number): void {
    const { columns, channels } = this.groups;
    if (!channels) {
      roundEach(numbers, codes, this.type);
      return;
    }
    const { block, step } = channels.columns;
    for (let from = 0; from < numbers.length; ) {
      const [row, column] = [Math.floor((place + from) / columns), (place + from) % columns];
      const first = groupAt(channels.rows, row);
      const isAcross = step === 1 && block === 1;
      const length = step === 0 || isAcross ? columns - column : block - (column % block);
      const to = Math.min(numbers.length, from + length);
      const walk = isAcross ? roundAcross : roundAlong;
      const channel = first + groupAt(channels.columns, column);
      walk(numbers.subarray(from, to), codes.subarray(from, to), this.#errors, channel, this.type);
      from = to;
    }
  }
}

/** Rounds each number by itself: what is looked up is not summed. */
function roundEach(numbers: Numbers, codes: Float32Array, type: HalfFloat): void {
  const { least, split, largest } = halfFloats[type];
  for (let i = 0; i < codes.length; i++) {
    const number = numbers[i] as number;
    const size = Math.abs(number);
    const high = number * split;
    codes[i] = size >= least && size <= largest ? high - (high - number) : roundedTo(type, number);
  }
}

/** Rounds numbers of neighbouring channels, one of each. Zero stays zero, because it may be padding. */
function roundAcross(
  numbers: Numbers,
  codes: Float32Array,
  errors: Float64Array,
  channel: number,
  type: HalfFloat,
): void {
  const { least, split, largest } = halfFloats[type];
  const sums = errors.subarray(channel, channel + codes.length);
  for (let i = 0; i < codes.length; i++) {
    const number = numbers[i] as number;
    const before = sums[i] as number;
    const target = number === 0 ? number : number + FEEDBACK * before;
    const size = Math.abs(target);
    if (size >= least && size <= largest) {
      const high = target * split;
      const code = high - (high - target);
      codes[i] = code;
      sums[i] = before + (number - code);
    } else {
      const code = roundedTo(type, target);
      codes[i] = code;
      const error = number - code;
      if (Math.abs(error) < Number.POSITIVE_INFINITY) sums[i] = before + error;
    }
  }
}

/** The same for numbers of one channel. */
function roundAlong(
  numbers: Numbers,
  codes: Float32Array,
  errors: Float64Array,
  channel: number,
  type: HalfFloat,
): void {
  const { least, split, largest } = halfFloats[type];
  let before = errors[channel] as number;
  for (let i = 0; i < codes.length; i++) {
    const number = numbers[i] as number;
    const target = number === 0 ? number : number + FEEDBACK * before;
    const size = Math.abs(target);
    const high = target * split;
    const code = size >= least && size <= largest ? high - (high - target) : roundedTo(type, target);
    codes[i] = code;
    const error = number - code;
    if (Math.abs(error) < Number.POSITIVE_INFINITY) before += error;
  }
  errors[channel] = before;
}
