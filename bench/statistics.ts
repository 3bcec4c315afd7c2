/** Samples as they stand in a result; what they prove is validation's to say. */
import { isSignificant, median, medianInterval, quantile } from '../src/validate/statistics.js';
import type { Ratio, Timing } from './result.js';

export function timingOf(samples: readonly number[], runsPerSample: number): Timing {
  const [low, high] = [quantile(samples, 0.25), quantile(samples, 0.75)];
  return { median: median(samples), low, high, samples, runsPerSample };
}

/** `baseline` over `samples`, pair by pair of one round. */
export function ratioOf(baseline: readonly number[], samples: readonly number[]): Ratio {
  const logarithms = samples.map((sample, i) => Math.log((baseline[i] as number) / sample));
  const { low, high } = medianInterval(logarithms);
  return {
    median: Math.exp(median(logarithms)),
    low: Math.exp(low),
    high: Math.exp(high),
    significant: isSignificant(logarithms),
  };
}
