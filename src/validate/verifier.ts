/** The comparison that the pipeline makes after passes: the models run, and the gate of the passes' fidelity decides. */
import type { Model } from '../ir/model.js';
import type { Verdict, Verifier } from '../run/verify.js';
import { sharedRuntime } from '../runtime/evaluate.js';
import { type Provider, RuntimeError } from '../runtime/isolate.js';
import { probeProvider } from '../runtime/providers.js';
import { compareWith } from './compare.js';
import type { FeedOptions } from './feeds.js';
import { attainable, gateOf, summaryOf, violations } from './gates.js';
import { type Reference, referenceOf } from './reference.js';
import { subjectOf } from './subject.js';

export interface VerifierOptions extends FeedOptions {
  /** Where the result is meant to run; default cpu. Models run there if it works here, else on the CPU. */
  readonly target?: Provider;
}

/** Models that are for a provider that is not here fail on the CPU for what it has no kernel for. */
const lacksKernel = /could not find an implementation|not implemented|unsupported data type|cannot exchange tensors/i;

/** A verifier over the shared child process; what a model gives is kept while the model is as it was. */
export function createVerifier(options: VerifierOptions = {}): Verifier {
  const references = new WeakMap<Model, { revision: number; reference: Reference | string }>();
  let provider: Promise<Provider> | undefined;

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

  return {
    async compare(before, after, fidelity): Promise<Verdict> {
      provider ??= workingProvider(options.target ?? 'cpu');
      const where = await provider;
      const reference = await referenceFor(before, where);
      if (typeof reference === 'string')
        return { outcome: 'unknown', detail: `the model before does not run: ${reference}` };
      const gate = gateOf(attainable(fidelity, before), where);
      const subject = await subjectOf(after);
      try {
        const { outputs, failures } = await compareWith(reference, await sharedRuntime(), subject.source, where, false);
        if (failures.length) {
          const isElsewhere = where !== (options.target ?? 'cpu') && failures.every((text) => lacksKernel.test(text));
          const detail = isElsewhere ? `${options.target} does not work here: ${failures[0]}` : failures.join('; ');
          return { outcome: isElsewhere ? 'unknown' : 'rejected', detail };
        }
        const broken = outputs.flatMap((output) => violations(output, gate).map((text) => `"${output.name}": ${text}`));
        if (broken.length) return { outcome: 'rejected', detail: broken.slice(0, 3).join('; ') };
        if (!outputs.length && reference.notCompared.length)
          return { outcome: 'unknown', detail: reference.notCompared[0]!.reason };
        return { outcome: 'accepted', detail: summaryOf(outputs, gate) };
      } finally {
        subject.close();
      }
    },
  };
}

async function workingProvider(target: Provider): Promise<Provider> {
  return target === 'cpu' || (await probeProvider(target)).works ? target : 'cpu';
}
