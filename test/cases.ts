/**
 * Runs small models from public bug reports, kept beside the repository: one through the command's own function, then
 * both sides on the given inputs.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import { numbersOf } from '../src/ir/tensors/numbers.js';
import { optimizeFile } from '../src/job/optimize-file.js';
import type { OptimizeFileOptions } from '../src/job/options.js';
import { readModel } from '../src/onnx/read.js';
import type { Report } from '../src/run/report/report.js';
import { RuntimeProcess, type TensorData, type Tensors } from '../src/runtime/isolate.js';
import { fromTensorData } from '../src/runtime/tensor-data.js';
import { givenSets } from '../src/validate/inputs/files/given.js';
import { type Form, loadInForm } from '../src/validate/sides/forms.js';
import { prepareModel } from '../src/validate/sides/prepared-model.js';
import { collection } from './models.js';

export interface Case {
  readonly what: string;
  readonly passes: string;
  readonly expect: string;
}

export interface Done {
  readonly report: Report;
  /** What was written. Throws where nothing was. */
  model(): Promise<Model>;
  /** What the original gives on the case's inputs, the runtime's optimizations off. */
  original(): Promise<Tensors>;
  /** What the result gives in a form; where that is no other than the plain one, in this. */
  result(form: Form): Promise<Tensors>;
}

const folderOf = (name: string): string => join(collection('cases'), name);
export const pathOf = (name: string): string => join(folderOf(name), 'model.onnx');
export const caseOf = (name: string): Case => JSON.parse(readFileSync(join(folderOf(name), 'case.json'), 'utf8'));

/** Where results are written, until `removeResults`. */
const results = mkdtempSync(join(tmpdir(), 'onnx-passes-cases-'));
export const removeResults = (): void => rmSync(results, { recursive: true, force: true });

/** Runs a case's passes, or others, on its own inputs where it has some. */
export async function run(name: string, options: OptimizeFileOptions & { passes?: string } = {}): Promise<Done> {
  const { passes = caseOf(name).passes, ...settings } = options;
  const [path, out] = [pathOf(name), join(results, `${name}.onnx`)];
  const data = join(folderOf(name), 'test_data_set_0');
  const inputs = existsSync(data) && !settings.shapes && !settings.dims ? { inputs: data } : {};
  rmSync(out, { force: true });
  const report = await optimizeFile(path, passes, {
    ...{ out, target: 'cpu', onGate: 'report', speed: false, force: true },
    ...inputs,
    ...settings,
  });
  const written = (): string => {
    if (!report.output) throw new Error(`${name}: nothing was written: ${report.gates.map(({ detail }) => detail)}`);
    return out;
  };
  return {
    report,
    model: async () => {
      const model = await readModel(written());
      inferTypes(model);
      return model;
    },
    original: () => outputsOf(path, path, data, 'plain'),
    result: (form) => outputsOf(written(), path, data, form),
  };
}

async function outputsOf(path: string, original: string, data: string, form: Form): Promise<Tensors> {
  const runtime = await RuntimeProcess.start();
  try {
    const subject = await prepareModel(path);
    const side =
      (await loadInForm(runtime, subject, 'cpu', form)) ?? (await loadInForm(runtime, subject, 'cpu', 'plain'));
    const [set] = givenSets(data);
    return (await side?.run(set?.read(await readModel(original)).tensors ?? {})) ?? {};
  } finally {
    await runtime.close();
  }
}

export const numbers = (tensor: TensorData | undefined): number[] => {
  if (!tensor) throw new Error('no such output');
  return [...numbersOf(fromTensorData(tensor))];
};

/** ‖b − a‖ / ‖a‖ of one output; NaN where one of the two has NaN. */
export function relativeError(a: TensorData | undefined, b: TensorData | undefined): number {
  const [x, y] = [numbers(a), numbers(b)];
  const sum = (f: (i: number) => number): number => x.reduce((total, _, i) => total + f(i), 0);
  return Math.sqrt(sum((i) => ((y[i] as number) - (x[i] as number)) ** 2) / sum((i) => (x[i] as number) ** 2));
}

/** Op types of every scope. */
export const opsOf = (model: Model): string[] =>
  [...model.graphs()].flatMap((graph) => [...graph.nodeSet].map(({ opType }) => opType));

/** Everything that a report says in words. */
export const wordsOf = (report: Report): string =>
  [
    ...report.passes.flatMap(({ notes, skips, verdict }) => [
      ...notes.map(({ text }) => text),
      ...skips.map(({ reason, places }) => `${reason} ${places.join(' ')}`),
      verdict?.detail ?? '',
    ]),
    ...(report.warnings ?? []).map(({ text }) => text),
    ...(report.accuracy?.warnings ?? []),
    ...report.gates.map(({ detail }) => detail),
    report.cpus?.text ?? '',
  ].join('\n');
