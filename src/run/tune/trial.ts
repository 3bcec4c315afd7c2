/** Trials: forms of a pass raced against leaving it out, and which of them is kept. */

import type { Model } from '../../ir/model.js';
import { ratioRangeText, ratioText } from '../../ir/text/quantities.js';

/** How much faster or slower a model runs. */
export interface Speed {
  /** Time without over time with: above 1 is faster. */
  readonly ratio: number;
  /** Of the ratio, 99 % confidence. */
  readonly interval: { readonly low: number; readonly high: number };
  /** False: the difference is inside the noise. */
  readonly significant: boolean;
  /** Of each side. */
  readonly runs: number;
  /** The ratio of each pair of neighbours, in order. */
  readonly sample?: readonly number[];
  /** What was run, in words. */
  readonly inputs: string;
  /** When it was measured, of a race that a cache kept: ISO 8601. */
  readonly cached?: string;
}

/** The outcome of a race of two models. failed: the second does not run; unknown: the first does not either. */
export type RaceOutcome =
  | ({ readonly kind: 'timed' /** One run of the second. */; readonly ms?: number } & Speed)
  | { readonly kind: 'failed' | 'unknown'; readonly reason: string };

export type TimedOutcome = Extract<RaceOutcome, { readonly kind: 'timed' }>;

/** Slower beyond the noise. */
export const isSlower = ({ ratio, significant }: Pick<Speed, 'ratio' | 'significant'>): boolean =>
  significant && ratio < 1;

/** Options of onnxruntime's sessions, as its API names them. */
export type SessionChoice = Readonly<Record<string, string | number | boolean>>;

/** Races models. Handed in, so that the core runs where no runtime is. */
export interface Stopwatch {
  /**
   * Both take the same inputs; `whole` is the model that they are parts of: sizes are those that it is run at. With `session` the second runs in sessions
   * of these options, and time by the clock decides.
   */
  race(without: Model, changed: Model, whole: Model, session?: SessionChoice): Promise<RaceOutcome>;
}

/** One form of a pass on one instance of a block. */
export interface Trial {
  /** 0 is the form that was asked for. */
  readonly variant: number;
  readonly outcome: RaceOutcome;
}

/**
 * The variant that is kept; undefined where the pass is left out. What was asked for stays unless it is significantly slower, or, where it
 * `mustGain`, unless it is not significantly faster: numbers are not given away for nothing. Another variant takes its place only by
 * an interval that lies above. Without a trial of what was asked for, that does nothing here. A pass that `saves` bytes is never left out.
 */
export function keptOf(trials: readonly Trial[], mustGain: boolean, saves = false): number | undefined {
  const asked = trials.find(({ variant }) => variant === 0)?.outcome;
  const isKept =
    saves || asked === undefined || asked.kind === 'unknown' || (asked.kind === 'timed' && isWorth(asked, mustGain));
  let kept = isKept ? 0 : undefined;
  let bar = isKept && asked?.kind === 'timed' ? asked.interval.high : 1;
  for (const { variant, outcome } of trials)
    if (variant > 0 && outcome.kind === 'timed' && outcome.significant && outcome.interval.low > bar) {
      kept = variant;
      bar = outcome.interval.high;
    }
  return kept;
}

const isWorth = ({ ratio, significant }: Speed, mustGain: boolean): boolean => (significant ? ratio > 1 : !mustGain);

/** Why a variant of this outcome is left out of a block, as the end of a sentence about it. */
export function whyLeftOut(outcome: RaceOutcome, instances: number): string {
  const where = instances === 1 ? 'on the whole model' : `on one of ${instances} instances`;
  if (outcome.kind !== 'timed') return `does not run ${where}: ${outcome.reason}`;
  const { ratio, interval } = outcome;
  if (isSlower(outcome))
    return `takes ${ratioText(1 / ratio)} the time ${where} ${ratioRangeText({ low: 1 / interval.high, high: 1 / interval.low })}`;
  return `is not significantly faster ${where}: ${ratioText(ratio)} ${ratioRangeText(interval)}`;
}
