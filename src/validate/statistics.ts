/** What repeated measurements say, and whether two of them differ. */
import { Random } from './random.js';

/** The value below which a share of the sample lies, interpolated. NaN for an empty sample. */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (sample: readonly number[]): number => quantile(sample, 0.5);

const RESAMPLES = 2000;

/** An interval that holds the median with 95 % confidence: percentiles of the medians of resampled samples. */
export function medianInterval(sample: readonly number[], seed = 0): { low: number; high: number } {
  const random = new Random(seed);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(Array.from(sample, () => sample[random.int(0, sample.length)]!)),
  );
  return { low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

/** Fewer pairs than this prove nothing: five coins fall on one side in 6 % of all cases. */
export const ENOUGH = 6;

/** A difference below this is not worth calling one: memory layout alone moves a program by as much. */
const FLOOR = 0.01;

/**
 * Whether pairs of measurements differ: a ratio's logarithm for each pair. True only where there are pairs enough, the
 * interval of their median excludes zero, all but one in six pairs agree on the sign, and the median is above the floor.
 */
export function isSignificant(logRatios: readonly number[], seed = 0): boolean {
  if (logRatios.length < ENOUGH) return false;
  const centre = median(logRatios);
  const { low, high } = medianInterval(logRatios, seed);
  const agreeing = logRatios.filter((value) => Math.sign(value) === Math.sign(centre)).length;
  return Math.abs(centre) >= FLOOR && (low > 0 || high < 0) && agreeing >= logRatios.length * (5 / 6);
}
