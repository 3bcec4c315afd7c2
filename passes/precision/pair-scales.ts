/**
 * Scales for int8 weights whose sums are exact on every CPU.
 *
 * x64 CPUs without VNNI or AMX multiply u8 activations by s8 weights two at a time, and add the two products in 16 bits: of rows
 * 2k and 2k + 1 of the weight. Beyond 32,767 or below −32,768 that sum is cut off. Activations are at most 255, so no sum of a
 * pair is cut off where those of its weights that have one sign add up to 128 at most (255 · 128 = 32,640). A scale so chosen is
 * never coarser than one for 7 bits, where each of the two is at most 64, and as fine as one for 8 bits where no pair is large.
 */
import { PAIR_LIMIT } from '../../src/run/target-cpu.js';
import { columnGroupsOf, divided, groupAt, type Matrix, scan } from './quantize.js';

/** A hair below the limit: scales are rounded to float32, and two halves that are rounded up must not add up to one more. */
const PAIR = PAIR_LIMIT - 1e-4;

/** What one weight counts against the limit of a pair: alone it may be 127. */
const ALONE = PAIR / 127;

/** One scale per column of the product; undefined where a number is not finite. `isTransposed`: the pairs lie along the rows of the matrix. */
export function pairScalesOf(matrix: Matrix, isTransposed: boolean): Float32Array | undefined {
  const sizes = new Float32Array(matrix.groups);
  const columnGroup = columnGroupsOf(matrix);
  // What stands before in the pair: of each column, or of the one row that is read.
  const before = new Float32Array(isTransposed ? 1 : matrix.columns);
  let isBounded = true;
  scan(matrix, (numbers, from, to, row, column) => {
    const first = groupAt(matrix.rowGroups, row);
    for (let i = from, at = column; i < to; i++, at++) {
      const value = numbers[i] as number;
      const slot = isTransposed ? 0 : at;
      let size = Math.abs(value) * ALONE;
      if (!(size < Number.POSITIVE_INFINITY)) isBounded = false;
      if (((isTransposed ? at : row) & 1) === 0) before[slot] = value;
      else {
        const other = before[slot] as number;
        if (other < 0 === value < 0) size = Math.max(size, Math.abs(other + value));
      }
      const group = first + (columnGroup[at] as number);
      if (size > (sizes[group] as number)) sizes[group] = size;
    }
  });
  return isBounded ? divided(sizes, PAIR) : undefined;
}
