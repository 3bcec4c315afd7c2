/**
 * The runtime's own optimizer, run ahead of time: what it makes of a result for a provider is saved, loaded back, compared with the result, and its
 * session is timed.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Model } from '../ir/model.js';
import { BROWSER } from '../ir/targets/targets.js';
import { ModelError } from '../ir/text/errors.js';
import { UsageError } from '../ir/text/usage-error.js';
import { opsChanged, summarize } from '../ir/whole-model/summary.js';
import { readModel } from '../onnx/read.js';
import { deadlineOf } from '../run/pipeline/deadline.js';
import { type Provider, RuntimeError, RuntimeProcess } from '../runtime/isolate.js';
import { workingProvider } from '../runtime/providers.js';
import { temporaryFolder } from '../runtime/temporary-folder.js';
import { validate } from './index.js';
import { type PreparedModel, prepareModel } from './sides/prepared-model.js';
import { type CreationReport, measureCreation } from './speed/creation.js';
import type { ValidateOptions } from './validation.js';

/** What was saved, and what it is worth. */
export interface AotReport {
  readonly provider: Provider;
  /** Op → how many more or fewer nodes there are of it than in the result. */
  readonly ops: Readonly<Record<string, number>>;
  readonly nodes: { readonly before: number; readonly after: number };
  /** The comparison with the result, in words. */
  readonly detail: string;
  /** Creating a session of the result, `original`, and of what was saved, `result`: both as users do by default, all optimizations on. */
  readonly create: CreationReport;
}

/** `model` reads from temporary files, until it is closed. */
type Aot =
  | { readonly model: Model; readonly report: AotReport; close(): void }
  /** Why there is none. */
  | { readonly refused: string };

/** Throws UsageError for a provider that nothing can be saved for on this machine. */
export async function checkAot(provider: Provider): Promise<void> {
  if (provider === BROWSER)
    throw new UsageError(
      'aot: expected a provider of onnxruntime-node; found web, which saves no file. Leave out --aot',
    );
  if ((await workingProvider(provider)) !== provider)
    throw new UsageError(
      `aot: expected ${provider} to work here, as its own optimizer is run; it does not. Run it on the machine that the model is for, or leave out --aot`,
    );
}

/** Saved models of more bytes of weights have these in a file of their own. */
const LARGE = 64 * 2 ** 20;

export async function aheadOfTime(
  result: Model,
  provider: Provider,
  options: Omit<ValidateOptions, 'baseline' | 'provider' | 'speed' | 'rollout' | 'isUnchanged'>,
  creationMs?: number,
): Promise<Aot> {
  const folder = temporaryFolder();
  const path = join(folder.path, 'model.onnx');
  const load = { provider, optimize: true };
  let prepared: PreparedModel | undefined;
  let runtime: RuntimeProcess | undefined;
  let isKept = false;
  try {
    prepared = await prepareModel(result);
    runtime = await RuntimeProcess.start();
    const dataName = summarize(result).bytes > LARGE ? 'model.onnx.data' : undefined;
    await (await runtime.load(prepared.source, { ...load, saveTo: { path, dataName } })).release();
    if (!existsSync(path)) return { refused: `onnxruntime saves no model for ${provider}` };
    await (await runtime.load(path, { provider })).release();
    const model = await readModel(path);
    const { accuracy } = await validate(prepared.source, path, { ...options, provider, speed: false, rollout: 0 });
    const { outcome, detail } = accuracy.verdict;
    if (outcome === 'rejected')
      return { refused: `what onnxruntime saves for ${provider} is not the result: ${detail}` };
    const create = await measureCreation(
      runtime,
      { original: { source: prepared.source, load }, result: { source: path, load } },
      deadlineOf(options),
      creationMs,
    );
    const [before, after] = [summarize(result), summarize(model)];
    const nodes = { before: before.nodes, after: after.nodes };
    isKept = true;
    return { model, report: { provider, ops: opsChanged(before, after), nodes, detail, create }, close: folder.remove };
  } catch (error) {
    if (!(error instanceof RuntimeError || error instanceof ModelError)) throw error;
    return { refused: `what onnxruntime saves for ${provider} does not load: ${error.message}` };
  } finally {
    await runtime?.close();
    prepared?.close();
    if (!isKept) folder.remove();
  }
}
