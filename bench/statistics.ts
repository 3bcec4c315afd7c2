/** Numbers about samples. */
import type { OutputAccuracy, Ratio, Timing } from './result.js';

/** The quantile of sorted numbers, interpolated. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (high - low) * (at - Math.floor(at));
}

const sortedOf = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

export const median = (numbers: readonly number[]): number => quantile(sortedOf(numbers), 0.5);

export function timingOf(samples: readonly number[], runsPerSample: number): Timing {
  const sorted = sortedOf(samples);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    samples,
    runsPerSample,
  };
}

/**
 * `baseline` over `samples`, pair by pair of one round. The interval holds the true median in at least 95 of 100 cases
 * whatever the distribution: the number of pairs below it is binomial. Fewer than 6 pairs cannot tell.
 */
export function ratioOf(baseline: readonly number[], samples: readonly number[]): Ratio {
  const ratios = sortedOf(samples.map((sample, i) => (baseline[i] as number) / sample));
  const rank = confidenceRank(ratios.length);
  const low = ratios[rank ?? 0] as number;
  const high = ratios[ratios.length - 1 - (rank ?? 0)] as number;
  return { median: quantile(ratios, 0.5), low, high, significant: rank !== undefined && (low > 1 || high < 1) };
}

/** The largest number of samples that may be cut from either end of an interval of 95 %; undefined where even none is too many. */
function confidenceRank(count: number): number | undefined {
  let [probability, below] = [0.5 ** count, 0];
  let rank: number | undefined;
  for (let k = 0; k < count / 2; k++) {
    below += probability;
    if (2 * below > 0.05) return rank;
    rank = k;
    probability *= (count - k) / (k + 1);
  }
  return rank;
}

/** How far numbers are from those of a reference. */
export function accuracyOf(name: string, reference: ArrayLike<number>, numbers: ArrayLike<number>): OutputAccuracy {
  if (reference.length !== numbers.length)
    throw new RangeError(`output ${name}: expected ${reference.length} numbers; found ${numbers.length}`);
  let [product, a, b, maxAbs, largest, nonFinite] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < numbers.length; i++) {
    const [x, y] = [reference[i] as number, numbers[i] as number];
    if (!Number.isFinite(y)) {
      nonFinite++;
      continue;
    }
    product += x * y;
    a += x * x;
    b += y * y;
    maxAbs = Math.max(maxAbs, Math.abs(x - y));
    largest = Math.max(largest, Math.abs(x));
  }
  const cosine = a === 0 && b === 0 ? 1 : product / Math.sqrt(a * b || 1);
  return { name, cosine, maxRel: maxAbs / (largest || 1), maxAbs, nonFinite };
}
