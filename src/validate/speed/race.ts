/**
 * Races two models: takes pairs of times that differ by the models alone. Each heat loads both anew, in processes that
 * change places from heat to heat, and its rounds run in the order original, result, result, original, or the other way
 * round. A slow process, place in memory or half second then slows both models alike.
 */

import { append } from '../../ir/collections/lists.js';
import { isHost } from '../../ir/targets/targets.js';
import type { Deadline } from '../../run/pipeline/deadline.js';
import type { LoadOptions, RunTimes, RuntimeProcess, Session, Tensors } from '../../runtime/isolate.js';
import { ENOUGH, type Estimate, estimateOf, fastest, median, type TimePair } from './statistics.js';

export interface BothSides<T> {
  readonly original: T;
  readonly result: T;
}

const sides = ['original', 'result'] as const;
type RaceSide = (typeof sides)[number];

/** A model that can be loaded, and the process to load it in. */
export interface RacedModel {
  readonly runtime: RuntimeProcess;
  readonly model: string | Uint8Array;
  /** Options of its sessions beside those of the race. */
  readonly load?: Partial<LoadOptions> | undefined;
}

/** One round: its times, all runs of each side. */
interface Round {
  readonly ms: BothSides<number[]>;
  readonly cpuMs: BothSides<number[]>;
}

interface Heat {
  readonly create: BothSides<number>;
  /** The first run of each session. */
  readonly first: BothSides<number>;
  readonly rounds: readonly Round[];
}

/** The statistics of pairs by one clock. */
export interface ClockStatistics extends Estimate {
  readonly pairs: number;
  /** The typical time of a side, in milliseconds. */
  readonly times: BothSides<number>;
}

/** The outcome of a race, all heats together: by the clock that decides, and by wall time. */
export interface Race {
  readonly decided: ClockStatistics;
  /** The time of each side in each pair, by the clock that decides, in order. */
  readonly samples: BothSides<readonly number[]>;
  /** The ratio of each pair that it comes from, in order. */
  readonly ratios: readonly number[];
  readonly wall: ClockStatistics;
  /** Every run that was counted, in milliseconds of wall time. */
  readonly ms: BothSides<readonly number[]>;
  readonly create: BothSides<number>;
  readonly first: BothSides<number>;
}

export interface RaceOptions {
  readonly load: LoadOptions;
  /** The clock that decides. */
  readonly by: 'ms' | 'cpuMs';
  /**
   * Milliseconds for the pairs; up to `patience` times as many where times are too far apart, and twice that where
   * there are too few pairs.
   */
  readonly budgetMs: number;
  readonly patience: number;
  readonly deadline?: Deadline;
  /** Called after every heat with the milliseconds that are left, about. */
  readonly onProgress?: (leftMs: number) => void;
}

/** At most this many pairs in one stage. */
const MOST = 40;

/**
 * An interval whose half width, as a logarithm, is below NARROW is narrow enough. Where the budget is spent, the other
 * limit has to do: it tells a difference of a tenth from none.
 */
const NARROW = 0.02;
const FAIR = 0.04;

/** Up to this ratio, either way, significance has to be found twice. */
const HAIR = 1.1;

/** Races until enough is known or the time is over. Undefined where the deadline leaves no time for two pairs. */
export async function race(
  raced: BothSides<RacedModel>,
  feeds: Tensors,
  options: RaceOptions,
): Promise<Race | undefined> {
  const heats: Heat[] = [];
  const pairs: TimePair[] = [];
  const wall: TimePair[] = [];
  const run = async (most: number): Promise<void> => {
    const found = await heat(raced, feeds, options, heats.length, most);
    heats.push(found);
    for (const round of found.rounds) {
      pairs.push(pairOf(round[options.by]));
      wall.push(pairOf(round.ms));
    }
  };
  const left = (): number => options.deadline?.left() ?? Number.POSITIVE_INFINITY;
  const started = performance.now();
  await run(ENOUGH);
  const pairMs = (performance.now() - started) / pairs.length;
  const patientMs = options.patience * options.budgetMs;
  if (pairs.length < 2 && pairMs > left()) return undefined;
  /**
   * Adds pairs to those from `start` on. Their number, spread and time end the stage, never their result: that would
   * bias it.
   */
  const stage = async (start: number): Promise<Estimate> => {
    const began = performance.now();
    for (;;) {
      const count = pairs.length - start;
      const found = estimateOf(pairs.slice(start));
      const half = Math.log(found.interval.high / found.interval.low) / 2;
      const ms = performance.now() - began;
      const isSpent = ms > options.budgetMs;
      // Of long runs, a few that hardly differ are enough.
      const isEnough =
        count >= ENOUGH
          ? half <= NARROW || (half <= FAIR && isSpent) || ms > patientMs || count >= MOST
          : count > 2 && half <= NARROW && isSpent;
      const isOver = count >= 2 && (left() === 0 || ms > 2 * patientMs);
      if (isEnough || isOver) return found;
      const aheadMs = Math.min(Math.max((ENOUGH - count) * pairMs, options.budgetMs - ms, pairMs), 2 * patientMs - ms);
      options.onProgress?.(Math.min(left(), aheadMs));
      await run(Math.max(1, ENOUGH - count));
    }
  };
  const first = await stage(0);
  // The second stage alone counts: the first was chosen by its result.
  const isRepeated = pairs.length >= ENOUGH && isByAHair(first) && left() > pairs.length * pairMs;
  const second = isRepeated ? await stage(pairs.length) : undefined;
  const counted = second ?? first;
  const all = (pick: (one: Heat) => BothSides<number>): BothSides<number> => ({
    original: median(heats.map((one) => pick(one).original)),
    result: median(heats.map((one) => pick(one).result)),
  });
  const every = heats.flatMap((one) => one.rounds);
  const isAgreed = first.significant && counted.ratio > 1 === first.ratio > 1;
  return {
    decided: measured(pairs, { ...counted, significant: counted.significant && isAgreed }),
    samples: { original: pairs.map(([a]) => a), result: pairs.map(([, b]) => b) },
    ratios: pairs.map(([a, b]) => a / b),
    wall: measured(wall, estimateOf(wall)),
    ms: {
      original: every.flatMap(({ ms }) => ms.original),
      result: every.flatMap(({ ms }) => ms.result),
    },
    create: all(({ create }) => create),
    first: all(({ first: ran }) => ran),
  };
}

