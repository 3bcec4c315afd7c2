/**
 * Which of two models is faster, run as users run them, with all of the runtime's own optimizations on. On the CPU the CPU time of one
 * thread decides: what else the machine does hardly moves it. The time by the clock, with the runtime's own threads, stands beside it. On a GPU
 * the clock decides.
 */

import { maxOf } from '../../ir/lists.js';
import { msText } from '../../ir/quantities.js';
import type { Deadline } from '../../run/deadline.js';
import type { Provider } from '../../runtime/isolate.js';
import type { Feeds } from '../inputs/feeds.js';
import { type BothSides, type Contender, type Measured, type Race, type RaceOptions, race } from './race.js';
import { type Estimate, median, quantile } from './statistics.js';

/** Milliseconds: the median, its quartiles, and how many runs they come from. */
export interface Timing {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

export interface SpeedReport extends Estimate {
  readonly provider: Provider;
  /** The clock behind `ratio`, `interval` and `significant`: above 1 is faster. */
  readonly decidedBy: 'cpu' | 'wall';
  /** CPU time: of one thread, or of all where one run takes a second or more. Undefined on a GPU. */
  readonly cpu: (Measured & { readonly threads: 'one' | 'all' }) | undefined;
  /** The time by the clock, with the runtime's own threads. */
  readonly wall: Measured;
  /** Steady state, by the clock. */
  readonly run: BothSides<Timing>;
  /** Creating the session, in milliseconds: the median of the tries. */
  readonly create: BothSides<number>;
  /** The first run of a session. */
  readonly first: BothSides<number>;
  /** The inputs that were run, in words. */
  readonly inputs: string;
}

export interface SpeedOptions {
  /** About how long the pairs that decide may take; default 1.2 seconds. Runs that take long may take more. */
  readonly budgetMs?: number;
  /** How many times the budget it may take to have pairs enough to prove something; default 2. */
  readonly patience?: number;
  /** About how long one run takes, and one load, where that is known. */
  readonly runEstimateMs?: number;
  readonly deadline?: Deadline;
  /** Called now and then with the milliseconds that are left, about. */
  readonly onTime?: (leftMs: number) => void;
}

/** Runs or loads of this length are made once for both clocks. */
const HEAVY_MS = 1000;

/** What the clock on the wall is given where another one decides. */
const BESIDE_MS = 600;

/** Measures both on one set of inputs. Undefined where the deadline leaves no time for it. Rejects with RuntimeError where one does not run. */
export async function measureSpeed(
  contenders: BothSides<Contender>,
  provider: Provider,
  { tensors: feeds, about }: Feeds,
  options: SpeedOptions = {},
): Promise<SpeedReport | undefined> {
  const { budgetMs = 1200, patience = 2, runEstimateMs = 0, deadline, onTime: onProgress } = options;
  const time = (more: Pick<RaceOptions, 'load' | 'by'> & Partial<RaceOptions>): Promise<Race | undefined> =>
    race(contenders, feeds, { budgetMs, patience, deadline, onProgress, ...more });
  // Two pairs at least, each side loaded and run once before.
  if (deadline && !deadline.allows(6 * runEstimateMs, timesCut(runEstimateMs))) return undefined;
  const reported = (used?: Race, deciding?: Race, threads?: 'one' | 'all'): SpeedReport | undefined => {
    if (!used || !deciding) {
      deadline?.cut(timesCut(runEstimateMs));
      return undefined;
    }
    const { wall } = used;
    const { ratio, interval, significant } = deciding.decided;
    return {
      provider,
      ratio,
      interval,
      significant: significant && !contradicts(wall, ratio),
      decidedBy: threads ? 'cpu' : 'wall',
      cpu: threads && { ...deciding.decided, threads },
      wall,
      run: { original: timingOf(used.ms.original), result: timingOf(used.ms.result) },
      create: used.create,
      first: used.first,
      inputs: about,
    };
  };
  if (provider !== 'cpu') {
    const wall = await time({ load: { provider, spins: true }, by: 'ms' });
    return reported(wall, wall);
  }
  const asUsed =
    runEstimateMs < HEAVY_MS
      ? await time({ load: { provider, spins: true }, by: 'ms', budgetMs: BESIDE_MS, patience: 1 })
      : undefined;
  if (asUsed && maxOf([...asUsed.ms.original, ...Object.values(asUsed.create)]) < HEAVY_MS)
    return reported(asUsed, await time({ load: { provider, threads: 1 }, by: 'cpuMs' }), 'one');
  const both = await time({ load: { provider }, by: 'cpuMs' });
  return reported(both, both, 'all');
}

const timesCut = (runMs: number): string =>
  runMs >= HEAVY_MS ? `the times: one run takes ${msText(runMs)}` : 'the times';

/** Whether the clock on the wall says the opposite: less work that takes longer, as it does where threads have less to share, is no gain. */
const contradicts = ({ interval }: Estimate, ratio: number): boolean =>
  ratio > 1 ? interval.high < 1 : interval.low > 1;

const timingOf = (sample: readonly number[]): Timing => ({
  median: median(sample),
  low: quantile(sample, 0.25),
  high: quantile(sample, 0.75),
  runs: sample.length,
});
