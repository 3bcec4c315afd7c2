/**
 * Chooses the scales of an int8 weight, one for each column of the product: the least scale that holds the largest weight, or pair, of the column, or one
 * that is some percent smaller, where finer steps gain more than the cut-off numbers lose.
 */
import { divided, nearest, scan } from '../quantize.js';
import { LARGEST_SIZE, type ProductWeight, scanSizes } from './sizes.js';

export interface ColumnScales {
  readonly scales: Float32Array;
  /** Relative change of the weight: the norm of the difference over the norm. */
  readonly error: number;
}

/** The scales that are tried, as shares of the one that cuts nothing off. Smaller ones never gain in 8 bits. */
const SHARES = [1, 0.99, 0.98, 0.97, 0.96, 0.94, 0.92, 0.9] as const;
const LEAST = 0.9;

/** Undefined where a number is not finite. Reads the weight twice; memory is a few numbers a column. */
export function columnScalesOf(weight: ProductWeight): ColumnScales | undefined {
  const sizes = new Float32Array(weight.matrix.groups);
  scanSizes(weight, sizes, (column, size) => {
    sizes[column] = size < Number.POSITIVE_INFINITY ? size : Number.POSITIVE_INFINITY;
  });
  if (!sizes.every((size) => size < Number.POSITIVE_INFINITY)) return undefined;
  const rounded = roundingErrors(weight, divided(sizes.slice(), LARGEST_SIZE));
  const cut = cutErrors(weight, sizes);
  let difference = 0;
  for (let column = 0; column < sizes.length; column++) {
    let [share, least] = [1, Number.POSITIVE_INFINITY];
    SHARES.forEach((one, at) => {
      const error = (rounded.squares[column] as number) * one * one + (cut[column * SHARES.length + at] as number);
      if (error < least) [share, least] = [one, error];
    });
    sizes[column] = (sizes[column] as number) * share;
    difference += least;
  }
  const { total } = rounded;
  return { scales: divided(sizes, LARGEST_SIZE), error: total === 0 ? 0 : Math.sqrt(difference / total) };
}

/** The squared rounding error of each column, and the squared norm of the weight. */
function roundingErrors({ matrix, isTransposed }: ProductWeight, scales: Float32Array) {
  const squares = new Float64Array(scales.length);
  let total = 0;
  scan(matrix, (numbers, from, to, row, column) => {
    // A variable outside is an object, made anew for each element.
    let [sum, own] = [0, 0];
    if (isTransposed) {
      const scale = scales[row] as number;
      for (let i = from; i < to; i++) {
        const value = numbers[i] as number;
        const error = value - nearest(value / scale) * scale;
        own += error * error;
        sum += value * value;
      }
      squares[row] = (squares[row] as number) + own;
    } else
      for (let i = from, at = column; i < to; i++, at++) {
        const value = numbers[i] as number;
        const scale = scales[at] as number;
        const error = value - nearest(value / scale) * scale;
        squares[at] = (squares[at] as number) + error * error;
        sum += value * value;
      }
    total += sum;
  });
  return { squares, total };
}

/** The squared error of the cut-off numbers, by share and column; both numbers of a pair lose half. */
function cutErrors(weight: ProductWeight, sizes: Float32Array): Float64Array {
  const count = SHARES.length;
  const costs = new Float64Array(sizes.length * count);
  const part = weight.isPaired ? 0.5 : 1;
  scanSizes(
    weight,
    sizes.map((size) => size * LEAST),
    (column, size) => {
      for (let at = count - 1; at > 0; at--) {
        const excess = size - (sizes[column] as number) * (SHARES[at] as number);
        if (excess <= 0) return;
        const place = column * count + at;
        costs[place] = (costs[place] as number) + part * excess * excess;
      }
    },
  );
  return costs;
}
