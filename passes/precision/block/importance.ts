/** The importance of the numbers of a weight, from the activations that it is multiplied by. */
import type { ActivationStatistics } from '../../../src/run/activations.js';
import { type Feedback, MeanFeedback, TriangleFeedback } from './feedback.js';

export interface Importance {
  readonly feedback: Feedback;
  /** The mean of x² of each number of K. */
  readonly meanSquares: Float32Array;
}

/** The importance by statistics; undefined where they are about another axis. Throws RangeError where numbers are not finite. */
export function importanceOf(statistics: ActivationStatistics | undefined, K: number): Importance | undefined {
  if (statistics?.channels !== K) return undefined;
  const { gram, means, meanSquares, rows } = statistics;
  const variances = meanSquares.map((square, k) => Math.max(0, square - (means[k] as number) ** 2));
  const feedback = gram
    ? new TriangleFeedback(covered(gram, means, variances, rows), K)
    : new MeanFeedback(means, steadied(variances, rows));
  return { feedback, meanSquares };
}

/** The importance of numbers with these means and deviations that have nothing else in common. */
export function expectedImportance(means: Float32Array, variances: Float32Array): Importance {
  const meanSquares = variances.map((variance, k) => variance + (means[k] as number) ** 2);
  return { feedback: new MeanFeedback(means, variances), meanSquares };
}

/** Deviations that are known from few rows are taken nearer to their mean, which counts as much as so many rows. */
const ROWS = 4;

function steadied(variances: Float32Array, rows: number): Float32Array {
  const mean = variances.reduce((sum, one) => sum + one, 0) / variances.length;
  return variances.map((one) => (rows * one + ROWS * mean) / (rows + ROWS));
}

/**
 * The mean of x·xᵀ, in place of its sum. What few rows seem to have in common is chance: correlations are taken nearer to none, by the share that
 * the oracle approximating shrinkage (Chen, Wiesel, Eldar, Hero 2010) gives for so many rows. Means stay.
 */
function covered(gram: Float32Array, means: Float32Array, variances: Float32Array, rows: number): Float32Array {
  const K = means.length;
  const deviations = variances.map(Math.sqrt);
  const largest = deviations.reduce((most, one) => Math.max(most, one), 0);
  const inverse = deviations.map((one) => (one > 1e-6 * largest ? 1 / one : 0));
  let squares = 0;
  for (let k = 0; k < K; k++) {
    let row = 0;
    for (let l = 0, at = k * K; l < K; l++, at++) {
      const own = (gram[at] as number) / rows - (means[k] as number) * (means[l] as number);
      gram[at] = own;
      row += (own * (inverse[l] as number)) ** 2;
    }
    squares += row * (inverse[k] as number) ** 2;
  }
  const share = ((1 - 2 / K) * squares + K * K) / ((rows + 1 - 2 / K) * Math.max(squares - K, 1e-9));
  const kept = 1 - Math.min(1, share);
  const own = steadied(variances, rows);
  for (let k = 0; k < K; k++)
    for (let l = 0, at = k * K; l < K; l++, at++)
      gram[at] =
        (k === l ? (own[k] as number) : kept * (gram[at] as number)) + (means[k] as number) * (means[l] as number);
  return gram;
}
