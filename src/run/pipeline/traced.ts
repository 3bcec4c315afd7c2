/** The passes of a pipeline that were kept, each with the model before and after it: what lineage is read from. */
import type { Model } from '../../ir/model.js';
import { Trail } from '../../ir/trail.js';
import type { Verdict } from '../verify/verifier.js';
import type { PassResult } from './pipeline-result.js';
import type { PipelineState } from './pipeline-state.js';

export interface TracedPass {
  readonly result: PassResult;
  /** Both with all repeats. */
  readonly before: Model;
  readonly after: Model;
  readonly trail: Trail;
}

export interface TracedRun {
  /** The input model, as the first pass was given it. */
  readonly start: Model;
  readonly passes: readonly TracedPass[];
  /** The verdict on equal rewrites, by what they have in common. */
  verdictOf(key: string): Verdict | undefined;
}

/** Undefined where no details were asked for. Ends the recording. */
export function tracedRun(
  { start, steps, results, model }: PipelineState,
  verdictOf: TracedRun['verdictOf'],
): TracedRun | undefined {
  if (!model.trail) return undefined;
  const passes = results.flatMap((result, position): TracedPass[] => {
    const { whole, trail } = steps[position]?.kept ?? {};
    if (result.status !== 'applied' || !whole || !(trail instanceof Trail)) return [];
    const [before, after] = whole();
    return [{ result, before, after, trail }];
  });
  model.trail = undefined;
  return { start, passes, verdictOf };
}
