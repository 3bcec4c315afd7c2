/**
 * Statistics of repeated measurements: estimates from a sample, and whether two samples differ.
 * Why this way. Both sides of a pair may change places (order of runs, process), so for two equal models the logarithm
 * of a pair's ratio is symmetric about zero under any noise. A signed-rank test then holds its level exactly, where
 * resampled medians of few pairs do not. Few pairs prove nothing by ranks; the times of long runs vary little, and
 * Student's t does for them.
 */

/** The quantile of a sample at a share, interpolated. NaN for an empty sample. */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = ascending(sample);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (sample: readonly number[]): number => quantile(sample, 0.5);

const ascending = (sample: readonly number[]): number[] => [...sample].sort((a, b) => a - b);
const mean = (sample: readonly number[]): number => sample.reduce((sum, value) => sum + value, 0) / sample.length;

/** The mean of the fastest tenth, of two runs at least: other work on the machine only ever makes a run longer. */
export const fastest = (sample: readonly number[]): number =>
  mean(ascending(sample).slice(0, Math.max(2, Math.round(sample.length / 10))));

/** Times of both sides, taken next to each other. */
export type TimePair = readonly [number, number];

/** The estimated ratio of a pair's first time to its second. */
export interface Estimate {
  readonly ratio: number;
  /**
   * The confidence interval of the ratio: 99 %, or 99.8 % of fewer than eight pairs, as nothing else confirms these.
   */
  readonly interval: { readonly low: number; readonly high: number };
  /** True where the interval excludes 1 by a difference that is large enough to matter. */
  readonly significant: boolean;
}

/** A signed-rank interval of 99 % needs this many pairs: eight coins fall on one side in 0.8 % of all cases. */
export const ENOUGH = 8;

/**
 * A difference below this is too small to matter: memory layout alone moves a program by as much. The limit is higher
 * for few pairs in one place.
 */
const FLOOR = 0.01;
const FLOOR_OF_FEW = 0.02;

/** Up to this ratio, either way, significance has to be found twice. */
export const HAIR = 1.1;

/** The estimate from pairs; an open one from fewer than two. */
export function estimateOf(pairs: readonly TimePair[]): Estimate {
  const hasEnough = pairs.length >= ENOUGH;
  const { centre, low, high } = hasEnough ? byRanks(pairs) : byVariance(pairs);
  const floor = hasEnough ? FLOOR : FLOOR_OF_FEW;
  return {
    ratio: Math.exp(centre),
    interval: { low: Math.exp(low), high: Math.exp(high) },
    significant: Math.abs(centre) >= floor && (low > 0 || high < 0),
  };
}

interface LogEstimate {
  readonly centre: number;
  readonly low: number;
  readonly high: number;
}

/** Hodges and Lehmann's estimate: the median of all means of two differences, and the signed-rank interval. */
function byRanks(pairs: readonly TimePair[]): LogEstimate {
  const logs = pairs.map(([a, b]) => Math.log(a / b));
  const means = ascending(logs.flatMap((a, i) => logs.slice(i).map((b) => (a + b) / 2)));
  const left = ranksLeft(logs.length);
  return { centre: median(means), low: means[left] as number, high: means[means.length - 1 - left] as number };
}

/** The number of means outside a 99 % interval on each side: smaller rank sums are as rare as that. */
function ranksLeft(count: number): number {
  // Counts the choices of ranks with a given sum, of 2^count.
  let ways = [1];
  for (let rank = 1; rank <= count; rank++)
    ways = Array.from(
      { length: ways.length + rank },
      (_, sum) => (ways[sum] ?? 0) + (sum >= rank ? (ways[sum - rank] as number) : 0),
    );
  let [left, share] = [0, (ways[0] as number) / 2 ** count];
  while (share + (ways[left + 1] as number) / 2 ** count <= 0.005) share += (ways[++left] as number) / 2 ** count;
  return left;
}

/** Student's t for 99.8 % by degrees of freedom, for two samples of 2 to 7. */
const T = new Map([
  [2, 22.33],
  [4, 7.173],
  [6, 5.208],
  [8, 4.501],
  [10, 4.144],
  [12, 3.93],
]);

/**
 * The difference of two small samples. They need not drift together, so their own spread counts, not that of the
 * differences.
 */
function byVariance(pairs: readonly TimePair[]): LogEstimate {
  const sides = [0, 1].map((side) => pairs.map((pair) => Math.log(pair[side] as number)));
  const [a, b] = sides.map(mean) as [number, number];
  const centre = a - b;
  const t = T.get(2 * pairs.length - 2);
  if (t === undefined) return { centre, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const squares = sides.flatMap((side) => side.map((value) => (value - mean(side)) ** 2));
  const variance = squares.reduce((sum, square) => sum + square, 0) / (2 * pairs.length - 2);
  const half = t * Math.sqrt((2 * variance) / pairs.length);
  return { centre, low: centre - half, high: centre + half };
}
