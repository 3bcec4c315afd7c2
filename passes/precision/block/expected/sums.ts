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
    for (let at = 0; at < numbers.length; at++) {
      const number = numbers[at] as number;
      const [k, n] = isTransposed ? [column, row] : [row, column];
      found.means[n] = (found.means[n] as number) + number * (means[k] as number);
      found.variances[n] = (found.variances[n] as number) + number * number * (variances[k] as number);
      if (++column === width) [row, column] = [row + 1, 0];
    }
  return found;
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
