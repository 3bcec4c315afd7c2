/** Races two models of the same inputs for tuning: at typical sizes of the whole model, for a second or two. */

import { named } from '../../ir/collections/named.js';
import { nameOf } from '../../ir/dims/symbols.js';
import type { Model } from '../../ir/model.js';
import { isHost } from '../../ir/targets/targets.js';
import { rangesOf } from '../../ir/whole-model/ranges.js';
import { isSlower, type RaceOutcome, type Stopwatch, type TimedOutcome } from '../../run/tune/trial.js';
import { type Provider, RuntimeError, RuntimeProcess } from '../../runtime/isolate.js';
import { runLimitsOf } from '../../runtime/limits.js';
import { type Feeds, makeFeeds } from '../inputs/feeds.js';
import { type GivenSet, givenSets } from '../inputs/files/given.js';
import { pointsOf, type SizePoint } from '../inputs/points.js';
import { type SizeOptions, type Sizes, shapesOf, sizeChoices, typicalSizes } from '../inputs/sizes.js';
import { type PreparedModel, prepareModel } from '../sides/prepared-model.js';
import { race } from './race.js';

export interface StopwatchOptions {
  readonly provider: Provider;
  /** The seed of the inputs. Default 0. */
  readonly seed?: number;
  /** Sizes of symbolic dims, by name; other dims get typical sizes. */
  readonly dims?: Readonly<Record<string, number>>;
  /**
   * The time of one race without loading, about; longer where that is too short to prove anything. Default 1.5 seconds.
   */
  readonly budgetMs?: number;
}

/** Milliseconds of one load or run. The first use of a GPU compiles shaders. */
const LIMIT = 60_000;

/**
 * A race may take this many times its budget: an unproven difference would be called noise, however slow the variant
 * is.
 */
const PATIENCE = 8;

/** Of sessions the rough order is enough: what is kept is faster beyond the noise, and there are several for each model. */
const SESSION_RACE = { budgetMs: 500, patience: 2 };

/** Creates a stopwatch with two child processes of its own, started at the first race. */
export function createStopwatch({
  provider,
  seed = 0,
  budgetMs = 1500,
  dims = {},
}: StopwatchOptions): Stopwatch & { close(): Promise<void> } {
  const runtimes: RuntimeProcess[] = [];
  return {
    async race(without, changed, whole, session): Promise<RaceOutcome> {
      while (runtimes.length < 2) runtimes.push(await RuntimeProcess.start({ timeoutMs: LIMIT }));
      const [first, second] = runtimes as [RuntimeProcess, RuntimeProcess];
      for (const runtime of runtimes) runtime.limits = runLimitsOf(whole);
      const preparedModels: PreparedModel[] = [];
      try {
        for (const model of [without, changed]) preparedModels.push(await prepareModel(model));
        const [a, b] = preparedModels as [PreparedModel, PreparedModel];
        const raced = {
          original: { runtime: first, model: a.source },
          result: { runtime: second, model: b.source, load: session && { session } },
        };
        // What threads do shows by the clock alone.
        const isCpu = isHost(provider) && !session;
        const timed: TimedOutcome[] = [];
        for (const point of racePointsOf(whole)) {
          const feeds = await feedsThatRun(
            without,
            whole,
            { seed, dims: { ...dims, ...point.dims } },
            async ({ tensors }) => {
              const session = await first.load(a.source, { provider, optimize: true });
              await session.time(tensors, 1).finally(() => session.release());
            },
          );
          if (typeof feeds === 'string')
            return { kind: 'unknown', reason: `it does not run without the pass: ${feeds}` };
          const speed = await race(raced, feeds.tensors, {
            load: { provider, ...(isCpu ? { threads: 1 } : { spins: true }) },
            by: isCpu ? 'cpuMs' : 'ms',
            ...(session ? SESSION_RACE : { budgetMs, patience: PATIENCE }),
          });
          if (!speed) throw new TypeError('stopwatch: a race without a deadline was cut short');
          const { ratio, interval, significant, times } = speed.decided;
          timed.push({
            ...{ kind: 'timed', ms: times.result, ratio, interval, significant },
            ...{ runs: speed.ms.result.length, sample: speed.ratios.map(rounded), inputs: feeds.about },
          });
        }
        return overSizes(timed);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        return { kind: 'failed', reason: error.message };
      } finally {
        for (const prepared of preparedModels) prepared.close();
      }
    },
    async close() {
      for (const runtime of runtimes) await runtime.close();
    },
  };
}

