/** Compares the command's verdict on a trained model's result with the truth on real inputs. */
import { rmSync } from 'node:fs';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { isFloat } from '../../src/ir/types.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import type { Report } from '../../src/run/report/report.js';
import { RuntimeProcess, type Tensors } from '../../src/runtime/isolate.js';
import { fromTensorData } from '../../src/runtime/tensor-data.js';
import { attainable, gateOf } from '../../src/validate/judge/gates.js';
import { type Form, loadInForm } from '../../src/validate/sides/forms.js';
import { prepareModel } from '../../src/validate/sides/prepared-model.js';
import type { Agreement, Pair } from './decisions.js';
import { errorOf, type RealError } from './error.js';
import type { TrainedModel } from './models.js';

/** The command's verdict; `claimed` is the relative L2 of the worst output in its report. */
export interface Claim {
  readonly verdict: 'kept' | 'unchanged' | 'taken back' | 'refused' | 'unproven' | 'failed';
  readonly detail: string;
  readonly claimed: number | undefined;
  /** The largest magnitude of inputs for which the report promises its error. */
  readonly below: number | undefined;
  readonly seconds: number;
}

/** The truth about a result on the real inputs: its error, its decisions, and the limit of its passes. */
export interface Truth {
  readonly error: RealError;
  readonly agreement: Agreement;
}

export interface Outcome {
  readonly model: string;
  readonly passes: string;
  readonly inputs: 'made up' | 'real';
  readonly claim: Claim;
  /** The truth about the written result; undefined where nothing was written. */
  readonly written: Truth | undefined;
  /** The truth about the unverified result of the passes; undefined where that does not run. */
  readonly unverified: Truth | undefined;
  /** The limit of the relative L2 error, by the fidelity of the passes. */
  readonly limit: number;
  readonly wrong: string | undefined;
}

/** Smaller errors are noise of float32 sums: a report of 1e-7 is right where the real error is 4e-7. */
const NOISE = 1e-5;
/** A report is wrong where the real error exceeds this many times the reported one. */
const TIMES = 3;

/** Runs the passes without verification: the result that verification may take back. */
export async function unverifiedResult(file: string, passes: string, out: string): Promise<number> {
  const original = await readModel(file);
  const { model, report } = await optimize(original, passes, { target: 'cpu', verify: 'none' });
  await writeModel(model, out);
  return gateOf(attainable(report.fidelity, original), 'cpu').maxError;
}

/**
 * The outputs of both models on every set, without the runtime's optimizations; the result runs in emulated arithmetic too. Each model passes its own
 * state from set to set. There is one list of pairs for each form.
 */
async function pairsOf(
  original: string,
  result: string,
  sets: readonly Tensors[],
  state: TrainedModel['state'] = {},
): Promise<Pair[][]> {
  const runtime = await RuntimeProcess.start();
  const rollout = async (file: string, form: Form): Promise<Tensors[] | undefined> => {
    const subject = await prepareModel(file);
    const side = await loadInForm(runtime, subject, 'cpu', form);
    if (!side) return undefined;
    const found: Tensors[] = [];
    for (const set of sets) {
      const before = found.at(-1);
      const own = before && Object.fromEntries(Object.entries(state).map(([input, output]) => [input, before[output]]));
      found.push(await side.run({ ...set, ...own } as Tensors));
    }
    await side.release();
    return found;
  };
  try {
    const reference = (await rollout(original, 'plain')) ?? [];
    const forms = [await rollout(result, 'plain'), await rollout(result, 'emulated')];
    return forms.flatMap((found) =>
      found ? [found.map((one, i) => ({ original: reference[i] as Tensors, result: one }))] : [],
    );
  } finally {
    await runtime.close();
  }
}

const isWorse = (a: Truth, b: Truth): boolean =>
  a.error.mismatches > b.error.mismatches ||
  (a.error.mismatches === b.error.mismatches && a.error.pooled > b.error.pooled);

