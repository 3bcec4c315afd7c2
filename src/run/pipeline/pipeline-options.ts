/** The options of the pipeline, and the progress that it reports. */

import type { Model } from '../../ir/model.js';
import type { ProgressEstimate } from '../../ir/text/progress.js';
import type { PassEnvironment } from '../context.js';
import type { Fidelity } from '../definition.js';
import type { Stopwatch } from '../tune/trial.js';
import type { Verdict, Verifier, VerifyLevel } from '../verify/verifier.js';
import type { Deadline } from './deadline.js';

export interface PipelineOptions extends PassEnvironment {
  /** Default: `pass` for a small model, `end` for a larger one; without a verifier always `none`. */
  readonly verify?: VerifyLevel;
  readonly verifier?: Verifier;
  /** Whether repeated blocks are compiled once. Default: where that leaves out two fifths of the nodes; true: wherever there are five repeats. */
  readonly regional?: boolean;
  /** Passes for speed are tuned by it. */
  readonly stopwatch?: Stopwatch;
  /** A pass that needs to know what a part of the model takes races it by this one. */
  readonly parts?: Stopwatch;
  /** The comparison at the end, instead of the verifier's: with the original, as it is reported. */
  readonly atEnd?: (model: Model, fidelity: Fidelity, isTrial?: boolean) => Promise<Verdict>;
  /** The time that verifying may take. */
  readonly deadline?: Deadline;
  /** Whether what becomes of each node is recorded. */
  readonly details?: boolean;
  /** Whether the model that is given may itself be edited: nobody reads it afterwards. */
  readonly mayEdit?: boolean;
  /** Called before each step. */
  readonly onProgress?: (progress: Progress) => void;
}

/** The current step of the pipeline. */
export interface Progress {
  readonly step: 'infer' | 'run' | 'tune' | 'verify' | 'narrow';
  readonly pass: string;
  /** 0-based place in the pipeline. */
  readonly position: number;
  readonly count: number;
  /** What is raced: a variant, and the block it is raced on. */
  readonly about?: string;
  /** How far the step is, where that is known. */
  readonly estimate?: ProgressEstimate;
}
