/** Optimizes the open model as the command would: the result is offered where every gate holds. */
import type { Model } from '../../ir/model.js';
import type { Target } from '../../ir/targets/targets.js';
import { shellWord } from '../../ir/text/shell-word.js';
import { shownText } from '../../ir/text/shown-text.js';
import { UsageError } from '../../ir/text/usage-error.js';
import { headlineOf } from '../../report/headline.js';
import type { Progress } from '../../run/pipeline/pipeline-options.js';
import type { Report } from '../../run/report/report.js';
import { GateError, modelFiles, optimize, reportHtml, reportJson, useRuntime } from '../library.js';
import type { RuntimeModule } from '../use-runtime.js';
import type { Answer, Order, Result } from './messages.js';

/** The address of the page's script, which holds this one packed. */
declare const PAGE: string;

export interface OpenModel {
  readonly model: Model;
  readonly name: string;
  /** Of the file and its data files. */
  readonly bytes: number;
}

const steps: Readonly<Record<Progress['step'], string>> = {
  infer: 'inferring types',
  run: 'running',
  tune: 'tuning',
  verify: 'verifying',
  narrow: 'looking for the places that break the gate',
};

/** `runtime`: the address of onnxruntime-web, beside this script. Throws what `optimize` throws, but for a gate that fails: the report says it. */
export async function optimized(
  open: OpenModel | undefined,
  { passes, target, verified }: Order,
  runtime: string,
  tell: (answer: Answer) => void,
): Promise<Result> {
  if (!open) throw new UsageError('expected a model; found none. Choose a file first');
  if (verified) await addRuntime(runtime);
  const out = open.name.replace(/(\.onnx)?$/i, '.opt.onnx');
  const options = {
    target: target as Target,
    verify: verified ? undefined : ('none' as const),
    allowRollback: true,
    details: true,
    command: `optimize ${shellWord(open.name)} --passes ${shellWord(passes)} --target ${target} -o ${shellWord(out)}`,
    onProgress: ({ step, pass, position, count, estimate }: Progress) =>
      tell({
        kind: 'progress',
        text: `${pass}: ${steps[step]} (${position + 1} of ${count})`,
        share: (position + (estimate?.share ?? 0)) / count,
      }),
  };
  try {
    const { model, report } = await optimize(open.model, passes, options);
    tell({ kind: 'progress', text: 'writing', share: 1 });
    const files = await modelFiles(model, out);
    const bytes = files.reduce((sum, { blob }) => sum + blob.size, 0);
    return resultOf(open, { ...report, output: { files: files.map(({ name }) => name), bytes } }, files);
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return resultOf(open, error.report, []);
  }
}

async function resultOf(open: OpenModel, made: Report, files: Result['files']): Promise<Result> {
  const report: Report = { ...made, input: open.name, inputBytes: open.bytes };
  const { state, parts } = headlineOf(report);
  const failed = report.gates.filter(({ passed }) => !passed).map(({ name, detail }) => `${name} gate: ${detail}`);
  const back = (report.outcome?.takenBack ?? []).map(({ pass, reason }) => `${pass} was taken back: ${reason}`);
  const proof =
    report.verification.level === 'none'
      ? 'Nothing was run here, so the result is not verified: the command compares them (optimize compare)'
      : 'Every pass was run against the model before it, on onnxruntime-web in this browser';
  return {
    files,
    state,
    lines: [parts.join(' · ') || 'the report has the details', ...failed, ...back, proof].map(shownText),
    html: await reportHtml(report),
    json: reportJson(report),
  };
}

/** Loads onnxruntime-web, which then runs in this thread: it may not start others. */
async function addRuntime(place: string): Promise<void> {
  if (!place)
    throw new UsageError('expected a page built with onnxruntime-web (npm run page -- --runtime); found none');
  const module: RuntimeModule = await import(new URL(place, PAGE).href);
  (module.env as { wasm: { numThreads: number } }).wasm.numThreads = 1;
  useRuntime(module);
}
