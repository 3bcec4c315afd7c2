/** The passes of a pipeline that were kept, each with the model before and after it: what lineage is read from. */
import { RecordedTrail } from '../../ir/trail.js';
import type { TracedPass, TracedRun } from './pipeline-result.js';
import type { PipelineState } from './pipeline-state.js';

/** Undefined where no details were asked for. Ends the recording. */
export function tracedRun(state: PipelineState, verdictOf: TracedRun['verdictOf']): TracedRun | undefined {
  // To ask for the start stamps out the repeats of a deep model.
  if (!state.model.trail) return undefined;
  const { start, steps, results, model } = state;
  const passes = results.flatMap((result, position): TracedPass[] => {
    const { whole, trail } = steps[position]?.kept ?? {};
    if (result.status !== 'applied' || !whole || !(trail instanceof RecordedTrail)) return [];
    const [before, after] = whole();
    return [{ result, before, after, trail }];
  });
  model.trail = undefined;
  return { start, passes, verdictOf };
}
