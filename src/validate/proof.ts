/**
 * Collects the evidence for a result: every form of arithmetic on every set of inputs, and how far the original moves
 * by itself.
 */

import type { Model } from '../ir/model.js';
import { HOST, referenceProvider } from '../ir/targets/targets.js';
import { numberText } from '../ir/text/quantities.js';
import type { Fidelity } from '../run/pass.js';
import type { Deadline } from '../run/pipeline/deadline.js';
import type { Provider } from '../runtime/isolate.js';
import {
  type ComparedOutput,
  type Comparison,
  compareWith,
  joined,
  nothingCompared,
  worstByOutput,
} from './compare.js';
import type { OutputAccuracy } from './judge/accuracy.js';
import { FLOOR, type Gate, gateOf, meaningViolation, violations } from './judge/gates.js';
import { MovedOriginal, type OutputErrors } from './judge/sensitivity.js';
import { signalsOf } from './judge/signal.js';
import { isLikeNoise, type Weighed, weigh } from './judge/weigh.js';
import { type MeaningMeasure, pooledOf } from './meaning/measures.js';
import type { Reference } from './reference.js';
import type { ComparedModel } from './sides/compared-model.js';
import { type Form, formText } from './sides/forms.js';

export interface ProofOptions {
  readonly provider: Provider;
  readonly forms: readonly Form[];
  readonly gate: Gate;
  readonly fidelity: Fidelity;
  readonly seed: number;
  /**
   * True where no pass was to change numbers but the original itself rounds to 16 bits: its own rounding is then the
   * yardstick.
   */
  readonly isCoarse?: boolean;
  readonly deadline?: Deadline;
  /** The reason that this CPU's own arithmetic does not count beside the emulated one; undefined where it counts. */
  readonly foreign?: string;
  /**
   * True to measure how far the original moves by itself, and by the runtime's own optimizations, even where no output
   * is in doubt.
   */
  readonly isWhole?: boolean;
  /** Called before each form. */
  readonly onForm?: (form: Form) => void;
}

/**
 * Evidence and its weight. Where an output's meaning is not kept, with the effect of the original's own noise on that
 * meaning.
 */
export interface WeighedEvidence extends ComparedOutput, Weighed {
  readonly noise?: MeaningMeasure;
  readonly yardstick?: MeaningMeasure;
}

export interface Proof extends Omit<Comparison, 'evidence'> {
  readonly evidence: readonly WeighedEvidence[];
  /** The effect of the runtime's own optimizations on the original's outputs; undefined where that was not measured. */
  readonly runtimeOwn: readonly OutputAccuracy[] | undefined;
  /** The forms in which something was compared. */
  readonly forms: readonly Form[];
}

/**
 * Runs the result in each form and compares. An effect that a form has on the original as well is no fault of the
 * result.
 */
