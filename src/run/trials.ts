/** Runs of a pass's own: it makes copies of its model, has them run beside it, and chooses by what comes out. */
import type { Model } from '../ir/model.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import type { Value } from '../ir/value.js';

/** How far an output is off. */
export interface OutputError {
  /** Relative L2; infinite where it is NaN on one side alone. */
  readonly error: number;
  /** The difference over the norm of the original: a short vector in place of a long one, with about the same angles to others. */
  readonly direction: ArrayLike<number>;
}

/** What a comparison of two models says. */
export interface TrialVerdict {
  readonly outcome: 'accepted' | 'rejected' | 'unknown';
  readonly detail: string;
  /** Relative L2 of the output that is furthest off; absent where nothing was compared. */
  readonly error?: number;
}

/** A float constant, and what stands in its place while it is switched. */
export interface Alternative {
  readonly value: Value;
  /** The same shape, float32. */
  readonly tensor: Tensor;
  /** What changes together with it. */
  readonly also?: readonly Alternative[];
}

/** The errors of each output on each set of inputs, or on a share of the sets, while these alternatives, by their numbers, stand in place of their constants. */
export type ErrorsWith = (switched: readonly number[], share?: number) => Promise<readonly (OutputError | undefined)[]>;

/** On sets of inputs that do not depend on time, and as many runs: the same model gets the same answers each time. */
export interface Trials {
  /** Each output on each set of inputs; undefined in it where an output has no distance, and as a whole where a model does not run. */
  errorsOf(before: Model, after: Model): Promise<readonly (OutputError | undefined)[] | undefined>;
  /** One session in which any of these constants can be another: what `ask` finds out in it; undefined where the model does not run so. */
  switched<Found>(
    model: Model,
    alternatives: readonly Alternative[],
    ask: (errorsWith: ErrorsWith) => Promise<Found>,
  ): Promise<Found | undefined>;
  /** The comparison that decides about a lossy pass. */
  compare(before: Model, after: Model): Promise<TrialVerdict>;
  /**
   * The milliseconds of a run that the second of two parts of the model saves, at the sizes that people run the model at; 0 inside the noise. Undefined where
   * nothing was raced. Depends on the machine and on time, but for what an earlier race of the same sizes left.
   */
  race?(model: Model, without: Model, changed: Model): Promise<{ readonly savedMs: number } | undefined>;
  /** How many times `errorsOf` may be asked in a share of the time for verifying, by arithmetic and bytes and not by the clock; 0: it does not run. */
  runsIn(model: Model, share: number): Promise<number>;
  /** Says how far the runs are. */
  told(done: number, of: number): void;
  /** What a pass found out before, for when it runs again on the same model, kept from some places. */
  readonly memory: Map<string, unknown>;
}
