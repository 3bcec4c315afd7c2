/**
 * Proposes ranges of 8-bit activations: each cuts off another share of the largest numbers, for finer steps of all others. Which of them gives
 * the least error at the outputs is measured.
 */
import { maxOf } from '../../../../src/ir/collections/lists.js';
import type { ActivationStatistics } from '../../../../src/run/activations.js';

export interface ByteRange {
  readonly scale: number;
  /** The byte that stands for 0. */
  readonly zero: number;
}

/** Cuts off what leaves the least mean square of errors; nothing; all beyond two quantiles. */
export const rangeKinds = ['least squares', 'whole', 'quantiles'] as const;
export type RangeKind = (typeof rangeKinds)[number];

const LEVELS = 255;

/** The smallest range whose scale float32 holds in full precision. */
const SMALLEST = 2 ** -100;

/** The shares of numbers that are tried to be cut off at each end. */
const SHARES = [0, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3] as const;

/** The share at each end where quantiles decide. */
const QUANTILE = 1e-4;

/** A range that holds zero. Undefined where all numbers are zero, or nearly so. */
export function rangeOf(statistics: ActivationStatistics, kind: RangeKind = 'least squares'): ByteRange | undefined {
  if (maxOf([...statistics.largest], 0) < SMALLEST) return undefined;
  const { from, to } =
    kind === 'least squares' ? leastSquares(statistics) : ends(statistics, kind === 'whole' ? 0 : QUANTILE);
  if (to - from < SMALLEST) return undefined;
  const scale = Math.fround((to - from) / LEVELS);
  return { scale, zero: Math.max(0, Math.min(LEVELS, Math.round(-from / scale))) };
}

interface Ends {
  readonly from: number;
  readonly to: number;
}

const ends = (statistics: ActivationStatistics, share: number): Ends => ({
  from: Math.min(0, statistics.quantile(share)),
  to: Math.max(0, statistics.quantile(1 - share)),
});

function leastSquares(statistics: ActivationStatistics): Ends {
  const bins = [...statistics.bins()].map(({ from, to, count }) => ({ at: (from + to) / 2, count }));
  const errorOf = ({ from, to }: Ends): number => {
    let error = 0;
    for (const { at, count } of bins) {
      const beyond = at > to ? at - to : at < from ? from - at : 0;
      // Zeros are exact.
      if (at !== 0) error += count * (beyond > 0 ? beyond * beyond : ((to - from) / LEVELS) ** 2 / 12);
    }
    return error;
  };
  let best = ends(statistics, 0);
  for (const share of SHARES) {
    const one = ends(statistics, share);
    if (errorOf(one) < errorOf(best)) best = one;
  }
  return best;
}
