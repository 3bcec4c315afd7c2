/**
 * Measures error by depth: compares values that original and result both compute, on the same inputs, and finds where
 * they begin to differ.
 */

import { inferTypes } from '../../infer/index.js';
import { maxOf } from '../../ir/collections/lists.js';
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Limits } from '../../ir/options/budget.js';
import { HOST, type Target } from '../../ir/targets/targets.js';
import { ModelError } from '../../ir/text/errors.js';
import type { ProgressEstimate } from '../../ir/text/progress.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import { readModel } from '../../onnx/read.js';
import type { ModelPart } from '../../region/blocks/parts.js';
import { RuntimeProcess } from '../../runtime/isolate.js';
import { workingProvider } from '../../runtime/providers.js';
import { gateOf } from '../judge/gates.js';
import { referenceOf } from '../reference.js';
import type { ReferenceOptions } from '../reference-runs.js';
import { type PreparedModel, prepareModel } from '../sides/prepared-model.js';
import { Allowance } from './allowance.js';
import { driftsIn, firstOf } from './drift.js';
import { addInsideErrors } from './inside.js';
import { ModelPair } from './model-pair.js';
import { type ErrorByBlock, type ErrorCause, reportOf } from './report.js';

export type { DriftReport, ErrorByBlock, PartError, ValueError } from './report.js';

/** How the error of a result is measured along its depth. */
export interface ByBlockOptions extends Omit<ReferenceOptions, 'provider'> {
  /** The provider that both run on, or the CPU where it does not work here. Default cpu. */
  readonly target?: Target;
  /** Limit of one load or run; default 5 minutes. */
  readonly timeoutMs?: number;
  readonly allowOutsideData?: boolean;
  /** Limits of the work that a model's numbers may ask for, by name. */
  readonly budget?: Limits;
}

/** At most this many places are tried as the cause. Each try is a run of the result. */
const TRIES = 24;

/** A cause takes at least this share of the outputs' error away when it is put right. */
const SHARE = 0.5;

/**
 * Compares the inner values of two models. `partsOf` divides the original's main graph. Rejects with RuntimeError where
 * one of the two does not run, with ModelError for files that are no models.
 */
export async function errorByBlock(
  original: string | Uint8Array | Model,
  result: string | Uint8Array | Model,
  options: ByBlockOptions & {
    readonly partsOf: (graph: Graph) => readonly ModelPart[];
    /** Milliseconds that inner values and the search for the cause may take; default no limit. */
    readonly insideMs?: number | undefined;
    readonly onProgress?: ((estimate: ProgressEstimate) => void) | undefined;
  },
): Promise<ErrorByBlock> {
  const provider = await workingProvider(options.target ?? HOST);
  const runtime = await RuntimeProcess.start(options);
  const preparedModels: PreparedModel[] = [];
  try {
    const own = isModel(original) ? cloneModel(original) : original;
    for (const given of [own, result]) preparedModels.push(await prepareModel(given, options));
    const [a, b] = preparedModels as [PreparedModel, PreparedModel];
    const changed = isModel(result) ? await readBack(b, options.budget) : b.model;
    for (const model of [a.model, changed]) inferTypes(model);
    const { runs } = await referenceOf(runtime, a.model, a.source, { ...options, provider });
    const feeds = runs.map((run) => run.feeds.tensors);
    const both = new ModelPair(runtime, a.model, changed, provider, feeds);
    const outputs = await both.outputErrors();
    // The noise of sums: a tenth of the exact gate's limit.
    const floor = gateOf('exact', provider).maxError / 10;
    const parts = options.partsOf(a.model.graph);
    const time = new Allowance(options.insideMs, options.onProgress);
    const errors = new Map(outputs);
    await addInsideErrors(both, errors, parts, floor, time);
    const found = await causeOf(both, errors, maxOf(outputs.values(), 0), floor, time);
    return {
      provider,
      inputs: runs.map((run) => run.feeds.about),
      ...reportOf(both, errors, found, parts, floor),
      ...(time.isSpent && { cut: both.inside.filter((value) => !errors.has(value)).length }),
    };
  } finally {
    await runtime.close();
    for (const prepared of preparedModels) prepared.close();
  }
}

/**
 * A model as it was written: for each run it is written again, and weights that passes derived are not to be computed each time. As it is where the reader
 * refuses it, which the runtime may not.
 */
async function readBack({ source, model }: PreparedModel, budget: Limits | undefined): Promise<Model> {
  try {
    return await readModel(source, { budget });
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return cloneModel(model);
  }
}

const isModel = (given: string | Uint8Array | Model): given is Model =>
  typeof given !== 'string' && !(given instanceof Uint8Array);

/**
 * The first place that takes most of the outputs' error away when it is put right. Two different values that share a
 * name differ too and hide the values behind them; they take no error away, and are left out.
 */
async function causeOf(
  both: ModelPair,
  errors: Map<Value, number>,
  outputError: number,
  floor: number,
  time: Allowance,
): Promise<ErrorCause> {
  const { graph } = both.original;
  const all = driftsIn(graph, errors, floor);
  if (!(outputError > floor)) return { drifts: all, first: firstOf(all, outputError) };
  const left = new Map(errors);
  const tried = new Set<Value>();
  for (let tries = 0; tries < TRIES; tries++) {
    const drifts = driftsIn(graph, left, floor);
    const next = drifts.find(({ value }) => !tried.has(value));
    if (!next) break;
    tried.add(next.value);
    let without: number | undefined;
    const isTried = await time.step(async () => {
      without = await both.errorWithout(next.value);
    });
    if (!isTried) break;
    if (without !== undefined && without <= SHARE * outputError) return { drifts, first: next, without };
    if (!both.outputs.includes(next.value)) left.delete(next.value);
  }
  return { drifts: all, first: firstOf(all, outputError) };
}
