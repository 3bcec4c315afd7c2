/** What the pipeline asks of whoever can run a model. It is handed in, so that the core runs where no runtime is. */
import { maxOf } from '../../ir/collections/lists.js';
import type { Model } from '../../ir/model.js';
import type { Fidelity } from '../pass.js';
import type { OutputError, Trials } from '../trials.js';
import type { CutOut } from './cut-out.js';

/**
 * What is run to prove a result, each level all that is before it and more. none: nothing; rewrite: every distinct rewrite,
 * cut out of the model with its operands; end: the result against the original; pass: the model after each pass that changed
 * it against the model before. What is refuted is taken back.
 */
export const verifyLevels = ['none', 'rewrite', 'end', 'pass'] as const;
/** How much is run to verify a result. */
export type VerifyLevel = (typeof verifyLevels)[number];

/** What a comparison says. A runtime that refuses the model or crashes is a verdict as well. */
export interface Verdict {
  /** accepted; rejected; unknown where the model that it is compared with does not run either. */
  readonly outcome: 'accepted' | 'rejected' | 'unknown';
  /** One line: what was measured against which limit, or what the runtime said. */
  readonly detail: string;
  /** Relative L2 of the output that is furthest off, of those that count; infinite where one is NaN alone or does not come; absent where nothing was compared. */
  readonly error?: number;
  /** For which inputs it does not hold, and what inputs say that do not count. */
  readonly warnings?: readonly string[];
  /** What kept it from being compared: the process that runs models was killed twice or the rows of a batch cannot be told apart; or the model before does not run. */
  readonly failed?: Failed;
}

export type Failed = 'checker' | 'original';

/** Compares models by running them. One verifier serves one pipeline. */
export interface Verifier {
  /** Whether `after` gives what `before` gives within the gate of a fidelity; both stay as they are. */
  compare(before: Model, after: Model, fidelity: Fidelity): Promise<Verdict>;
  /** Whether both sides of a rewrite give the same, at two sizes of every dim, masks with holes and whole rows among the inputs. */
  rewrite(cut: CutOut, fidelity: Fidelity): Promise<Verdict>;
  /** Relative L2 of the output of `after` that is furthest off, on one set of inputs; undefined where that cannot be run. */
  cost?(before: Model, after: Model): Promise<number | undefined>;
  /** For what a pass decides by runs of its own. */
  readonly steady?: SteadyVerifier;
}

/** Runs on sets of inputs that do not depend on time: what is decided by them is decided alike each time. */
export interface SteadyVerifier {
  compare(before: Model, after: Model): Promise<Verdict>;
  /**
   * Each output on each set of inputs, in the same order for all models; undefined in it where an output is not compared by its distance, and as a
   * whole where one of the two does not run.
   */
  errors(before: Model, after: Model): Promise<readonly (OutputError | undefined)[] | undefined>;
  /** One session in which constants can be others: see `Trials`. */
  readonly switched: Trials['switched'];
  /** Milliseconds that `errors` is expected to take, by arithmetic and bytes alone; undefined where the model does not run. */
  outlay(model: Model): Promise<number | undefined>;
}

/** Initializers up to this many bytes make a model small: it is verified after every pass, a larger one at the end. */
const SMALL_MODEL = 64 * 2 ** 20;

/** The level that is meant by what was asked for, on a model of that many bytes. */
export function levelFor(asked: VerifyLevel | undefined, bytes: number): VerifyLevel {
  return asked ?? (bytes <= SMALL_MODEL ? 'pass' : 'end');
}

const order: readonly Fidelity[] = ['exact', 'rounding', 'lossy'];

/** The widest gate that any of the passes asks for; exact for none. */
export const loosest = (fidelities: readonly Fidelity[]): Fidelity =>
  order[
    maxOf(
      fidelities.map((one) => order.indexOf(one)),
      0,
    )
  ] as Fidelity;

interface ProofGate {
  readonly name: 'proof';
  readonly passed: boolean;
  readonly detail: string;
}

/** The gate that fails where nothing could be compared; none where there was a comparison. */
export function proofGate({ failed, detail }: Verdict): readonly ProofGate[] {
  return failed ? [{ name: 'proof', passed: false, detail }] : [];
}
