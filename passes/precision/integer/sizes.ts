/**
 * Sizes of the weights of int8 products, whose sums must be exact on every CPU or only on those that add in 32 bits.
 *
 * x64 CPUs without VNNI or AMX multiply u8 activations by s8 weights two at a time, and add the two products in 16 bits: of rows
 * 2k and 2k + 1 of the weight. Beyond 32,767 or below −32,768 that sum is cut off. Activations are at most 255, so no sum of a
 * pair is cut off where those of its weights that have one sign add up to 128 at most (255 · 128 = 32,640). The size of a pair is
 * this sum. A weight alone may be 127; so its size is a hair more than its magnitude.
 */
import { PAIR_LIMIT } from '../../../src/run/target-cpu.js';
import type { Matrix, Visit } from '../quantize.js';

/** Slightly below the limit, because scales are rounded to float32, and two halves that are rounded up must not exceed it by one. */
export const LARGEST_SIZE = PAIR_LIMIT - 1e-4;

/** The largest weight; and the largest one where a kernel may add any two products in 16 bits. */
export const [LARGEST, LARGEST_EXACT] = [127, 64] as const;

/** The share of a pair's limit that one weight takes. */
export const ALONE = LARGEST_SIZE / 127;

/** A stored weight of a product: a column of it is a column of the matrix, or a row where the weight is stored transposed. */
export interface ProductWeight {
  readonly matrix: Matrix;
  readonly isTransposed: boolean;
  /** True where pairs count, false where weights count alone. */
  readonly isPaired: boolean;
}

/** What is called for each size beyond its limit, and for NaN. It may change the limits. */
export type Exceed = (column: number, size: number) => void;

/** Looks at the sizes of a weight as it is scanned, each against the limit of its column. */
export const sizesBeyond = ({ isTransposed, isPaired }: ProductWeight, limits: Float32Array, exceed: Exceed): Visit =>
  (isTransposed ? alongRows : acrossRows)(limits, exceed, isPaired);

type SizeWalk = (limits: Float32Array, exceed: Exceed, isPaired: boolean) => Visit;

/** Pairs are rows 2k and 2k + 1 of a column. Numbers of different signs add up to less than the larger one. */
const acrossRows: SizeWalk = (limits, exceed, isPaired) => {
  const before = new Float32Array(isPaired ? limits.length : 0);
  return (numbers, from, to, row, column) => {
    const own = numbers.subarray(from, to);
    const most = limits.subarray(column, column + own.length);
    const isSecond = isPaired && (row & 1) === 1;
    const firsts = before.subarray(column, column + own.length);
    if (isPaired && !isSecond) firsts.set(own);
    for (let i = 0; i < own.length; i++) {
      const value = own[i] as number;
      const alone = Math.abs(value) * ALONE;
      // Which of the two is larger is unpredictable: no branch.
      const size = isSecond ? Math.max(alone, Math.abs((firsts[i] as number) + value)) : alone;
      if (!(size <= (most[i] as number))) exceed(column + i, size);
    }
  };
};

/** The same for pairs in one stored row, which is a column of the product. */
const alongRows: SizeWalk = (limits, exceed, isPaired) => {
  let before = 0;
  return (numbers, from, to, row, column) => {
    let first = before;
    for (let i = from, at = column; i < to; i++, at++) {
      const value = numbers[i] as number;
      const isFirst = !isPaired || (at & 1) === 0;
      const alone = Math.abs(value) * ALONE;
      const pair = isFirst ? alone : Math.abs(first + value);
      const size = alone > pair ? alone : pair;
      if (isFirst) first = value;
      if (!(size <= (limits[row] as number))) exceed(row, size);
    }
    before = first;
  };
};
