/** Chooses factors that move outliers from an activation into the weights that multiply it, by an estimate of both errors. */
import { maxOf, minOf } from '../../../src/ir/collections/lists.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { type Matrix, scan } from '../quantize.js';

/** The largest magnitude and the mean square of each channel of an activation. */
export interface ChannelSizes {
  readonly largest: Float32Array;
  readonly squares: Float32Array;
}

export type Readers = readonly { readonly tensor: Tensor; readonly isTransposed: boolean; readonly N: number }[];

/** How much of the difference between channels goes into the weights. */
const SHARES = [0.25, 0.5, 0.75, 1] as const;

/** The least spread of channels. Below it the activation's error cannot halve, and the weights are not read again. */
const LEAST_SPREAD = 4;

/** The sum of both squared errors must fall to this share. */
const WORTH = 0.8;

/** The factor of the squared error of weights whose pairs stay within 16 bits: their scales are about a third coarser. */
const PAIRED = 1.8;

/** Powers of two, one for each channel to divide the activation by; undefined where they would not pay. */
export function factorsOf(
  { largest, squares }: ChannelSizes,
  readers: Readers,
  isPaired: boolean,
): Float32Array | undefined {
  const rows = rowsOf(readers, largest.length);
  const worst = maxOf([...largest], 0);
  const spread =
    (worst ** 2 * sumOf(rows.squares)) / sumOf(rows.squares, (square, at) => square * (largest[at] as number) ** 2);
  if (!(spread >= LEAST_SPREAD) || spread === Number.POSITIVE_INFINITY) return undefined;
  const candidates = [
    new Float32Array(largest.length).fill(1),
    ...SHARES.map((share) => sharing(share, largest, rows.largest)),
  ];
  const columns = columnsOf(readers, candidates);
  const errors = candidates.map((factors, at) => {
    const range = 2 * maxOf([...largest].map((size, channel) => size / (factors[channel] as number)));
    const activation =
      (range / 255) ** 2 * sumOf(rows.squares, (square, channel) => square * (factors[channel] as number) ** 2);
    const power = sumOf(squares, (square, channel) => square / (factors[channel] as number) ** 2);
    return activation + (power * (columns[at] as number) * (isPaired ? PAIRED : 1)) / 127 ** 2;
  });
  const best = errors.indexOf(minOf(errors));
  return best > 0 && (errors[best] as number) < WORTH * (errors[0] as number) ? candidates[best] : undefined;
}

const sumOf = (numbers: ArrayLike<number>, of = (number: number, _at: number) => number): number =>
  Array.from(numbers).reduce((sum, number, at) => sum + of(number, at), 0);

/** largest^share / row^(1 − share), as powers of two around the middle one. */
function sharing(share: number, largest: Float32Array, rows: Float32Array): Float32Array {
  const exponents = Array.from(largest, (size, at) => {
    const row = rows[at] as number;
    return size > 0 && row > 0 ? share * Math.log2(size) - (1 - share) * Math.log2(row) : Number.NaN;
  });
  const sorted = exponents.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] ?? 0;
  return Float32Array.from(exponents, (one) =>
    Number.isFinite(one) ? 2 ** Math.max(-16, Math.min(16, Math.round(one - middle))) : 1,
  );
}

/** The sum of squares and the largest magnitude in each row of all weights. */
function rowsOf(readers: Readers, K: number) {
  const [squares, largest] = [new Float64Array(K), new Float32Array(K)];
  for (const reader of readers)
    scan(matrixOf(reader, K), (numbers, from, to, row, column) => {
      for (let i = from, at = column; i < to; i++, at++) {
        const size = Math.abs(numbers[i] as number);
        const k = reader.isTransposed ? at : row;
        squares[k] = (squares[k] as number) + size * size;
        if (size > (largest[k] as number)) largest[k] = size;
      }
    });
  return { squares, largest };
}

/** The sum of the squares of the columns' largest magnitudes, for each list of factors. */
function columnsOf(readers: Readers, candidates: readonly Float32Array[]): number[] {
  return candidates.map((factors) =>
    sumOf(
      readers.map((reader) => {
        const largest = new Float32Array(reader.N);
        scan(matrixOf(reader, factors.length), (numbers, from, to, row, column) => {
          for (let i = from, at = column; i < to; i++, at++) {
            const [k, n] = reader.isTransposed ? [at, row] : [row, at];
            const size = Math.abs(numbers[i] as number) * (factors[k] as number);
            if (size > (largest[n] as number)) largest[n] = size;
          }
        });
        return sumOf(largest, (size) => size * size);
      }),
    ),
  );
}

function matrixOf({ tensor, isTransposed, N }: Readers[number], K: number): Matrix {
  const [rows, columns] = isTransposed ? [N, K] : [K, N];
  const none = { block: 1, step: 0 };
  return { tensor, rows, columns, groups: 1, rowGroups: none, columnGroups: none };
}
