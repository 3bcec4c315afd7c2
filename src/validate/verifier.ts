/** The comparison that the pipeline makes after passes: the models run, and the gate of the passes' fidelity decides. */
import type { Model } from '../ir/model.js';
import { deadlineOf, type TimeOptions } from '../run/deadline.js';
import type { Verdict, Verifier } from '../run/verify.js';
import { sharedRuntime, startSharedRuntime } from '../runtime/evaluate.js';
import { type Provider, RuntimeError } from '../runtime/isolate.js';
import { workingProvider } from '../runtime/providers.js';
import { compareWith } from './compare.js';
import type { FeedOptions } from './feeds.js';
import { attainable, gateOf } from './gates.js';
import { judge, lacksKernel, provable } from './judge.js';
import { type Reference, referenceOf } from './reference.js';
import { compareRewrite } from './rewrites.js';
import { subjectOf } from './subject.js';
import { twinOf } from './twin.js';

export interface VerifierOptions extends FeedOptions, TimeOptions {
  /** Where the result is meant to run; default cpu. Models run there if it works here, else on the CPU. */
  readonly target?: Provider;
}

/** A verifier over the shared child process, which starts now; what a model gives is kept while the model is as it was. */
export function createVerifier(options: VerifierOptions = {}): Verifier {
  const references = new WeakMap<Model, { revision: number; reference: Reference | string }>();
  const target = options.target ?? 'cpu';
  const deadline = deadlineOf(options);
  // Loading the runtime takes as long as the first passes do: both at once.
  startSharedRuntime();

  const referenceFor = async (model: Model, where: Provider): Promise<Reference | string> => {
    const known = references.get(model);
    if (known?.revision === model.revision) return known.reference;
    const subject = await subjectOf(model);
    let reference: Reference | string;
    try {
      reference = await referenceOf(await sharedRuntime(), model, subject.source, { ...options, provider: where });
    } catch (error) {
      // Inputs that cannot be made up leave nothing to compare, as an original that does not run does.
      if (!(error instanceof RuntimeError || error instanceof RangeError)) throw error;
      reference = error.message;
    } finally {
      subject.close();
    }
    references.set(model, { revision: model.revision, reference });
    return reference;
  };

  const verifier: Verifier = {
    async rewrite(cut, fidelity): Promise<Verdict> {
      const where = await workingProvider(target);
      const gate = gateOf(attainable(fidelity, cut.before), where);
      const verdict = await compareRewrite(cut, await sharedRuntime(), where, gate, options.seed ?? 0);
      if (verdict.outcome !== 'rejected' || where === target || !lacksKernel.test(verdict.detail)) return verdict;
      return { outcome: 'unknown', detail: `${target} does not work here, and on the CPU: ${verdict.detail}` };
    },
    async compare(before, after, fidelity): Promise<Verdict> {
      const where = await workingProvider(target);
      const reference = await referenceFor(twinOf(before, after)?.model ?? before, where);
      if (typeof reference === 'string')
        return { outcome: 'unknown', detail: `the model before does not run: ${reference}` };
      const gate = gateOf(attainable(fidelity, before), where);
      const subject = await subjectOf(after);
      try {
        const found = await compareWith(reference, await sharedRuntime(), subject.source, where, false);
        const comparison = { ...found, notCompared: [...reference.notCompared, ...found.notCompared] };
        return judge(provable(comparison, gate), gate, where === target ? undefined : target);
      } finally {
        subject.close();
      }
    },
  };
  return {
    rewrite: (cut, fidelity) => deadline.spend(() => verifier.rewrite(cut, fidelity)),
    compare: (before, after, fidelity) => deadline.spend(() => verifier.compare(before, after, fidelity)),
  };
}
