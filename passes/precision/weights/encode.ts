/**
 * Rounds the numbers of a weight one after another. Before a number is rounded, a share of the errors so far in its channel is added to it.
 *
 * Why this way: activations have a mean (behind Relu, Sigmoid and norms with a bias, and over neighbouring places of an image), and where the errors of a channel
 * add up to zero, the mean causes no error. Of an embedding of sounds the outputs move 1.1 % with 8 bits by channel, and 5.9 % with each number rounded by
 * itself. The share costs 7 % more error of everything else.
 */
import { CHUNK, elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { floatChunks } from '../extent.js';
import { columnOffsets, type GroupStep, groupAt } from '../quantize.js';
import type { Groups } from './groups.js';

/** The share of a channel's errors so far that goes into its next number. */
export const FEEDBACK = 1 / 8;

/** Rounds numbers to those of a type; a `code` is the stored form. */
export interface Rounding {
  /** The code of a number in a group. */
  code(number: number, group: number): number;
  /** The number that a code stands for. */
  number(code: number, group: number): number;
}

type Codes = Int8Array | Uint16Array | Float32Array;

/** Walks over one tensor once. */
export class Encoder {
  readonly #errors: Float64Array;
  readonly #share: number;
  #difference = 0;
  #total = 0;

  constructor(
    readonly groups: Groups,
    readonly rounding: Rounding,
    share = FEEDBACK,
  ) {
    const { channels } = groups;
    this.#errors = new Float64Array(channels?.count ?? 1);
    this.#share = channels ? share : 0;
  }

  /** The codes of a tensor in order, in arrays of a chunk's length, each used again. */
  *codes<T extends Codes>(tensor: Tensor, made: new (length: number) => T): Iterable<T> {
    const { columns, rowGroups, columnGroups, channels } = this.groups;
    const codes = new made(Math.min(CHUNK, elementCount(tensor.shape)));
    const [columnGroup, columnChannel] = [columnGroups, channels?.columns ?? NONE].map((step) =>
      columnOffsets(columns, step),
    );
    let [row, column, at] = [0, 0, 0];
    for (const numbers of floatChunks(tensor))
      for (let from = 0; from < numbers.length; ) {
        const to = Math.min(numbers.length, from + columns - column, from + codes.length - at);
        const places = {
          group: groupAt(rowGroups, row),
          groups: columnGroup as Int32Array,
          channel: groupAt(channels?.rows ?? NONE, row),
          channels: columnChannel as Int32Array,
        };
        this.#piece(numbers, [from, to], column, places, codes, at);
        at += to - from;
        column += to - from;
        from = to;
        if (at === codes.length) {
          yield codes;
          at = 0;
        }
        if (column === columns) {
          column = 0;
          row++;
        }
      }
    if (at > 0) yield codes.subarray(0, at) as T;
  }

  #piece(
    numbers: Float32Array | Float64Array,
    [from, to]: readonly [number, number],
    column: number,
    { group, groups, channel, channels }: ScalePlaces,
    codes: Codes,
    at: number,
  ): void {
    const [errors, rounding, share] = [this.#errors, this.rounding, this.#share];
    let [difference, total] = [this.#difference, this.#total];
    for (let i = from, k = column, place = at; i < to; i++, k++, place++) {
      const exact = numbers[i] as number;
      const own = group + (groups[k] as number);
      const to = channel + (channels[k] as number);
      const before = errors[to] as number;
      // Zero stays zero, because it may be padding.
      const code = rounding.code(exact === 0 ? exact : exact + share * before, own);
      codes[place] = code;
      const error = exact - rounding.number(code, own);
      // NaN and infinities.
      if (!(Math.abs(error) < Number.POSITIVE_INFINITY)) continue;
      errors[to] = before + error;
      difference += error * error;
      total += exact * exact;
    }
    this.#difference = difference;
    this.#total = total;
  }

  /** The norm of the change over the norm of a tensor. */
  measure(tensor: Tensor): number {
    for (const _ of this.codes(tensor, Float32Array));
    return this.#difference === 0 ? 0 : Math.sqrt(this.#difference / this.#total);
  }
}

interface ScalePlaces {
  readonly group: number;
  readonly groups: Int32Array;
  readonly channel: number;
  readonly channels: Int32Array;
}

const NONE: GroupStep = { block: 1, step: 0 };

/** Whole numbers up to `largest`, times the scale of their group. */
export const integers = (scales: Float32Array, largest: number): Rounding => ({
  code(number, group) {
    const rounded = Math.floor(number / (scales[group] as number) + 0.5);
    return rounded > largest ? largest : rounded < -largest ? -largest : rounded;
  },
  number: (code, group) => code * (scales[group] as number),
});
