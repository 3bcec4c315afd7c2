/** Summarises samples for a result. Judging them is left to validation. */
import { estimateOf, median, quantile } from '../src/validate/speed/statistics.js';
import type { Ratio, Timing } from './result.js';

export function timingOf(samples: readonly number[], runsPerSample: number): Timing {
  const [low, high] = [quantile(samples, 0.25), quantile(samples, 0.75)];
  return { median: median(samples), low, high, samples, runsPerSample };
}

/** `baseline` over `samples`, pair by pair of one round. */
export function ratioOf(baseline: readonly number[], samples: readonly number[]): Ratio {
  const { ratio, interval, significant } = estimateOf(samples.map((sample, i) => [baseline[i] as number, sample]));
  return { median: ratio, ...interval, significant };
}
