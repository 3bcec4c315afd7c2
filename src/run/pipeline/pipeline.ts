/** The pipeline: runs passes one after another on a clone, measures what each changed, and takes back what broke. */

import type { Model } from '../../ir/model.js';
import { ModelError } from '../../ir/text/errors.js';
import { checkModel } from '../../ir/whole-model/check.js';
import { summarize } from '../../ir/whole-model/summary.js';
import type { Pass } from '../pass.js';
import { mendWhole } from '../take-back/whole.js';
import { levelFor } from '../verify/verifier.js';
import { compareEnd, measureCosts } from './end.js';
import type { PipelineOptions } from './pipeline-options.js';
import type { PipelineResult } from './pipeline-result.js';
import { PipelineRun } from './pipeline-run.js';
import { tracedRun } from './traced.js';

/**
 * Runs the passes on a clone; the model itself stays as it is, unless it may be edited.
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
  const pipeline = new PipelineRun(original, before, passes, level, options);
  await pipeline.run();
  const began = performance.now();
  let verdict = await compareEnd(pipeline, options.atEnd);
  await measureCosts(pipeline, verdict, performance.now() - began);
  if (verdict?.outcome === 'rejected') verdict = await mendWhole(pipeline, verdict);
  const { model, summary: after, results, warnings, repeats, fidelity } = pipeline;
  return {
    model,
    passes: results,
    before,
    after,
    fidelity,
    warnings,
    repeats,
    verification: { level, verdict },
    traced: tracedRun(pipeline, (key) => pipeline.verdictOf(key)),
  };
}
