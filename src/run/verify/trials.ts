/** Trials of a pass by the verifier of the pipeline. */
import type { Model } from '../../ir/model.js';
import type { Deadline } from '../pipeline/deadline.js';
import type { Trials } from '../trials.js';
import type { Verifier } from './verifier.js';

/** Milliseconds that the runs of a pass may take where the job has more time. */
const MOST_MS = 120_000;

/** The trials of one pass; undefined where nothing can be run. `whole` gives a model with all repeats. */
export function trialsBy(
  verifier: Verifier | undefined,
  deadline: Deadline | undefined,
  told: (done: number, of: number) => void,
  memory: Map<string, unknown>,
  whole: (model: Model) => Model,
): Trials | undefined {
  const { steady } = verifier ?? {};
  if (!steady) return undefined;
  return {
    errorsOf: (before, after) => steady.errors(whole(before), whole(after)),
    switched: (model, alternatives, ask) => steady.switched(model, alternatives, ask),
    compare: (before, after) => steady.compare(whole(before), whole(after)),
    async runsIn(model, share) {
      const each = await steady.outlay(whole(model));
      return each === undefined ? 0 : Math.floor((share * Math.min(MOST_MS, deadline?.budgetMs ?? MOST_MS)) / each);
    },
    told,
    memory,
  };
}