const pairOf = ({ original, result }: BothSides<readonly number[]>): TimePair => [fastest(original), fastest(result)];

/** Times of both sides around the median of all pairs, as far apart as the ratio. */
function measured(pairs: readonly TimePair[], estimate: Estimate): ClockStatistics {
  const middle = Math.sqrt(median(pairs.map(([a]) => a)) * median(pairs.map(([, b]) => b)));
  const apart = Math.sqrt(estimate.ratio);
  return { ...estimate, pairs: pairs.length, times: { original: middle * apart, result: middle / apart } };
}

/** True for a significant ratio that is close to 1. */
const isByAHair = ({ significant, interval }: Estimate): boolean =>
  significant && interval.low < HAIR && interval.high > 1 / HAIR;

/** A turn lasts at least about this long: a shorter one measures how a process wakes up. */
const TURN_MS = 20;
const MOST_RUNS = 100;

/**
 * Runs of this length take turns one by one, original and result: each outlasts the other process's spinning threads.
 */
const LONG_MS = 250;

/** Milliseconds of uncounted runs on a GPU, as it compiles shaders and raises its clock. */
const WARM_MS = 500;

/**
 * Runs rounds on two sessions that it loads and releases. `number`, the heat's number, decides which process runs which
 * model and which goes first.
 */
async function heat(
  { original, result }: BothSides<RacedModel>,
  feeds: Tensors,
  { load, by }: RaceOptions,
  number: number,
  most: number,
): Promise<Heat> {
  const began = performance.now();
  const [a, b] = number % 2 === 0 ? [original, result] : [result, original];
  const lanes = {
    original: { ...original, runtime: a.runtime },
    result: { ...result, runtime: b.runtime },
  };
  const order = number % 4 < 2 ? sides : sides.toReversed();
  const sessions: Partial<Record<RaceSide, Session>> = {};
  const create = { original: 0, result: 0 };
  const first = { original: 0, result: 0 };
  const time = (side: RaceSide, count: number): Promise<RunTimes> => (sessions[side] as Session).time(feeds, count);
  try {
    let runMs = 0;
    for (const side of order) {
      const session = await lanes[side].runtime.load(lanes[side].model, {
        ...{ ...load, optimize: true },
        ...lanes[side].load,
      });
      sessions[side] = session;
      create[side] = session.createMs;
      const times = await time(side, 1);
      first[side] = times.ms[0] as number;
      runMs += (times[by][0] as number) / 2;
    }
    const isGpu = !isHost(load.provider);
    if (runMs < LONG_MS || isGpu) {
      const count = isGpu ? Math.min(MOST_RUNS, Math.max(3, Math.ceil(WARM_MS / runMs))) : 1;
      const warm: number[] = [];
      for (const side of order) append(warm, (await time(side, count))[by]);
      runMs = median(warm);
    }
    const runs = Math.max(1, Math.min(MOST_RUNS, Math.ceil(TURN_MS / runMs)));
    // Threads spin for a while after their turn.
    const uncounted = load.threads === 1 || !load.spins || runMs > LONG_MS ? 0 : 1;
    const loaded = performance.now();
    const rounds: Round[] = [];
    // Where loading takes long, the heat runs at least as long as the load took.
    for (let i = 0; i === 0 || (i < most && performance.now() - loaded < loaded - began); i++) {
      const [one, other] = (i % 2 === 0 ? order : order.toReversed()) as [RaceSide, RaceSide];
      const round: Round = { ms: { original: [], result: [] }, cpuMs: { original: [], result: [] } };
      for (const side of runMs > LONG_MS ? [one, other] : [one, other, other, one]) {
        const times = await time(side, runs + uncounted);
        append(round.ms[side], times.ms.slice(uncounted));
        append(round.cpuMs[side], times.cpuMs.slice(uncounted));
      }
      rounds.push(round);
    }
    return { create, first, rounds };
  } finally {
    for (const side of sides) await sessions[side]?.release();
  }
}
