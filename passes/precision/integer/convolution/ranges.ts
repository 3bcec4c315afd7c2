/** Ranges of 8-bit activations: what the largest numbers lose when they are cut off, against finer steps for all others. */
import { maxOf } from '../../../../src/ir/collections/lists.js';
import type { ActivationStatistics } from '../../../../src/run/activations.js';

export interface ByteRange {
  readonly scale: number;
  /** The byte that stands for 0. */
  readonly zero: number;
}

const LEVELS = 255;

/** Smaller numbers have no scale that float32 holds in full precision. */
const SMALLEST = 2 ** -100;

/** Shares of all numbers that are cut off at each end. */
const SHARES = [0, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3] as const;

/** The range with the least mean square of errors; it holds zero. Undefined where all numbers are zero, or nearly so. */
export function rangeOf(statistics: ActivationStatistics): ByteRange | undefined {
  if (maxOf([...statistics.largest], 0) < SMALLEST) return undefined;
  const bins = [...statistics.bins()].map(({ from, to, count }) => ({ at: (from + to) / 2, count }));
  const errorOf = ({ from, to }: { from: number; to: number }): number => {
    let error = 0;
    for (const { at, count } of bins) {
      const beyond = at > to ? at - to : at < from ? from - at : 0;
      // Zeros are exact.
      if (at !== 0) error += count * (beyond > 0 ? beyond * beyond : ((to - from) / LEVELS) ** 2 / 12);
    }
    return error;
  };
  const ends = (share: number) => ({
    from: Math.min(0, statistics.quantile(share)),
    to: Math.max(0, statistics.quantile(1 - share)),
  });
  let best = ends(0);
  for (const share of SHARES) if (errorOf(ends(share)) < errorOf(best)) best = ends(share);
  const scale = Math.fround((best.to - best.from) / LEVELS);
  return { scale, zero: Math.max(0, Math.min(LEVELS, Math.round(-best.from / scale))) };
}
