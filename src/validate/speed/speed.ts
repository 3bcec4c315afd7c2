/**
 * Tells which of two models is faster, run as users run them, with all of the runtime's own optimizations on. On the
 * CPU the CPU time of one thread decides, as other work on the machine hardly moves it. Wall time, with the runtime's
 * own threads, stands beside it. On a GPU wall time decides.
 */

import { isHost } from '../../ir/targets/targets.js';
import { msText } from '../../ir/text/quantities.js';
import type { Deadline } from '../../run/pipeline/deadline.js';
import type { Provider } from '../../runtime/isolate.js';
import type { Feeds } from '../inputs/feeds.js';
import { duel } from './duel.js';
import { type BothSides, type RacedModel, tryOut } from './heat.js';
import { type ClockStatistics, type Race, type RaceOptions, race } from './race.js';
import { type Estimate, median, quantile } from './statistics.js';

/** Milliseconds: the median, its quartiles, and the number of runs. */
export interface Timing {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

export interface SpeedReport extends Estimate {
  readonly provider: Provider;
  /** The clock behind `ratio`, `interval` and `significant`. A ratio above 1 means faster. */
  readonly decidedBy: 'cpu' | 'wall';
  /** CPU time: of one thread, or of all where one run takes a second or more. Undefined on a GPU. */
  readonly cpu: (ClockStatistics & { readonly threads: 'one' | 'all' }) | undefined;
  /** Wall time, with the runtime's own threads. */
  readonly wall: ClockStatistics;
  /** Steady state, in wall time. */
  readonly run: BothSides<Timing>;
  /** Milliseconds of each side in each pair, in order, by the clock that decides: of a pair's runs the fastest. */
  readonly samples: BothSides<readonly number[]>;
  /** Creating the session, in milliseconds: the median of the tries. */
  readonly create: BothSides<number>;
  /** The first run of a session. */
  readonly first: BothSides<number>;
  /** The inputs of the runs, in words. */
  readonly inputs: string;
}

export interface SpeedOptions {
  /** Milliseconds, about, for the pairs that decide; default 1.2 seconds. Long runs may take more. */
  readonly budgetMs?: number;
  /** The race may take this many times the budget to get pairs enough for a proof; default 2. */
  readonly patience?: number;
  /** True where times were asked for: long runs are then made as often as can tell something. */
  readonly isAsked?: boolean;
  /** The time of one run, about, and of one load, where they are known. */
  readonly runEstimateMs?: number;
  readonly deadline?: Deadline;
  /** Called now and then with the milliseconds that are left, about. */
  readonly onTime?: (leftMs: number) => void;
}

/** Runs of this length are made once for both clocks, as are all where the sessions of both take this CPU time to be created. */
const HEAVY_MS = 1000;
const HEAVY_LOAD_MS = 400;

/** Milliseconds for wall time where CPU time decides. */
const BESIDE_MS = 600;

/**
 * Times both on one set of inputs. Undefined where the deadline leaves no time for it. Rejects with RuntimeError where
 * one does not run.
 */
export async function measureSpeed(
  raced: BothSides<RacedModel>,
  provider: Provider,
  { tensors: feeds, about }: Feeds,
  options: SpeedOptions = {},
): Promise<SpeedReport | undefined> {
  const { budgetMs = 1200, patience = 2, isAsked, runEstimateMs = 0, deadline, onTime: onProgress } = options;
  const time = (more: Pick<RaceOptions, 'load' | 'by'> & Partial<RaceOptions>): Promise<Race | undefined> =>
    race(raced, feeds, { budgetMs, patience, deadline, onProgress, ...more });
  // Two pairs at least; where the time of a run is known, these inputs were run before.
  if (deadline && !deadline.allows(4 * runEstimateMs, timesCut(runEstimateMs))) return undefined;
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
      samples: deciding.samples,
      create: used.create,
      first: used.first,
      inputs: about,
    };
  };
  if (!isHost(provider)) {
    const wall = await time({ load: { provider, spins: true }, by: 'ms' });
    return reported(wall, wall);
  }
  const { original, result } = await tryOut(raced, feeds, { provider });
  const ran = { original: original.ms, result: result.ms };
  const loadMs = original.createCpuMs + result.createCpuMs;
  if (Math.max(ran.original, ran.result) >= HEAVY_MS || loadMs >= HEAVY_LOAD_MS) {
    const duelMs = isAsked ? Number.POSITIVE_INFINITY : budgetMs;
    const both = await duel(raced, feeds, { provider, ran, loadMs, budgetMs: duelMs, deadline, onProgress });
    return reported(both, both, 'all');
  }
  const asUsed = await time({ load: { provider, spins: true }, by: 'ms', budgetMs: BESIDE_MS, patience: 1 });
  return reported(asUsed, asUsed && (await time({ load: { provider, threads: 1 }, by: 'cpuMs' })), 'one');
}

const timesCut = (runMs: number): string =>
  runMs >= HEAVY_MS ? `the times: one run takes ${msText(runMs)}` : 'the times';

/**
 * True where wall time says the opposite: less work that takes longer is no gain. It happens where threads have less to
 * share.
 */
const contradicts = ({ interval }: Estimate, ratio: number): boolean =>
  ratio > 1 ? interval.high < 1 : interval.low > 1;

const timingOf = (sample: readonly number[]): Timing => ({
  median: median(sample),
  low: quantile(sample, 0.25),
  high: quantile(sample, 0.75),
  runs: sample.length,
});