/** The sizes that two models are raced at, which kept races are found by: those of the ranges, or the usual ones alone. */
export function racePointsOf(whole: Model): readonly Pick<SizePoint, 'dims'>[] {
  const points = pointsOf(rangesOf(whole));
  return points.length > 0 ? points : [{ dims: {} }];
}

const rounded = (ratio: number): number => Number(ratio.toPrecision(4));

/**
 * One outcome for races at several sizes: where one is slower, that one, and the slowest of them, as what is kept is slower nowhere;
 * else their geometric mean, whose interval the races' own, which are independent, make narrower.
 */
function overSizes(timed: readonly TimedOutcome[]): TimedOutcome {
  const [first, ...more] = timed as [TimedOutcome, ...TimedOutcome[]];
  if (more.length === 0) return first;
  const [slowest] = timed.filter(isSlower).sort((a, b) => a.ratio - b.ratio);
  if (slowest) return slowest;
  const mean = (of: (one: TimedOutcome) => number): number =>
    timed.reduce((sum, one) => sum + of(one), 0) / timed.length;
  const centre = mean(({ ratio }) => Math.log(ratio));
  const squares = mean(({ interval }) => (Math.log(interval.high / interval.low) / 2) ** 2);
  const half = Math.sqrt(squares / timed.length);
  const interval = { low: Math.exp(centre - half), high: Math.exp(centre + half) };
  return {
    ...first,
    ratio: Math.exp(centre),
    interval,
    significant: interval.low > 1 || interval.high < 1,
    runs: timed.reduce((sum, { runs }) => sum + runs, 0),
    sample: timed.flatMap(({ sample = [] }) => sample),
    inputs: timed.map(({ inputs }) => inputs).join('; '),
  };
}

/** The first inputs that a part runs on; the runtime's message where there are none. */
async function feedsThatRun(
  part: Model,
  whole: Model,
  { seed, dims }: Required<Pick<StopwatchOptions, 'seed' | 'dims'>>,
  run: (feeds: Feeds) => Promise<void>,
): Promise<Feeds | string> {
  let reason = '';
  for (const sizes of [...typicalSizes, ...sizeChoices.slice(0, 3)])
    try {
      const feeds = makeFeeds(part, { seed, sizes, variant: 'full', dims: { ...sizesIn(whole, sizes), ...dims } });
      await run(feeds);
      return feeds;
    } catch (error) {
      if (!(error instanceof RuntimeError || error instanceof RangeError)) throw error;
      reason ||= error.message;
    }
  return reason;
}

/**
 * The sizes of a model's input symbols under a choice of sizes. A part has lost the inputs' order, so they are found on
 * the whole model.
 */
export function sizesIn(model: Model, choice: Sizes, options: SizeOptions = {}): Record<string, number> {
  const dims = named<number>();
  const shapes = shapesOf(model, choice, options);
  for (const { name, shape } of model.graph.inputs)
    shape?.forEach((dim, axis) => {
      const symbol = nameOf(dim);
      const size = shapes.get(name)?.[axis];
      if (typeof symbol === 'string' && size !== undefined) dims[symbol] ??= size;
    });
  return dims;
}

/** The sizes of a model's input symbols in the last given set, as `validate` times it. Throws ModelError. */
export function sizesInData(path: string, model: Model): Record<string, number> {
  const { tensors } = (givenSets(path).at(-1) as GivenSet).read(model);
  const shapes = Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
  return sizesIn(model, typicalSizes[0], { shapes });
}
