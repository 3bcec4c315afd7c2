/** Means and deviations of the sums that a layer makes, and the numbers of its constants. */
import { constantTensor } from '../../../../src/ir/tensors/constants.js';
import { numbersOf } from '../../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../../src/ir/value.js';
import { floatChunks } from '../../extent.js';
import type { Weight } from '../../product.js';
import type { Spread } from './spread.js';

/** Wᵀ means and (W²)ᵀ variances, in one reading of W. */
export function momentsBehind(
  { tensor, K, N, isTransposed }: Weight,
  { means, variances }: Pick<Spread, 'means' | 'variances'>,
) {
  const found = { means: new Float64Array(N), variances: new Float64Array(N) };
  const width = isTransposed ? K : N;
  let [row, column] = [0, 0];
  for (const numbers of floatChunks(tensor))
    for (let from = 0; from < numbers.length; ) {
      const to = Math.min(numbers.length, from + width - column);
      const own = numbers.subarray(from, to);
      if (isTransposed) addAlong(own, found, row, means.subarray(column), variances.subarray(column));
      else addAcross(own, found, column, means[row] as number, variances[row] as number);
      column += to - from;
      from = to;
      if (column === width) [row, column] = [row + 1, 0];
    }
  return found;
}

interface Sums {
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** A piece of a row with one number of each column, from column `first` on. */
function addAcross(numbers: ArrayLike<number>, sums: Sums, first: number, mean: number, variance: number): void {
  const [means, variances] = [sums.means.subarray(first), sums.variances.subarray(first)];
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] as number;
    means[i] = (means[i] as number) + number * mean;
    variances[i] = (variances[i] as number) + number * number * variance;
  }
}

/** A piece of a row that is column `n`. */
function addAlong(
  numbers: ArrayLike<number>,
  sums: Sums,
  n: number,
  means: Float32Array,
  variances: Float32Array,
): void {
  let [mean, variance] = [sums.means[n] as number, sums.variances[n] as number];
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] as number;
    mean += number * (means[i] as number);
    variance += number * number * (variances[i] as number);
  }
  sums.means[n] = mean;
  sums.variances[n] = variance;
}

/** The numbers of a constant along the last axis, or its one number. */
export function numbersBehind(value: Value | undefined): Float64Array | undefined {
  const tensor = constantTensor(value);
  if (!tensor) return undefined;
  const last = tensor.shape.at(-1) ?? 1;
  const isVector = tensor.shape.slice(0, -1).every((dim) => dim === 1);
  return isVector && last <= MOST_CHANNELS ? numbersOf(tensor) : undefined;
}

/** A vector of more numbers is a weight. */
const MOST_CHANNELS = 1 << 20;
