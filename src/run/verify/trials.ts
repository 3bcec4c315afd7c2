/** Trials of a pass by the verifier of the pipeline. */
import type { Model } from '../../ir/model.js';
import type { Deadline } from '../pipeline/deadline.js';
import type { Trials } from '../trials.js';
import type { Stopwatch } from '../tune/trial.js';
import type { Verifier } from './verifier.js';

/** Milliseconds that the runs of a pass may take where the job has more time. */
const MOST_MS = 120_000;

export interface TrialOptions {
  readonly deadline: Deadline | undefined;
  told(done: number, of: number): void;
  readonly memory: Map<string, unknown>;
  /** Gives a model with all repeats. */
  whole(model: Model): Model;
  /** Races parts of models; undefined where none are raced. */
  readonly parts: Stopwatch | undefined;
}

/** The trials of one pass; undefined where nothing can be run. */
export function trialsBy(
  verifier: Verifier | undefined,
  { deadline, told, memory, whole, parts }: TrialOptions,
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
    ...(parts && {
      async race(model: Model, without: Model, changed: Model) {
        const outcome = await parts.race(without, changed, model);
        if (outcome.kind !== 'timed' || outcome.ms === undefined) return undefined;
        return { savedMs: outcome.significant ? outcome.ms * (outcome.ratio - 1) : 0 };
      },
    }),
    told,
    memory,
  };
}