export async function prove(
  reference: Reference,
  original: ComparedModel,
  result: ComparedModel,
  options: ProofOptions,
): Promise<Proof> {
  const { provider, forms, gate, isWhole = false, onForm, deadline } = options;
  let all = nothingCompared;
  let runtimeOwn: readonly OutputAccuracy[] | undefined;
  const seen: Form[] = [];
  const yardstickProvider = referenceProvider(provider);
  const sensitivity = new MovedOriginal(reference, original, yardstickProvider, options.seed);
  const setsMs = msOf(reference);
  const [first] = reference.runs;
  let noise: OutputErrors | undefined;
  try {
    for (const form of forms) {
      // The original is loaded as it ran: how far it moves by itself is measured now, where that leaves time for this form.
      if (form === 'optimized' && isWhole && first && (deadline?.left() ?? Infinity) > first.ms + RUNS[form] * setsMs) {
        noise = await sensitivity.noise(0);
        await sensitivity.release();
      }
      if (form !== 'plain' && deadline?.allows(RUNS[form] * setsMs, `the comparison ${formText[form]}`) === false)
        continue;
      onForm?.(form);
      // The runtime's optimizations are tried on the minimum of sets only: the other sets are there to test passes.
      const sets = form === 'optimized' ? { ...reference, runs: reference.runs.slice(0, reference.base) } : reference;
      const found = await compareWith(sets, result.runtime, await result.prepared(), provider, form);
      if (!found) continue;
      seen.push(form);
      // A result that hangs or does not load does so in every form. Only a kernel that the CPU lacks may be emulated.
      if (
        !found.evidence.length &&
        found.failures.length &&
        !found.failures.every(({ text }) => lacksKernel.test(text))
      ) {
        all = joined(all, found);
        break;
      }
      const isOptimized = form === 'optimized';
      const isSuspect =
        (form !== 'plain' || yardstickProvider !== provider) &&
        (found.failures.length > 0 || found.evidence.some((one) => isBroken(one, gate)));
      const own =
        (isOptimized && isWhole) || isSuspect
          ? await compareWith(sets, original.runtime, await original.prepared(), provider, form)
          : undefined;
      if (own && isOptimized) runtimeOwn = worstByOutput(own.evidence);
      all = joined(all, own && isSuspect ? withoutOwn(found, own, gate) : found);
    }
    const hasTime = first && deadline?.allows(first.ms, 'what the least change of the inputs does') !== false;
    if (isWhole && hasTime) noise ??= await sensitivity.noise(0);
    const known = options.foreign ? emulatedAlone(all, options.foreign) : withoutLack(all);
    return {
      ...known,
      evidence: coarselyWeighed(
        await weighed(known.evidence, sensitivity, result.model, noise, options),
        options.isCoarse ? await ownRounding(reference, original, provider) : undefined,
      ),
      runtimeOwn,
      forms: seen,
    };
  } finally {
    await sensitivity.release();
  }
}

/** Runs of all sets in each form, about: original and result, and in smaller pieces where rounding is emulated. */
export const RUNS: Readonly<Record<Form, number>> = { plain: 1, optimized: 2, emulated: 3 };

/** Milliseconds of one run of all sets. */
export const msOf = ({ runs }: Reference): number => runs.reduce((sum, { ms }) => sum + ms, 0);

/**
 * The relative L2 error of the original's own rounding to 16 bits, by run and output; undefined where it rounds
 * nothing.
 */
async function ownRounding(
  reference: Reference,
  original: ComparedModel,
  provider: Provider,
): Promise<ReadonlyMap<string, number> | undefined> {
  const own = await compareWith(reference, original.runtime, await original.prepared(), provider, 'emulated');
  return own && new Map(own.evidence.map((one) => [placeOf(one), one.output.relativeL2]));
}

/**
 * An error of more than this many times the original's own rounding is no rounding: passes that only reorder stay
 * within one to two.
 */
const ROUNDINGS = 4;

/**
 * Weighs evidence where the original itself rounds. The limit for rounding passes is then too wide to show a fault, so
 * the original's own rounding is the yardstick.
 */
function coarselyWeighed(
  evidence: readonly WeighedEvidence[],
  own: ReadonlyMap<string, number> | undefined,
): readonly WeighedEvidence[] {
  if (!own) return evidence;
  return evidence.map((one): WeighedEvidence => {
    const { relativeL2, equal, maxAbs } = one.output;
    const limit = Math.max(gateOf('exact', HOST).maxError, ROUNDINGS * (own.get(placeOf(one)) ?? 0));
    if (one.outcome !== 'within' || equal !== undefined || maxAbs <= FLOOR || relativeL2 <= limit) return one;
    const text = `relative L2 ${numberText(relativeL2)} > ${numberText(limit)}, which is ${ROUNDINGS} times the original's own rounding`;
    return { ...one, outcome: 'beyond', words: [text] };
  });
}

const placeOf = ({ run, output }: ComparedOutput): string => `${run} ${output.name}`;

/**
 * Holds each piece of evidence against the gate and, where it breaks the gate, against how far the original moves by
 * itself.
 */