/** The truth in the form with the larger error; undefined where the result does not run. */
export async function truthOf(
  model: TrainedModel & { readonly file: string },
  result: string,
  sets: readonly Tensors[],
): Promise<Truth | undefined> {
  try {
    const truths: Truth[] = [];
    for (const pairs of await pairsOf(model.file, result, sets, model.state))
      truths.push({ error: errorOf(pairs), agreement: await model.decide(pairs) });
    return truths.reduce((a, b) => (isWorse(b, a) ? b : a));
  } catch {
    return undefined;
  }
}

/** Runs the command's own function on a file. */
export async function claimOf(file: string, passes: string, out: string, inputs: string | undefined): Promise<Claim> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  rmSync(out, { force: true });
  try {
    const report = await optimizeFile(file, passes, {
      ...{ out, target: 'cpu', force: true, onGate: 'report', speed: false },
      ...(inputs && { inputs }),
    });
    return { ...verdictOf(report), claimed: claimedBy(report), below: boundIn(report), seconds: seconds() };
  } catch (error) {
    return {
      verdict: 'failed',
      detail: (error as Error).message,
      claimed: undefined,
      below: undefined,
      seconds: seconds(),
    };
  }
}

function claimedBy({ accuracy }: Report): number | undefined {
  const found = accuracy?.outputs.map(({ relativeL2 }) => relativeL2 ?? Number.NaN) ?? [];
  return found.length ? Math.max(...found) : undefined;
}

/** `holds for inputs up to 1, not for ±32768`. */
function boundIn({ accuracy }: Report): number | undefined {
  const found =
    accuracy?.warnings?.flatMap((text) => /^holds for inputs up to ([\d.e+-]+)/.exec(text)?.[1] ?? []) ?? [];
  return found.length ? Math.min(...found.map(Number)) : undefined;
}

function verdictOf({ output, gates, passes, accuracy }: Report): Pick<Claim, 'verdict' | 'detail'> {
  const failed = gates.filter(({ passed }) => !passed);
  if (!output || failed.length) return { verdict: 'refused', detail: failed.map(({ detail }) => detail).join('; ') };
  const back = passes.filter(({ status }) => status === 'rolled back');
  if (back.length)
    return {
      verdict: 'taken back',
      detail: back.map(({ name, verdict }) => `${name}: ${verdict?.detail ?? ''}`).join('; '),
    };
  if (passes.every(({ status }) => status === 'unchanged')) return { verdict: 'unchanged', detail: '' };
  if (!accuracy?.outputs.length)
    return { verdict: 'unproven', detail: accuracy?.notCompared[0]?.reason ?? 'not compared' };
  return { verdict: 'kept', detail: gates.find(({ name }) => name === 'accuracy')?.detail ?? '' };
}

/** The largest magnitude among the float inputs. */
export function largestIn(sets: readonly Tensors[]): number {
  let largest = 0;
  for (const set of sets)
    for (const tensor of Object.values(set))
      if (isFloat(tensor.type))
        for (const x of numbersOf(fromTensorData(tensor))) largest = Math.max(largest, Math.abs(x));
  return largest;
}

/** Why a verdict is wrong; undefined where it is right. */
export function faultOf(
  { verdict, claimed, below }: Claim,
  largest: number,
  written: Truth | undefined,
  unverified: Truth | undefined,
  limit: number,
): string | undefined {
  const isPromised = largest <= (below ?? Number.POSITIVE_INFINITY);
  if (isPromised && (verdict === 'kept' || verdict === 'taken back')) {
    if (!written) return 'what was written does not run';
    if (written.error.mismatches) return `${written.error.mismatches} elements are NaN or infinite in one alone`;
    const real = written.error.pooled;
    if (real > Math.max(NOISE, TIMES * (claimed ?? 0)))
      return `real error ${real.toPrecision(2)}, the report says ${claimed?.toPrecision(2)}`;
  }
  if (verdict === 'taken back' || verdict === 'refused') {
    const isFine = unverified && !unverified.error.mismatches && unverified.error.pooled <= limit;
    if (isFine && unverified.agreement.holds)
      return `${verdict} although its real error is ${unverified.error.pooled.toPrecision(2)}, limit ${limit}`;
  }
  return verdict === 'failed' ? 'the command failed' : undefined;
}
