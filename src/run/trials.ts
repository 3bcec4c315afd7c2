/** Runs of a pass's own: it makes copies of its model, has them run beside it, and chooses by what comes out. */
import type { Model } from '../ir/model.js';

/** What a comparison of two models says. */
export interface TrialVerdict {
  readonly outcome: 'accepted' | 'rejected' | 'unknown';
  readonly detail: string;
  /** Relative L2 of the output that is furthest off; absent where nothing was compared. */
  readonly error?: number;
}

export interface Trials {
  /** Relative L2 of the output that is furthest off, on one set of inputs; undefined where that cannot be run. */
  errorOf(before: Model, after: Model): Promise<number | undefined>;
  /** The comparison that decides about the pass, with every set of inputs. */
  compare(before: Model, after: Model): Promise<TrialVerdict>;
  /** Whether another run may begin; where it may not, what is left out is noted in the report. */
  isTime(what: string): boolean;
  /** Says how far the runs are. */
  told(done: number, of: number): void;
  /** What a pass found out before, for when it runs again on the same model, kept from some places. */
  readonly memory: Map<string, unknown>;
}
