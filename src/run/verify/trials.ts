/** Trials of a pass by the verifier of the pipeline. */
import type { Deadline } from '../deadline.js';
import type { Trials } from '../trials.js';
import type { Verifier } from './verifier.js';

/** Milliseconds that the runs of a pass may take where the job has more time. */
const MOST_MS = 120_000;

/** The trials of one pass; undefined where nothing can be run. */
export function trialsBy(
  verifier: Verifier | undefined,
  deadline: Deadline | undefined,
  told: (done: number, of: number) => void,
  memory: Map<string, unknown>,
): Trials | undefined {
  const { steady } = verifier ?? {};
  if (!steady) return undefined;
  return {
    errorsOf: (before, after) => steady.errors(before, after),
    compare: (before, after) => steady.compare(before, after),
    async runsIn(model, share) {
      const each = await steady.outlay(model);
      return each === undefined ? 0 : Math.floor((share * Math.min(MOST_MS, deadline?.budgetMs ?? MOST_MS)) / each);
    },
    told,
    memory,
  };
}
