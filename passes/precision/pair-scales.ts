/**
 * Scales for int8 weights whose sums are exact on every CPU.
 *
 * x64 CPUs without VNNI or AMX multiply u8 activations by s8 weights two at a time, and add the two products in 16 bits: of rows
 * 2k and 2k + 1 of the weight. Beyond 32,767 or below −32,768 that sum is cut off. Activations are at most 255, so no sum of a
 * pair is cut off where those of its weights that have one sign add up to 128 at most (255 · 128 = 32,640). A scale so chosen is
 * never coarser than one for 7 bits, where each of the two is at most 64, and as fine as one for 8 bits where no pair is large.
 */
import { PAIR_LIMIT } from '../../src/run/target-cpu.js';
import { divided, type Matrix, scan, type Visit } from './quantize.js';

/** A hair below the limit: scales are rounded to float32, and two halves that are rounded up must not add up to one more. */
const PAIR = PAIR_LIMIT - 1e-4;

/** The share of a pair's limit that one weight takes: alone it may be 127. */
const ALONE = PAIR / 127;

/** One scale per column of the product; undefined where a number is not finite. `isTransposed`: the pairs lie along the rows of the matrix. */
export function pairScalesOf(matrix: Matrix, isTransposed: boolean): Float32Array | undefined {
  const sizes = new Float32Array(matrix.groups);
  scan(matrix, isTransposed ? alongRows(sizes) : acrossRows(sizes));
  return sizes.every((size) => size < Number.POSITIVE_INFINITY) ? divided(sizes, PAIR) : undefined;
}

/** Rows 2k and 2k + 1 are pairs, column by column. NaN counts as infinite. What two signs add up to is less than the larger of the two. */
function acrossRows(sizes: Float32Array): Visit {
  const before = new Float32Array(sizes.length);
  return (numbers, from, to, row, column) => {
    const isFirst = (row & 1) === 0;
    for (let i = from, at = column; i < to; i++, at++) {
      const value = numbers[i] as number;
      const alone = Math.abs(value) * ALONE;
      const pair = isFirst ? alone : Math.abs((before[at] as number) + value);
      const size = alone > pair ? alone : pair;
      if (isFirst) before[at] = value;
      if (size > (sizes[at] as number)) sizes[at] = size;
      if (!(alone < Number.POSITIVE_INFINITY)) sizes[at] = Number.POSITIVE_INFINITY;
    }
  };
}

/** The same for pairs in one row, which is a column of the product. */
function alongRows(sizes: Float32Array): Visit {
  let before = 0;
  return (numbers, from, to, row, column) => {
    let [first, largest] = [before, sizes[row] as number];
    for (let i = from, at = column; i < to; i++, at++) {
      const value = numbers[i] as number;
      const isFirst = (at & 1) === 0;
      const alone = Math.abs(value) * ALONE;
      const pair = isFirst ? alone : Math.abs(first + value);
      const size = alone > pair ? alone : pair;
      if (isFirst) first = value;
      if (size > largest) largest = size;
      if (!(alone < Number.POSITIVE_INFINITY)) largest = Number.POSITIVE_INFINITY;
    }
    before = first;
    sizes[row] = largest;
  };
}
