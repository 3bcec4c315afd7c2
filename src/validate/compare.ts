/** Compares a result's outputs with the original's, run by run. The evidence is judged elsewhere (`judge/`). */
import { under } from '../ir/collections/named.js';
import { onceMore, type Provider, RuntimeError, type RuntimeProcess } from '../runtime/isolate.js';
import { compareTensors, mismatchOf, type OutputAccuracy, withMeaning, worstOf } from './judge/accuracy.js';
import { measureMeanings } from './meaning/measures.js';
import type { Reference } from './reference.js';
import { type Form, formText, loadInForm } from './sides/forms.js';
import { heldAgainst } from './sides/in-float32.js';
import type { PreparedModel } from './sides/prepared-model.js';

/** One output of one run of the result, compared with the original's. */
export interface ComparedOutput {
  readonly form: Form;
  /** The run's index in the reference. */
  readonly run: number;
  readonly output: OutputAccuracy;
}

/** A fault of the result under any gate: it does not run, lacks an output, or gives other shapes or types. */
export interface ComparisonFailure {
  readonly form: Form;
  /** Undefined where the failure is about no single run: the result does not load. */
  readonly run: number | undefined;
  readonly text: string;
}

/** The outcome of a comparison. */
export interface Comparison {
  readonly evidence: readonly ComparedOutput[];
  readonly failures: readonly ComparisonFailure[];
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
  /** Limits of the form itself. They are no fault of the result. */
  readonly notes: readonly string[];
}

export const nothingCompared: Comparison = { evidence: [], failures: [], notCompared: [], notes: [] };

/**
 * Runs a model as the result in one form, and compares. Undefined where the form changes nothing of the model's
 * arithmetic. A crash or a refusal is a failure, never an error. Rejects with RuntimeError where the process is killed
 * twice.
 */
export const compareWith = (...given: Parameters<typeof compareOnce>): Promise<Comparison | undefined> =>
  onceMore(() => compareOnce(...given));

async function compareOnce(
  reference: Reference,
  runtime: RuntimeProcess,
  prepared: PreparedModel,
  provider: Provider,
  form: Form,
): Promise<Comparison | undefined> {
  const skipped = new Set(reference.notCompared.map(({ name }) => name));
  const evidence: ComparedOutput[] = [];
  const failures: ComparisonFailure[] = [];
  const extra = new Set<string>();
  const fail = (text: string, run?: number): void => {
    if (!failures.some((one) => one.text === text && one.run === run)) failures.push({ form, run, text });
  };
  let notes: readonly string[] = [];
  let isEnded = false;
  try {
    const side = await loadInForm(runtime, prepared, provider, form);
    if (!side) return undefined;
    notes = side.notes;
    for (const [run, { feeds, outputs: expected, inFloat32 }] of reference.runs.entries()) {
      const differs = otherInputs(side.inputs, Object.keys(feeds.tensors));
      if (differs) {
        fail(differs);
        break;
      }
      try {
        const given = await side.run(feeds.tensors);
        const { outputs: found, measures } = measureMeanings(reference.meanings, expected, given);
        for (const [name, original] of Object.entries(expected)) {
          if (skipped.has(name)) continue;
          const result = under(found, name);
          const mismatch = result ? mismatchOf(original, result) : `expected ${original.type}; found no such output`;
          if (mismatch || !result) fail(`output "${name}": ${mismatch}`, run);
          else {
            const held = heldAgainst(original, result, inFloat32?.[name]);
            evidence.push({ form, run, output: compareTensors(name, held, result, measures.get(name)) });
          }
        }
        for (const name of Object.keys(found)) if (!(name in expected) && !skipped.has(name)) extra.add(name);
      } catch (error) {
        if (!(error instanceof RuntimeError) || error.kind === 'killed') throw error;
        fail(`the result ${verbOf(error)} ${formText[form]}: ${error.message}`, run);
        isEnded = error.kind !== 'error';
        if (isEnded) break;
      }
    }
    // What is loaded as users run it is timed next.
    if (!isEnded) await (form === 'optimized' ? side.park() : side.release());
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind === 'killed') throw error;
    fail(`the result ${verbOf(error)} ${formText[form]}: ${error.message}`);
  }
  return {
    evidence,
    failures,
    notCompared: [...extra].map((name) => ({ name, reason: 'only the result has it' })),
    notes,
  };
}

/**
 * The inputs that the result wants and the original does not have, in words. An input that the result no longer takes
 * does no harm.
 */
function otherInputs(wanted: readonly string[], given: readonly string[]): string | undefined {
  const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');
  const missing = wanted.filter((name) => !given.includes(name));
  if (missing.length === 0) return undefined;
  const extra = given.filter((name) => !wanted.includes(name));
  const unused = extra.length ? `, and does not take ${list(extra)}, which the original does` : '';
  return `inputs differ: the result takes ${list(missing)}, which the original does not${unused}`;
}

const verbOf = ({ kind }: RuntimeError): string =>
  kind === 'crash' ? 'crashes' : kind === 'timeout' ? 'takes too long' : 'does not run';

/** Joins two comparisons of one result. */
export const joined = (a: Comparison, b: Comparison): Comparison => ({
  evidence: [...a.evidence, ...b.evidence],
  failures: [...a.failures, ...b.failures],
  notCompared: a.notCompared.length ? a.notCompared : b.notCompared,
  notes: [...new Set([...a.notes, ...b.notes])],
});

/**
 * The worst value of each measure, by output, in the order of first appearance. A meaning is measured over all runs, so
 * of meanings the worst form counts.
 */
export function worstByOutput(evidence: readonly ComparedOutput[]): OutputAccuracy[] {
  const byName = new Map<string, Map<Form, OutputAccuracy>>();
  for (const { form, output } of evidence) {
    const forms = byName.get(output.name) ?? new Map<Form, OutputAccuracy>();
    const known = forms.get(form);
    byName.set(output.name, forms.set(form, known ? worstOf(known, output) : output));
  }
  return [...byName.values()].map((forms) => {
    const list = [...forms.values()];
    const [meaning] = list.flatMap((one) => one.meaning ?? []).sort((a, b) => a.value - b.value);
    return withMeaning(list.reduce(worstOf), meaning);
  });
}
