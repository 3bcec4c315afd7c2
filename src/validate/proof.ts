/** All that is known of a result beside its original: every form of arithmetic on every set of inputs, and what the original does by itself. */
import type { Provider, RuntimeProcess } from '../runtime/isolate.js';
import type { OutputAccuracy } from './accuracy.js';
import { type Comparison, compareWith, type Evidence, joined, nothingCompared, worstByOutput } from './compare.js';
import type { Form } from './forms.js';
import { type Gate, violations } from './gates.js';
import type { Reference } from './reference.js';
import type { Subject } from './subject.js';

/** A model that takes part, written for the runtime when it is first run. */
export interface Contestant {
  readonly runtime: RuntimeProcess;
  subject(): Promise<Subject>;
}

export interface ProofOptions {
  readonly provider: Provider;
  readonly forms: readonly Form[];
  readonly gate: Gate;
  /** What the runtime's own optimizations do to the original is measured even where nothing asks for it. */
  readonly showsRuntime?: boolean;
}

export interface Proof extends Comparison {
  /** What the runtime's own optimizations do to the original's outputs; undefined where that was not measured. */
  readonly runtimeOwn: readonly OutputAccuracy[] | undefined;
  /** The forms in which something was compared. */
  readonly forms: readonly Form[];
}

/** Runs the result in each form and compares. What a form does to the original as well is no fault of the result. */
export async function prove(
  reference: Reference,
  original: Contestant,
  result: Contestant,
  { provider, forms, gate, showsRuntime = false }: ProofOptions,
): Promise<Proof> {
  let all = nothingCompared;
  let runtimeOwn: readonly OutputAccuracy[] | undefined;
  const seen: Form[] = [];
  const isBroken = ({ output }: Evidence): boolean => violations(output, gate).length > 0;
  for (const form of forms) {
    const found = await compareWith(reference, result.runtime, await result.subject(), provider, form);
    if (!found) continue;
    seen.push(form);
    const isOptimized = form === 'optimized';
    const isSuspect = form !== 'plain' && (found.failures.length > 0 || found.evidence.some(isBroken));
    const own =
      (isOptimized && showsRuntime) || isSuspect
        ? await compareWith(reference, original.runtime, await original.subject(), provider, form)
        : undefined;
    if (own && isOptimized) runtimeOwn = worstByOutput(own.evidence);
    all = joined(all, own && isSuspect ? withoutOwn(found, own, isBroken) : found);
  }
  return { ...withoutLack(all), runtimeOwn, forms: seen };
}

/** A comparison without what the form does to the original too: outputs that it breaks, runs that it cannot run. */
function withoutOwn(found: Comparison, own: Comparison, isBroken: (one: Evidence) => boolean): Comparison {
  const place = ({ run, output }: Evidence): string => `${run} ${output.name}`;
  const broken = new Set(own.evidence.filter(isBroken).map(place));
  const failed = new Set(own.failures.map(({ run }) => run));
  const [first] = found.evidence.filter((one) => isBroken(one) && broken.has(place(one)));
  const isOwn = failed.size > 0 || first !== undefined;
  const form = (found.evidence[0] ?? found.failures[0])?.form;
  const what =
    form === 'optimized'
      ? "the runtime's own optimizations change"
      : 'rounding to 16 bits, as the target does, changes';
  return {
    ...found,
    evidence: found.evidence.filter((one) => !(isBroken(one) && broken.has(place(one)))),
    failures: found.failures.filter(({ run }) => !failed.has(run) && !failed.has(undefined)),
    notes: isOwn ? [...found.notes, `${what} the original's outputs as well: they were left out`] : found.notes,
  };
}

/** A kernel that the CPU lacks: what a model that is for another provider fails for here, whatever its numbers are. */
export const lacksKernel =
  /could not find an implementation|not implemented|unsupported data type|cannot exchange tensors/i;

/** Where the emulated form gave numbers, a kernel that the CPU lacks keeps nothing from being known. */
function withoutLack(all: Comparison): Comparison {
  if (!all.evidence.some(({ form }) => form === 'emulated')) return all;
  return { ...all, failures: all.failures.filter(({ text }) => !lacksKernel.test(text)) };
}
