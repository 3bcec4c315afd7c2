/** A result's outputs against the original's, over every set of inputs and both forms of the runtime's optimizations. */
import { type Provider, RuntimeError, type RuntimeProcess } from '../runtime/isolate.js';
import { compareTensors, mismatchOf, type OutputAccuracy, worstOf } from './accuracy.js';
import { type Gate, violations } from './gates.js';
import { type Reference, runTensors } from './reference.js';

/** What comparing found. */
export interface Comparison {
  /** The worst of each measure over all runs. */
  readonly outputs: readonly OutputAccuracy[];
  /** What makes the result wrong whatever the gate: it does not run, lacks an output, or gives other shapes and types. */
  readonly failures: readonly string[];
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
}

/** Runs a model as the result and compares. A crash or a refusal is a failure, never an error. */
export async function compareWith(
  reference: Reference,
  runtime: RuntimeProcess,
  source: string | Uint8Array,
  provider: Provider,
  optimize: boolean,
): Promise<Comparison> {
  const form = optimize ? "with the runtime's optimizations" : "without the runtime's optimizations";
  const skipped = new Set(reference.notCompared.map(({ name }) => name));
  const worst = new Map<string, OutputAccuracy>();
  const failures = new Set<string>();
  const extra = new Set<string>();
  try {
    const session = await runtime.load(source, { provider, optimize });
    for (const { feeds, outputs: expected } of reference.runs) {
      const differs = otherInputs(
        session.inputs.map(({ name }) => name),
        Object.keys(feeds.tensors),
      );
      if (differs) {
        failures.add(differs);
        break;
      }
      const found = await runTensors(session, feeds.tensors);
      for (const [name, original] of Object.entries(expected)) {
        if (skipped.has(name)) continue;
        const result = found[name];
        const mismatch = result ? mismatchOf(original, result) : `expected ${original.type}; found no such output`;
        if (mismatch || !result) failures.add(`output "${name}": ${mismatch}`);
        else {
          const measured = compareTensors(name, original, result);
          const before = worst.get(name);
          worst.set(name, before ? worstOf(before, measured) : measured);
        }
      }
      for (const name of Object.keys(found)) if (!(name in expected) && !skipped.has(name)) extra.add(name);
    }
    await session.release();
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    failures.add(`the result ${verbOf(error)} ${form}: ${error.message}`);
  }
  return {
    outputs: [...worst.values()],
    failures: [...failures],
    notCompared: [...extra].map((name) => ({ name, reason: 'only the result has it' })),
  };
}

/** What keeps a result from running on the original's inputs: it wants others. One that it does not take does no harm. */
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

export const isWithin = ({ outputs, failures }: Comparison, gate: Gate): boolean =>
  failures.length === 0 && outputs.every((output) => violations(output, gate).length === 0);

/** The worst of two comparisons of one result. */
export function joined(a: Comparison, b: Comparison): Comparison {
  const others = new Map(b.outputs.map((output) => [output.name, output]));
  const outputs = a.outputs.map((output) => {
    const other = others.get(output.name);
    others.delete(output.name);
    return other ? worstOf(output, other) : output;
  });
  return {
    outputs: [...outputs, ...others.values()],
    failures: [...new Set([...a.failures, ...b.failures])],
    notCompared: a.notCompared.length ? a.notCompared : b.notCompared,
  };
}
