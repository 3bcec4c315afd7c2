/** Makes the comparison after each pass: the models run, and the gate of the passes' fidelity decides. */

import { HOST } from '../ir/targets/targets.js';
import { deadlineOf } from '../run/pipeline/deadline.js';
import type { SteadyVerifier, Verdict, Verifier } from '../run/verify/verifier.js';
import { sharedRuntime, startSharedRuntime } from '../runtime/evaluate.js';
import { Costs } from './costs.js';
import { givenSets } from './inputs/files/given.js';
import { attainable, gateOf } from './judge/gates.js';
import { lacksKernel } from './proof.js';
import { compareRewrite } from './rewrites.js';
import { checked, comparerOn, HERE, type SetLimits, type VerifierOptions } from './whole.js';

/**
 * Milliseconds that a model may run on more sets of inputs than the minimum. The comparison at the end counts its own
 * time.
 */
const SETS_MS = 60;

/**
 * Creates a verifier over the shared child process, which starts now. A model's outputs are kept until the model
 * changes.
 */
export function createVerifier(options: VerifierOptions = {}): Verifier {
  const target = options.target ?? HOST;
  const deadline = deadlineOf(options);
  // Loading the runtime takes as long as the first passes do, so both go on at once.
  startSharedRuntime();

  const rewriting: Pick<Verifier, 'rewrite'> = {
    async rewrite(cut, fidelity): Promise<Verdict> {
      const gate = gateOf(attainable(fidelity, cut.before), HERE, options);
      const verdict = await compareRewrite(cut, await sharedRuntime(), HERE, gate, options.seed ?? 0);
      if (verdict.outcome !== 'rejected') return verdict;
      if (target !== HERE && lacksKernel.test(verdict.detail))
        return { outcome: 'unknown', detail: `on the CPU, where it is compared: ${verdict.detail}` };
      // Given inputs decide, and a cut-out cannot be fed with them.
      if (options.inputs !== undefined)
        return {
          outcome: 'unknown',
          detail: `on made-up inputs, which do not count beside the given ones: ${verdict.detail}`,
        };
      return verdict;
    },
  };
  const compare = comparerOn(options, () => ({ setsBudgetMs: Math.min(SETS_MS, deadline.share(0.1)) }), deadline);
  const costs = costsOn(options, () => ({ mostSets: 1 }));
  return {
    cost: (before, after) => deadline.spend(async () => (await costs()).between(before, after)),
    rewrite: (cut, fidelity) => deadline.spend(() => checked(() => rewriting.rewrite(cut, fidelity))),
    compare: (before, after, fidelity) => deadline.spend(() => compare(before, after, fidelity)),
    steady: steadyVerifier(options),
  };
}

/** Sets of inputs, given ones and made-up ones, of what does not depend on time. */
const FIXED_SETS = { given: 12, made: 4 };

/** None of its time counts: it would take that of the comparison at the end on one machine, and leave it on another. */
function steadyVerifier(options: VerifierOptions): SteadyVerifier {
  const sets = (): SetLimits => ({
    setsBudgetMs: Number.POSITIVE_INFINITY,
    mostSets:
      options.inputs === undefined ? FIXED_SETS.made : Math.min(FIXED_SETS.given, givenSets(options.inputs).length),
  });
  const compare = comparerOn(options, sets);
  const costs = costsOn(options, sets);
  return {
    compare: (before, after) => compare(before, after, 'lossy'),
    errors: async (before, after) => (await costs()).errors(before, after),
    switched: async (model, alternatives, ask) => (await costs()).switched(model, alternatives, ask),
    outlay: async (model) => (await costs()).outlay(model),
  };
}

/** Errors on some sets of inputs; started when they are asked for. */
function costsOn(options: VerifierOptions, sets: () => SetLimits): () => Promise<Costs> {
  let costs: Costs | undefined;
  return async () =>
    (costs ??= new Costs(await sharedRuntime(), { ...options, ...sets(), provider: HERE, isRounded: true }));
}
