/** Where the error of a result comes from: by pass and by block. */

import type { Model } from '../ir/model.js';
import type { ProgressEstimate } from '../ir/text/progress.js';
import { partsOf } from '../region/blocks/parts.js';
import type { Report } from '../run/report/report.js';
import { RuntimeError } from '../runtime/isolate.js';
import { type ByBlockOptions, type ErrorByBlock, errorByBlock } from '../validate/by-block/index.js';

type Errors = NonNullable<Report['errors']>;

/** More bytes of weights are not run once more with all their inner values. */
const MOST_BYTES = 1024 ** 3;

/** The share of the time that a job has taken which the errors of its blocks may take as well, and the milliseconds that they always may. */
const SHARE = 0.25;
const LEAST_MS = 10_000;

interface ErrorsOptions extends ByBlockOptions {
  /** Milliseconds that the job has taken. */
  readonly jobMs: number;
  readonly onProgress?: (estimate: ProgressEstimate) => void;
}

/** `result`: the file that was compared, where there is one. */
export async function errorsOf(
  input: string,
  result: string | Model,
  report: Pick<Report, 'passes' | 'fidelity' | 'model'>,
  { jobMs, ...options }: ErrorsOptions,
): Promise<Errors> {
  const byPass = report.passes.flatMap(({ name, error, status }) =>
    status === 'applied' && error !== undefined ? [{ pass: name, relativeL2: error }] : [],
  );
  const without = (reason: string): Errors => ({ byPass, byBlock: [], reason });
  if (report.fidelity === 'exact')
    return without('every pass that was applied is exact: there is the noise of sums alone');
  if (report.model.before.bytes > MOST_BYTES)
    return without('its inner values are too much to keep: see optimize bisect');
  try {
    const insideMs = Math.max(LEAST_MS, SHARE * jobMs);
    const found = await errorByBlock(input, result, { ...options, partsOf, insideMs });
    const measured = { provider: found.provider, inputs: [...found.inputs] };
    return { byPass, ...measured, ...blocksIn(found), ...(found.cut !== undefined && { cut: cutText(found.cut) }) };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return without(`inner values could not be compared: ${error.message}`);
  }
}

const cutText = (values: number): string => {
  const what = values > 0 ? `${values} inner values were not compared` : 'not every place was tried as the cause';
  return `${what}, as this may take 10 s or a quarter of the time of the rest; optimize bisect has no limit`;
};

const measure = (error: number): number | null => (Number.isFinite(error) ? error : null);

/** The largest error of each part, in the order of the model's values. */
export function blocksIn({
  parts,
  values,
  first,
}: Pick<ErrorByBlock, 'parts' | 'values' | 'first'>): Omit<Errors, 'byPass'> {
  const placeOf = (part: number) => {
    const { name = '', instance } = parts[part] ?? {};
    return { block: name, ...(instance && { repeat: instance.number - 1 }) };
  };
  const worst = new Map<number, (typeof values)[number]>();
  for (const value of values) if (!(value.error <= (worst.get(value.part)?.error ?? -1))) worst.set(value.part, value);
  // A part whose nodes are spread over the model stands where its error is.
  const byBlock = values
    .filter((value) => worst.get(value.part) === value)
    .map(({ part, value: at, error }) => ({ ...placeOf(part), at, relativeL2: measure(error) }));
  if (!first) return { byBlock };
  const { value: at, error, nodes, inherited, part } = first;
  return {
    byBlock,
    first: { ...placeOf(part), at, relativeL2: measure(error), nodes: [...nodes], inherited: measure(inherited) },
  };
}
