/** The result of a pipeline as a whole: against the original, what each pass cost of it, and bringing it back. */

import { refill } from '../../ir/collections/lists.js';
import type { Verdict } from '../verify/verifier.js';
import type { PipelineOptions } from './pipeline-options.js';
import type { PassResult } from './pipeline-result.js';
import type { PipelineRun } from './pipeline-run.js';

/** Milliseconds for what each pass cost, where that is not known from a comparison. */
const COSTS_MS = 20_000;
/** A comparison of the ends takes about so many times what one of two models on one set of inputs does. */
const SHARE = 10;

/** Compares the result with the original. Steps that each stay within their gate may leave it together. */
export async function compareEnd(
  pipeline: PipelineRun,
  atEnd?: PipelineOptions['atEnd'],
): Promise<Verdict | undefined> {
  const { applied, fidelity, isCompared, level, model, options } = pipeline;
  const [first, ...others] = applied;
  if (!first) return undefined;
  if (atEnd) return atEnd(model, fidelity);
  if (!isCompared) return undefined;
  // What ran before the first pass is known.
  if (level === 'pass' && others.length === 0 && first.verdict) return first.verdict;
  return options.verifier?.compare(level === 'pass' ? pipeline.start : pipeline.original, model, fidelity);
}

/**
 * Measures what each pass cost, where that is not known from a comparison. Where the end alone is compared, as the model is large, and it holds, exact
 * passes are not run each: their rewrites were, and what they cost together is in the error of the end.
 */
export async function measureCosts(pipeline: PipelineRun, end?: Verdict, endMs = 0): Promise<void> {
  const { verifier, deadline } = pipeline.options;
  if (!verifier?.cost || !pipeline.isCompared) return;
  const until = performance.now() + Math.min(COSTS_MS, deadline?.share(0.2) ?? COSTS_MS);
  const isAlone = pipeline.applied.length === 1;
  const isShown = ({ fidelity }: PassResult): boolean =>
    pipeline.level === 'end' && end?.outcome === 'accepted' && fidelity === 'exact' && !isAlone;
  let last = endMs / SHARE;
  for (const [position, result] of pipeline.results.entries()) {
    const compared = pipeline.steps[position]?.compared;
    if (result.status !== 'applied' || result.error !== undefined || !compared || isShown(result)) continue;
    const began = performance.now();
    if (began + last > until && !isAlone) {
      deadline?.cut(`the error of ${result.name}`);
      continue;
    }
    const error = isAlone && end ? end.error : await verifier.cost(...compared());
    last = performance.now() - began;
    pipeline.results[position] = { ...result, error };
  }
}

/** Gives a function that brings back the result as it is now. */
export function saved(pipeline: PipelineRun): () => void {
  const { model, summary } = pipeline;
  const [results, steps] = [[...pipeline.results], [...pipeline.steps]];
  return () => {
    [pipeline.model, pipeline.summary] = [model, summary];
    refill(pipeline.results, results);
    refill(pipeline.steps, steps);
    pipeline.takenBack.clear();
  };
}
