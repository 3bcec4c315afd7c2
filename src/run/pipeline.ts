/** The pipeline: runs passes one after another on a clone, measures what each changed, and takes back what broke. */

import { checkModel } from '../ir/check.js';
import { ModelError } from '../ir/errors.js';
import type { Model } from '../ir/model.js';
import type { Outlook } from '../ir/outlook.js';
import { summarize } from '../ir/summary.js';
import type { PassEnvironment } from './context.js';
import type { Deadline } from './deadline.js';
import type { Fidelity, Pass } from './pass.js';
import type { PipelineResult } from './pipeline-result.js';
import { PipelineRun } from './pipeline-run.js';
import { mendWhole } from './take-back/take-back.js';
import type { Stopwatch } from './tune/trial.js';
import { levelFor, type Verdict, type Verifier, type VerifyLevel } from './verify/verifier.js';

export interface PipelineOptions extends PassEnvironment {
  /** Default: `pass` for a small model, `end` for a larger one; without a verifier always `none`. */
  readonly verify?: VerifyLevel;
  readonly verifier?: Verifier;
  /** Passes for speed are tuned by it. */
  readonly stopwatch?: Stopwatch;
  /** The comparison at the end, instead of the verifier's: with the original, as it is reported. */
  readonly atEnd?: (model: Model, fidelity: Fidelity, isTrial?: boolean) => Promise<Verdict>;
  /** The time that verifying may take. */
  readonly deadline?: Deadline;
  /** Called before each step. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Where the pipeline stands. */
export interface Progress {
  readonly step: 'infer' | 'run' | 'tune' | 'verify' | 'narrow';
  readonly pass: string;
  /** 0-based place in the pipeline. */
  readonly position: number;
  readonly count: number;
  /** What is raced: a variant, and the block it is raced on. */
  readonly about?: string;
  /** How far the step is, where that is known. */
  readonly outlook?: Outlook;
}

/**
 * Runs the passes on a clone; the model itself stays as it is.
 * Throws ModelError where the model is at fault, PassError where a pass throws or leaves a model that does not check.
 */
export async function runPipeline(
  original: Model,
  passes: readonly Pass[],
  options: PipelineOptions,
): Promise<PipelineResult> {
  checkModel(original);
  // Passes keep what outputs need, so nothing of such a graph would be left.
  if (original.graph.outputPorts.length === 0)
    throw new ModelError(
      `graph "${original.graph.name}"`,
      'an output',
      'none',
      'Export the model again, with its outputs',
    );
  const before = summarize(original);
  const level = options.verifier ? levelFor(options.verify, before.bytes) : 'none';
  const line = new PipelineRun(original, before, passes, level, options);
  await line.run();
  const began = performance.now();
  let verdict = await line.whole(options.atEnd);
  await line.costs(verdict, performance.now() - began);
  if (verdict?.outcome === 'rejected') verdict = await mendWhole(line, verdict);
  const { model, summary: after, results, warnings, fidelity } = line;
  return {
    model,
    passes: results,
    before,
    after,
    fidelity,
    warnings,
    verification: { level, verdict },
  };
}