async function weighed(
  evidence: readonly ComparedOutput[],
  sensitivity: MovedOriginal,
  result: Model,
  noise: OutputErrors | undefined,
  { gate, fidelity }: ProofOptions,
): Promise<WeighedEvidence[]> {
  const { reference, original } = sensitivity;
  const signals = signalsOf(
    original.model,
    reference.runs.map(({ outputs }) => outputs),
    noise,
    gate,
  );
  const type = fidelity === 'rounding' ? narrowTypeOf(result) : undefined;
  const astray = strayNames(evidence, gate);
  const isOpen = (one: ComparedOutput): boolean => isBroken(one, gate) || astray.has(one.output.name);
  // Runs are sorted by kind: each kind is a model of its own, and one is loaded at a time.
  for (const { run } of evidence.filter(isOpen)) await sensitivity.noise(run);
  const list: WeighedEvidence[] = [];
  for (const one of evidence) {
    const { run, output } = one;
    const noise = isOpen(one) ? (await sensitivity.noise(run)).get(output.name) : undefined;
    const yardstick = isOpen(one) && type ? (await sensitivity.yardstick(run, type)).get(output.name) : undefined;
    const found = weigh(output, gate, fidelity, { signal: signals.get(output.name), noise, yardstick });
    list.push({ ...one, ...found, noise: noise?.meaning, yardstick: yardstick?.meaning });
  }
  return list;
}

/** The outputs whose meaning is not kept over all runs. */
function strayNames(evidence: readonly ComparedOutput[], gate: Gate): ReadonlySet<string> {
  const names = new Set(evidence.map(({ output }) => output.name));
  for (const name of names) {
    const measure = pooledOf(evidence.flatMap(({ output }) => (output.name === name ? [output.meaning] : [])));
    if (!measure || meaningViolation(measure, gate) === undefined) names.delete(name);
  }
  return names;
}

/** The 16-bit type that a model stores or computes in. */
function narrowTypeOf(model: Model): 'bfloat16' | 'float16' | undefined {
  const types = new Set<string | undefined>();
  for (const graph of model.graphs()) {
    for (const { tensor } of graph.constants) types.add(tensor?.type);
    for (const node of graph.nodeSet) for (const value of node.outputs) types.add(value?.elem);
  }
  return (['bfloat16', 'float16'] as const).find((type) => types.has(type));
}

const isBroken = ({ output }: ComparedOutput, gate: Gate): boolean => violations(output, gate).length > 0;

/**
 * A comparison without the form's own effects: outputs that it moves about as far in the original, and runs that the
 * original cannot do in it.
 */
function withoutOwn(found: Comparison, own: Comparison, gate: Gate): Comparison {
  const moved = new Map(own.evidence.filter((one) => isBroken(one, gate)).map((one) => [placeOf(one), one.output]));
  const failed = new Set(own.failures.map(({ run }) => run));
  const isOwn = (one: ComparedOutput): boolean => {
    const itself = moved.get(placeOf(one));
    return itself !== undefined && isBroken(one, gate) && isLikeNoise(one.output, itself, gate);
  };
  const form = (found.evidence[0] ?? found.failures[0])?.form;
  const what = {
    plain: 'this provider changes',
    optimized: "the runtime's own optimizations change",
    emulated: 'rounding to 16 bits, as the target does, changes',
  }[form ?? 'plain'];
  const isLess = failed.size > 0 || found.evidence.some(isOwn);
  return {
    ...found,
    evidence: found.evidence.filter((one) => !isOwn(one)),
    failures: found.failures.filter(({ run }) => !failed.has(run) && !failed.has(undefined)),
    notes: isLess ? [...found.notes, `${what} the original's outputs as well: they were left out`] : found.notes,
  };
}

/** True for a failure by a kernel that the CPU lacks. It tells nothing of a model for another provider. */
export const lacksKernel =
  /could not find an implementation|failed to find kernel|not implemented|unsupported data type|cannot exchange tensors/i;

/**
 * The emulated evidence alone, where this CPU is not the result's target. All evidence, where that makes no difference
 * to the model.
 */
function emulatedAlone(all: Comparison, reason: string): Comparison {
  const evidence = all.evidence.filter(({ form }) => form === 'emulated');
  if (evidence.length === 0) return withoutLack(all);
  const failures = all.failures.filter(({ form }) => form === 'emulated');
  return { ...all, evidence, failures, notes: [...all.notes, `${reason}: judged in emulated arithmetic alone`] };
}

/** Drops failures by a missing kernel where the emulated form gave numbers. */
function withoutLack(all: Comparison): Comparison {
  if (!all.evidence.some(({ form }) => form === 'emulated')) return all;
  return { ...all, failures: all.failures.filter(({ text }) => !lacksKernel.test(text)) };
}
