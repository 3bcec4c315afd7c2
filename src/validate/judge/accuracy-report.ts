/** Builds the accuracy part of the report, whether or not anything could be compared. */
import { maxOf, minOf } from '../../ir/collections/lists.js';
import { isHost } from '../../ir/targets/targets.js';
import { targetCpusOf } from '../../run/target-cpu.js';
import type { Verdict } from '../../run/verify/verifier.js';
import { type Provider, RuntimeError, uncheckedText } from '../../runtime/isolate.js';
import { lacksKernel, msOf, type Proof, prove, RUNS } from '../proof.js';
import type { Reference } from '../reference.js';
import type { ComparedModel } from '../sides/compared-model.js';
import type { Form } from '../sides/forms.js';
import { foreignTo, placeOf } from '../sides/place.js';
import type { AccuracyReport, ValidateOptions } from '../validation.js';
import { judge } from './judge.js';

/** Milliseconds for timing a model whose single run takes little. */
const TIMING_MS = 4000;

/** The reason that nothing can be compared. */
type Uncompared = Required<Pick<Verdict, 'failed' | 'detail'>>;

/** Does work with models; where they do not run, returns the reason that nothing can be compared. */
export async function orUncompared<T>(work: () => Promise<T>): Promise<T | Uncompared> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return error.kind === 'killed'
      ? { failed: 'checker', detail: uncheckedText(error) }
      : { failed: 'original', detail: `the original does not run: ${error.message}` };
  }
}

export type AccuracyTerms = Pick<AccuracyReport, 'provider' | 'gate' | 'fidelity'>;

/**
 * The report where nothing was compared. A model whose provider is absent, and that the CPU has no kernels for, does
 * not count as failing.
 */
export function uncompared(
  terms: AccuracyTerms,
  { failed, detail }: Uncompared,
  absent: Provider | undefined,
): AccuracyReport {
  const isForeign = absent !== undefined && failed === 'original' && lacksKernel.test(detail);
  return {
    ...terms,
    ...{ inputs: [], outputs: [], failures: [], notCompared: [{ name: '', reason: detail }], notes: [], warnings: [] },
    verdict: { outcome: 'unknown', detail, ...(!isForeign && { failed }) },
  };
}

/** Runs the result in every form of arithmetic and judges it. */
export async function measureAccuracy(
  reference: Reference,
  [original, result]: readonly [ComparedModel, ComparedModel],
  terms: AccuracyTerms,
  { absent, seed = 0, speed, targetCpu, fidelity: asked = 'exact', deadline }: ValidateOptions,
  say: (what: string, leftMs: number) => void,
): Promise<AccuracyReport> {
  const { provider, gate, fidelity } = terms;
  const forms: readonly Form[] = ['plain', 'emulated', 'optimized'];
  const setsMs = msOf(reference);
  const onForm = (form: Form): void => {
    const ahead = forms.slice(forms.indexOf(form)).reduce((sum, one) => sum + RUNS[one] * setsMs, 0);
    say('comparing the numbers', ahead + (speed === false ? 0 : TIMING_MS));
  };
  const isCoarse = asked === 'exact' && fidelity === 'rounding';
  const options = { provider, forms, gate, fidelity, seed, isWhole: true, isCoarse, deadline, onForm };
  const foreign = isHost(provider) ? await foreignTo(absent ?? provider, targetCpusOf(targetCpu)) : undefined;
  const proof = await prove(reference, original, result, { ...options, foreign });
  const judged = judge(reference, proof, { gate, fidelity, absent, where: placeOf(provider) });
  return {
    ...terms,
    inputs: reference.runs.map(({ feeds }) => feeds.about),
    outputs: judged.outputs,
    failures: judged.failures,
    notCompared: judged.notCompared,
    notes: [
      ...shortened(reference.notes),
      ...proof.notes,
      ...judged.notes,
      ...(absent
        ? [`not proven on ${absent}, which this machine does not have: the numbers are those of ${placeOf(provider)}`]
        : []),
    ],
    warnings: judged.warnings,
    forms: proof.forms,
    runtimeOwn: proof.runtimeOwn,
    ...(reference.runs.some(({ point }) => point) && { sizes: bySize(reference, proof) }),
    verdict: judged.verdict,
  };
}

const sizeOrder = ['min', 'between', 'max', 'mixed'] as const;

/** The worst of all outputs at each size that was chosen of dims with a range. */
function bySize({ runs }: Reference, { evidence }: Proof): NonNullable<AccuracyReport['sizes']> {
  const found = runs.flatMap(({ point }, run) => {
    const outputs = evidence.filter((one) => one.run === run).map(({ output }) => output);
    if (!point || outputs.length === 0) return [];
    const relativeL2 = maxOf(outputs.map((output) => output.relativeL2));
    return [{ ...point, relativeL2, cosine: minOf(outputs.map(({ cosine }) => cosine)) }];
  });
  return found.sort((a, b) => sizeOrder.indexOf(a.at) - sizeOrder.indexOf(b.at));
}

const REFUSED = 'the original does not run on ';

/** Shortens notes: of many sizes that the original does not run at, only the first stays in full. */
function shortened(notes: readonly string[]): string[] {
  const refused = notes.filter((note) => note.startsWith(REFUSED));
  const [first] = refused;
  if (refused.length < 2) return [...notes];
  const others = notes.filter((note) => !note.startsWith(REFUSED));
  const counted = refused.length === 2 ? 'another set of inputs' : `${refused.length - 1} other sets of inputs`;
  return [`${first} (and not on ${counted})`, ...others];
}
