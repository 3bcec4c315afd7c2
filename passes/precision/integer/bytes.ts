/**
 * Gives a weight as signed bytes, K × N, whether it is stored transposed or not.
 *
 * The rounding errors of a column add up to nearly nothing: each weight is rounded after a small share of the sum of all errors before
 * it was added. So a mean that all elements of an activation have in common, as behind Relu, Gelu or Sigmoid, passes with nearly no
 * error, at half a percent more error of everything else.
 */
import { CHUNK } from '../../../src/ir/tensors/tensor.js';
import { PAIR_LIMIT } from '../../../src/run/target-cpu.js';
import { nearest, scan } from '../quantize.js';
import { RowKernel } from './row-kernel.js';
import type { ProductWeight } from './sizes.js';

const LARGEST = 127;

/** The share of the errors so far that goes into the next weight. */
const FEEDBACK = 1 / 64;

/** The most bytes in memory. A larger weight is read once for each band of rows of this size. */
const BAND = 32 * CHUNK;

/** Where pairs count, the sum of a pair with equal signs stays within the limit. */
export function* columnBytes(weight: ProductWeight, scales: Float32Array, withKernels = true): Iterable<Uint8Array> {
  const kernel = withKernels && RowKernel.of(weight);
  if (kernel) {
    yield* kernel.bytes(scales);
    kernel.done();
    return;
  }
  const { matrix, isTransposed } = weight;
  const [K, N] = isTransposed ? [matrix.columns, matrix.rows] : [matrix.rows, matrix.columns];
  const errors = new Float64Array(N);
  // Bands begin at multiples of 16 rows: a pair is never in two, and pieces are multiples of 16 bytes.
  const height = Math.max(16, Math.floor(BAND / Math.max(1, N) / 16) * 16);
  for (let start = 0; start < K; start += height) {
    const end = Math.min(K, start + height);
    const band = fillBand(weight, scales, errors, [start, end]);
    for (let at = 0; at < band.length; at += CHUNK) yield new Uint8Array(band.buffer).subarray(at, at + CHUNK);
  }
}

function fillBand(
  weight: ProductWeight,
  scales: Float32Array,
  errors: Float64Array,
  [start, end]: readonly [number, number],
): Int8Array {
  const { matrix, isTransposed, isPaired } = weight;
  const N = scales.length;
  const band = new Int8Array((end - start) * N);
  scan(matrix, (numbers, from, to, row, column) => {
    if (isTransposed) {
      const [first, last] = [Math.max(from, from + start - column), Math.min(to, from + end - column)];
      const k = column + first - from;
      if (first >= last) return;
      const place = { at: (k - start) * N + row, step: N, above: N, column: row, along: 0 };
      roundRun(numbers.subarray(first, last), band, place, { scales, errors }, isPaired ? [k & 1, 1] : NEVER);
    } else if (row >= start && row < end) {
      const place = { at: (row - start) * N + column, step: 1, above: N, column, along: 1 };
      roundRun(numbers.subarray(from, to), band, place, { scales, errors }, isPaired ? [row & 1, 0] : NEVER);
    }
  });
  return band;
}

/** Where a run of weights goes: its first byte, the way to the next and to that of the row above, its first column, and the way to that of the next. */
interface Place {
  readonly at: number;
  readonly step: number;
  readonly above: number;
  readonly column: number;
  readonly along: number;
}

interface ColumnStates {
  readonly scales: Float32Array;
  /** The sum of each column's errors so far, in steps. */
  readonly errors: Float64Array;
}

/** Which weights are the second of a pair: where the first number, and the second one times the place in the run, add up to an odd one. */
type Seconds = readonly [first: number, step: number];
const NEVER: Seconds = [0, 0];

/** Rounds a run of weights into its bytes: of a row, one of each column, or of one column. */
function roundRun(
  numbers: Float32Array | Float64Array,
  band: Int8Array,
  { at, step, above, column, along }: Place,
  { scales, errors }: ColumnStates,
  [first, turn]: Seconds,
): void {
  for (let i = 0, n = column, place = at; i < numbers.length; i++, n += along, place += step) {
    const exact = (numbers[i] as number) / (scales[n] as number);
    const error = errors[n] as number;
    const rounded = nearest(exact + FEEDBACK * error);
    let byte = rounded > LARGEST ? LARGEST : rounded < -LARGEST ? -LARGEST : rounded;
    let moved = 0;
    if (((first + turn * i) & 1) === 1) {
      const before = band[place - above] as number;
      const excess = Math.abs(before + byte) - PAIR_LIMIT;
      if (excess > 0) {
        // Both have the same sign, and each gives up half.
        const sign = byte > 0 ? 1 : -1;
        moved = sign * (excess >> 1);
        band[place - above] = before - moved;
        byte -= sign * excess - moved;
      }
    }
    band[place] = byte;
    errors[n] = error + moved + exact - byte;
  }
}
