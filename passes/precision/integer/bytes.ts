/**
 * Gives a weight as signed bytes, K × N, whether it is stored transposed or not.
 *
 * Where activations have a mean in common, as behind Relu, Gelu or Sigmoid, the rounding errors of a column add up to nearly nothing: each weight is
 * rounded after a small share of the sum of all errors before it was added. So the mean passes with nearly no error, at half a percent more error of
 * everything else.
 */
import { CHUNK } from '../../../src/ir/tensors/tensor.js';
import { PAIR_LIMIT } from '../../../src/run/target-cpu.js';
import { nearest, scan } from '../quantize.js';
import type { ProductWeight } from './sizes.js';

const LARGEST = 127;

/** The share of the errors so far that goes into the next weight. */
const FEEDBACK = 1 / 64;

/** The most bytes in memory. A larger weight is read once for each band of rows of this size. */
const BAND = 32 * CHUNK;

/** Where pairs count, the sum of a pair with equal signs stays within the limit. */
export function* columnBytes(
  weight: ProductWeight,
  scales: Float32Array,
  hasCommonMean: boolean,
): Iterable<Uint8Array> {
  const { matrix, isTransposed } = weight;
  const [K, N] = isTransposed ? [matrix.columns, matrix.rows] : [matrix.rows, matrix.columns];
  const errors = new Float64Array(N);
  // Bands begin at multiples of 16 rows: a pair is never in two, and pieces are multiples of 16 bytes.
  const height = Math.max(16, Math.floor(BAND / Math.max(1, N) / 16) * 16);
  for (let start = 0; start < K; start += height) {
    const end = Math.min(K, start + height);
    const band = fillBand(weight, scales, errors, [start, end], hasCommonMean ? FEEDBACK : 0);
    for (let at = 0; at < band.length; at += CHUNK) yield new Uint8Array(band.buffer).subarray(at, at + CHUNK);
  }
}

function fillBand(
  { matrix, isTransposed, isPaired }: ProductWeight,
  scales: Float32Array,
  errors: Float64Array,
  [start, end]: readonly [number, number],
  share: number,
): Int8Array {
  const N = scales.length;
  const band = new Int8Array((end - start) * N);
  /** Rounds one weight into its place, and gives the sum of errors of its column. */
  const put = (exact: number, error: number, place: number, isSecond: boolean): number => {
    const rounded = nearest(exact + share * error);
    let byte = rounded > LARGEST ? LARGEST : rounded < -LARGEST ? -LARGEST : rounded;
    let moved = 0;
    if (isSecond) {
      const before = band[place - N] as number;
      const excess = Math.abs(before + byte) - PAIR_LIMIT;
      if (excess > 0) {
        // Both have the same sign, and each gives up half.
        const sign = byte > 0 ? 1 : -1;
        moved = sign * (excess >> 1);
        band[place - N] = before - moved;
        byte -= sign * excess - moved;
      }
    }
    band[place] = byte;
    return error + moved + exact - byte;
  };
  scan(matrix, (numbers, from, to, row, column) => {
    if (isTransposed) {
      const [first, last] = [Math.max(from, from + start - column), Math.min(to, from + end - column)];
      const scale = scales[row] as number;
      let error = errors[row] as number;
      for (let i = first, k = column + first - from; i < last; i++, k++)
        error = put((numbers[i] as number) / scale, error, (k - start) * N + row, isPaired && (k & 1) === 1);
      errors[row] = error;
    } else if (row >= start && row < end) {
      const isSecond = isPaired && (row & 1) === 1;
      for (let i = from, n = column, place = (row - start) * N + n; i < to; i++, n++, place++)
        errors[n] = put((numbers[i] as number) / (scales[n] as number), errors[n] as number, place, isSecond);
    }
  });
  return band;
}
