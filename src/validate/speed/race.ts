/**
 * Races two models: takes pairs of times that differ by the models alone. Each heat loads both anew, in processes that
 * change places from heat to heat. A slow process, place in memory or half second then slows both models alike.
 */

import type { Deadline } from '../../run/pipeline/deadline.js';
import type { LoadOptions, Tensors } from '../../runtime/isolate.js';
import { type BothSides, type Clock, type Heat, heat, pairOf, type RacedModel } from './heat.js';
import { ENOUGH, type Estimate, estimateOf, HAIR, median, type TimePair } from './statistics.js';

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
  readonly by: Clock;
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

/** Races until enough is known or the time is over. Undefined where the deadline leaves no time for two pairs. */
export async function race(
  raced: BothSides<RacedModel>,
  feeds: Tensors,
  options: RaceOptions,
): Promise<Race | undefined> {
  const heats: Heat[] = [];
  const pairs: TimePair[] = [];
  const run = async (most: number): Promise<void> => {
    const { load, by } = options;
    const number = heats.length;
    // Where loading takes long, the heat runs at least as long as the load took.
    const found = await heat(raced, feeds, {
      ...{ load, by, number },
      isOver: (rounds, loadMs, ranMs) => rounds.length >= most || ranMs >= loadMs,
    });
    heats.push(found);
    for (const round of found.rounds) pairs.push(pairOf(round, by));
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
  const isAgreed = first.significant && counted.ratio > 1 === first.ratio > 1;
  return raceOf(heats, { ...counted, significant: counted.significant && isAgreed }, options.by);
}

/** The outcome of heats, of which the clock that decides gave this estimate. */
export function raceOf(heats: readonly Heat[], estimate: Estimate, by: Clock): Race {
  const rounds = heats.flatMap((one) => one.rounds);
  const pairs = rounds.map((round) => pairOf(round, by));
  const wall = rounds.map((round) => pairOf(round, 'ms'));
  const all = (pick: (one: Heat) => BothSides<number>): BothSides<number> => ({
    original: median(heats.map((one) => pick(one).original)),
    result: median(heats.map((one) => pick(one).result)),
  });
  return {
    decided: measured(pairs, estimate),
    samples: { original: pairs.map(([a]) => a), result: pairs.map(([, b]) => b) },
    ratios: pairs.map(([a, b]) => a / b),
    wall: measured(wall, estimateOf(wall)),
    ms: {
      original: rounds.flatMap(({ ms }) => ms.original),
      result: rounds.flatMap(({ ms }) => ms.result),
    },
    create: all(({ create }) => create),
    first: all(({ first }) => first),
  };
}

/** Times of both sides around the median of all pairs, as far apart as the ratio. */
function measured(pairs: readonly TimePair[], estimate: Estimate): ClockStatistics {
  const middle = Math.sqrt(median(pairs.map(([a]) => a)) * median(pairs.map(([, b]) => b)));
  const apart = Math.sqrt(estimate.ratio);
  return { ...estimate, pairs: pairs.length, times: { original: middle * apart, result: middle / apart } };
}

/** True for a significant ratio that is close to 1. */
const isByAHair = ({ significant, interval }: Estimate): boolean =>
  significant && interval.low < HAIR && interval.high > 1 / HAIR;
