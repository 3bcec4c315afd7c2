/** Summarises samples for a result; it does not judge them. */
import { estimateOf, median, quantile } from '../src/validate/speed/statistics.js';
import type { Ratio, Timing } from './result.js';

export function timingOf(samples: readonly number[], runsPerSample: number): Timing {
  const [low, high] = [quantile(samples, 0.25), quantile(samples, 0.75)];
  return { median: median(samples), low, high, samples, runsPerSample };
}

/** Estimates `baseline` over `samples`, paired by round. */
export function ratioOf(baseline: readonly number[], samples: readonly number[]): Ratio {
  const { ratio, interval, significant } = estimateOf(samples.map((sample, i) => [baseline[i] as number, sample]));
  return { median: ratio, ...interval, significant };
}
