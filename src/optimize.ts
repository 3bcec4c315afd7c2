/** Runs the pipeline for users: looks names up in the catalogue, and hands in a runtime where there is one. */

import { z } from 'zod';
import { fp32 } from '../passes/fp32.js';
import { freeze } from '../passes/freeze.js';
import { inline } from '../passes/inline.js';
import { outline } from '../passes/outline.js';
import { foreignTypes } from '../passes/precision/source/fit.js';
import { symbolicBatch } from '../passes/symbolic-batch.js';
import { abortable } from './abortable.js';
import { checkInputs } from './check-inputs.js';
import { type Coverage, coverageOf } from './coverage/coverage.js';
import { fittingChoice } from './coverage/sized.js';
import { choicesOf } from './details/choices.js';
import { type Trees, withTrees } from './details/trees.js';
import { inferTypes } from './infer/index.js';
import { dimText } from './ir/dims/dims.js';
import type { DimSize } from './ir/dims/range.js';
import type { Model } from './ir/model.js';
import type { Limits } from './ir/options/budget.js';
import { abortSignal, any, called, optionsIn, text, truth } from './ir/options/options.js';
import {
  architectureOf,
  computesIn,
  HOST,
  isHost,
  providerOf,
  type Target,
  type TargetChoice,
  type TargetName,
} from './ir/targets/targets.js';
import { expectModel } from './ir/text/errors.js';
import { UsageError, unknownText } from './ir/text/usage-error.js';
import type { DataType } from './ir/types.js';
import { cloneModel, withLimits } from './ir/whole-model/clone.js';
import { rangesOf } from './ir/whole-model/ranges.js';
import { fileBytes } from './onnx/write.js';
import { holdsOn } from './run/cpus.js';
import { sizesOf } from './run/freeze.js';
import { canRun, machineOf, runsToVerify, versionsOf } from './run/machine.js';
import { expectGates, type OnGate, outcomeOf, requiredIn, requireGate } from './run/outcome.js';
import { type PassesLike, parsePasses } from './run/parse.js';
import type { Pass } from './run/pass.js';
import { deadlineOf, type TimeOptions } from './run/pipeline/deadline.js';
import { inOrder, type Placed, reasonOfPlace } from './run/pipeline/in-order.js';
import { runPipeline } from './run/pipeline/pipeline.js';
import type { PipelineOptions, Progress } from './run/pipeline/pipeline-options.js';
import type { PipelineResult, TracedRun } from './run/pipeline/pipeline-result.js';
import { packed } from './run/report/details/pack.js';
import { REPORT_VERSION, type Report } from './run/report/report.js';
import { type TargetCpu, targetCpusOf } from './run/target-cpu.js';
import { proofGate, type Verdict, type Verifier, type VerifyLevel } from './run/verify/verifier.js';
import { probedFor, probedVersions, probedWarning } from './runtime/kernels/probe/kept.js';
import { hasKernel } from './runtime/kernels.js';
import { kernelsOf } from './runtime/kernels-of.js';
import { onGate, type SchemasOf, settings } from './settings/option-schemas.js';
import { catalogueWith, type Plugin } from './settings/plugins.js';
import { partsWatch, stopwatchFor, tunedPipeline } from './tuned.js';
import type { GateOptions } from './validate/judge/gates.js';
import type { VerifierOptions } from './validate/whole.js';

/** How passes are run on a model, and what is verified of their result. */
export interface OptimizeOptions extends TimeOptions, OnGate, GateOptions {
  /**
   * The result's provider. Default `auto`, the best one that works here; where nothing is to be run, `cpu`, as finding
   * out would mean to run something.
   */
  readonly target?: TargetChoice;
  /** The kinds of CPU that the result is meant for. Default: all; int8 then takes weights that are right on each. */
  readonly targetCpu?: TargetCpu | readonly TargetCpu[];
  /** Default: `pass` for up to 64 MB of weights, `end` above; in a browser always `none`. */
  readonly verify?: VerifyLevel;
  /**
   * Races the passes whose purpose is speed against leaving them out, on one instance of every repeated block, on the
   * target's provider. A pass that is slower, or loses accuracy for nothing, is left out. Independent of `verify`.
   */
  readonly tune?: boolean;
  /** Seconds that tuning may measure in all. What is not measured then stays as it was asked for. */
  readonly tuneBudget?: number;
  /** The path of a file that keeps what was measured, for later calls. Default: this call alone. */
  readonly tuneCache?: string;
  /**
   * A file or folder with inputs: every gate is judged on them, and tuning measures at the sizes of the last. Default:
   * made-up inputs.
   */
  readonly inputs?: string;
  /** The seed of made-up inputs. Default 0. */
  readonly seed?: number;
  /** Whole shapes of inputs, by name: the result declares them, and is verified on them. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /**
   * Sizes of symbolic dims, by name: the result declares them, and is verified on them. A range keeps a dim symbolic,
   * and the result is verified and tuned at both ends and between.
   */
  readonly dims?: Readonly<Record<string, DimSize>>;
  /** Limits of the work that the model's numbers may ask for, by name. Default: those it was read with. */
  readonly budget?: Limits;
  /** Whether repeated blocks are compiled once. Default: where that leaves out two fifths of the nodes; true: wherever there are five repeats. */
  readonly regional?: boolean;
  /** Makes local functions of repeated blocks at the end: the pass `outline`. */
  readonly keepFunctions?: boolean;
  /** Files that export passes, rules and presets, which `passes` then may name, or those themselves. */
  readonly plugins?: readonly Plugin[];
  /** Whether the report says what became of each node: `graph`, `lineage`. That takes a few copies of the graph, and none of the weights. */
  readonly details?: boolean;
  /** Names of passes that must be applied: a gate fails for each that is not. */
  readonly require?: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
  /** The command, for the report. */
  readonly command?: string;
  /** Ends the work early: the promise rejects with the signal's reason, and no file is left behind. */
  readonly signal?: AbortSignal;
}

const optimizeOptions = z.object({
  ...settings(
    'budget',
    'plugins',
    'target',
    'targetCpu',
    'verify',
    'tune',
    'tuneBudget',
    'tuneCache',
    'inputs',
    'seed',
    'shapes',
    'dims',
    'regional',
    'keepFunctions',
    'require',
    'timeBudget',
    'maxError',
    'minCosine',
    'allowRollback',
  ),
  onGate,
  details: truth,
  onProgress: called<(progress: Progress) => void>(),
  command: text,
  signal: abortSignal,
  deadline: any,
} satisfies SchemasOf<OptimizeOptions>);

/**
 * Runs passes on a clone of the model: `optimize(model, 'fuse-attn,int8')` or `optimize(model, [passes.int8()])`.
 * Throws GateError, with the report, where the result as a whole breaks its gate, or a pass broke its own and was
 * rolled back. With `onGate: 'report'` it returns the result all the same, and `report.gates` and `report.outcome` tell
 * of it. Throws UsageError for an unknown option, pass, dim, input or function and where `tune` finds nothing to
 * measure, or nothing to measure with; ModelError for a fault of the model, PassError for a fault of a pass, TypeError
 * for an argument that is no model.
 */
export async function optimize(
  model: Model,
  passes: PassesLike,
  options: OptimizeOptions = {},
): Promise<{ model: Model; report: Report }> {
  const checked = optionsIn(optimizeOptions, options, 'optimize');
  expectModel(model, 'optimize', 'Of files: optimizeFile(path, passes)');
  return abortable(checked.signal, () => optimizeBy(withLimits(model, checked.budget), passes, checked));
}

/** Does the same with another final comparison than the verifier's. Where it `mayEdit`, nobody reads the model afterwards. */
export async function optimizeBy(
  model: Model,
  passes: PassesLike,
  options: OptimizeOptions & { readonly mayEdit?: boolean },
  atEnd?: PipelineOptions['atEnd'],
): Promise<{ model: Model; report: Report }> {
  const started = performance.now();
  const targetCpu = targetCpusOf(options.targetCpu);
  const catalogue = await catalogueWith(options.plugins);
  const named = parsePasses(options.keepFunctions ? [...asList(passes), outline()] : passes, catalogue);
  const runs = await runsToVerify(options.verify);
  const canEvaluate = await canRun();
  const name = await targetOf(options.target, runs || options.tune === true);
  const target = providerOf(name);
  const kernels = await kernelsOf(name);
  const asked = named.filter(({ serves }) => serves?.(target) ?? true);
  checkFunctions(asked, model);
  checkBatch(asked, model, options);
  const placed = inOrder(asked);
  const sized = withSizes(
    placed.map(({ pass }) => pass),
    model,
    options,
  );
  await checkInputs(model, options);
  const required = requiredIn(options.require ?? [], sized, catalogue);
  const seed = options.seed ?? 0;
  const list = withFloat32(sized, model, target);
  const isExact = list.every(({ definition }) => definition.fidelity === 'exact');
  const { shapes, dims, inputs, maxError, minCosine } = options;
  const deadline = deadlineOf(options);
  const stopwatch = options.tune ? await stopwatchFor(model, list, target, options) : undefined;
  const parts = runs ? partsWatch(model, target, options) : undefined;
  const pipeline: PipelineOptions = {
    ...kernels,
    evaluate: canEvaluate ? evaluate : undefined,
    fileBytes,
    ...(canEvaluate && (inputs === undefined ? { simulated: simulatedBy(seed) } : await activationsOn(inputs))),
    targetCpu,
    verify: options.verify,
    verifier: runs
      ? await verifierOf({ seed, shapes, dims, inputs, target, targetCpu, deadline, maxError, minCosine })
      : undefined,
    regional: options.regional,
    parts,
    atEnd,
    details: options.details,
    // Details, and the coverage by types, which exact passes leave as it was, are read from both ends.
    mayEdit: options.mayEdit && isExact && !runs && !options.details && !stopwatch,
    deadline,
    onProgress: options.onProgress,
    signal: options.signal,
  };
  const { result, tuning } = await (stopwatch
    ? tunedPipeline(model, list, pipeline, stopwatch, target)
    : runPipeline(model, list, pipeline).then((only) => ({ result: only, tuning: undefined }))
  ).finally(() => Promise.all([stopwatch?.close(), parts?.close()]));
  const probed = await probedFor(target);
  const warnings = [...result.warnings, ...probed.filter(({ differs }) => differs).map(probedWarning)];
  // Exact passes change no type; two models are inferred for it, which takes as long as some of them.
  const coverage = isExact ? undefined : await coverageIn(model, result, target, options);
  const { passes: told, trees } = withTrees(result.passes);
  const report: Report = {
    version: REPORT_VERSION,
    created: new Date().toISOString(),
    command: options.command,
    target,
    architecture: architectureOf(name),
    seed,
    verification: result.verification,
    fidelity: result.fidelity,
    cpus: isHost(target) ? await cpusOf(result.model, runs) : undefined,
    warnings: warnings.length > 0 ? warnings : undefined,
    repeats: result.repeats.length > 0 ? result.repeats : undefined,
    passes: toldOfOrder(told, placed),
    model: { before: result.before, after: result.after },
    coverage,
    cuts: deadline.cuts.length > 0 ? deadline.cuts : undefined,
    outcome: outcomeOf(result.passes),
    ranges: rangesIn(result.model),
    tuning,
    gates: [...gatesOf(result.verification.verdict), ...requireGate(required, result.passes)],
    machine: await machineOf(),
    versions: { ...(await versionsOf()), ...probedVersions(probed) },
    details: result.traced && (await detailsIn(result, result.traced, coverage, trees, { ...options, target })),
    ms: performance.now() - started,
  };
  expectGates(report, options);
  return { model: result.model, report };
}

/** The ranges of dims that the result states, of which nothing was measured yet. */
function rangesIn(model: Model): Report['ranges'] {
  const dims = rangesOf(model);
  return Object.keys(dims).length > 0 ? { dims, sizes: [] } : undefined;
}

/** Types of bytes and of arithmetic, at the sizes that people run models at where the model leaves them open. */
async function coverageIn(
  original: Model,
  { model, passes }: PipelineResult,
  target: Target,
  options: OptimizeOptions,
): Promise<Coverage> {
  return coverageOf(original, model, { target, passes, choices: await choicesOf(options) });
}

/** What became of each node, its work at the same sizes. */
async function detailsIn(
  result: PipelineResult,
  traced: TracedRun,
  coverage: Coverage | undefined,
  trees: Trees,
  options: OptimizeOptions & { readonly target: Target },
): Promise<Report['details']> {
  const { detailsOf } = await import('./details/details.js');
  const { shapesOf } = fittingChoice(traced.start, await choicesOf(options));
  const left = new Map(coverage?.left.flatMap(({ reason, weights }) => weights.map(({ name }) => [name, reason])));
  const details = packed(detailsOf(result, traced, options.target, shapesOf, left));
  return details && { ...details, ...(trees.length > 0 && { trees }) };
}

/** The results, with a note on each pass that ran elsewhere than it was written. */
function toldOfOrder(results: Report['passes'], placed: readonly Placed[]): Report['passes'] {
  const first = results.length - placed.length;
  return results.map((result, i) => {
    const moved = placed[i - first];
    if (moved?.behind === undefined) return result;
    return { ...result, notes: [{ text: reasonOfPlace(moved) }, ...result.notes] };
  });
}

/**
 * Puts `fp32` first where the model computes in floats that the target does not: no kernel of a fused operator takes these, and a result without a
 * quantization that broke its gate has to run too. Where all passes are exact only what does not run as it is. Where the list quantizes and stores the rest in
 * 16 bits again, stored weights become float32 as well: norms are folded into them, and what is rounded is what a float32 file would hold.
 */
function withFloat32(list: readonly Pass[], model: Model, target: Target): readonly Pass[] {
  if (!list.some(({ definition: { fuses, fidelity } }) => fuses || fidelity === 'lossy')) return list;
  const types = new Set([...model.graphs()].flatMap(({ constants }) => [...constants].map(({ elem }) => elem)));
  if (!(['float16', 'bfloat16', 'float64'] as const).some((type) => types.has(type))) return list;
  if (isStoredAgain(list) && isStorage(types, target)) return [fp32(), ...list];
  const typed = cloneModel(model);
  inferTypes(typed);
  const foreign = foreignTypes(typed, { target, hasKernel: (...call) => hasKernel(target, ...call) });
  const isExact = list.every(({ definition }) => definition.fidelity === 'exact');
  for (const type of foreign) if (isExact && isComplete(typed, type, target)) foreign.delete(type);
  return foreign.size > 0 ? [fp32({ foreign: true }), ...list] : list;
}

/** True where a list quantizes, and stores in 16 bits what has not become fewer. */
function isStoredAgain(list: readonly Pass[]): boolean {
  const last = list.findLastIndex(({ definition }) => definition.fidelity === 'lossy');
  return last >= 0 && list.slice(last).some(({ definition }) => definition.narrows);
}

/** True where the target computes in none of the other floats that constants are in. float64 may hold digits that are needed. */
const isStorage = (types: ReadonlySet<DataType | undefined>, target: Target): boolean =>
  !types.has('float64') &&
  (['float16', 'bfloat16'] as const).every((type) => !types.has(type) || !computesIn(target, type));

/** True where the model runs in this type: every node that gives it has a kernel, on the target or on the CPU, whose runtime adds casts around float16 itself. */
const isComplete = (model: Model, type: DataType, target: Target): boolean =>
  type === 'float16' ||
  [...model.graphs()].every((graph) =>
    [...graph.nodeSet].every(
      ({ opType, domain, opset = 1, outputs }) =>
        outputs.every((value) => value?.elem !== type) ||
        [target, HOST].some((one) => hasKernel(one, opType, domain, opset, type)),
    ),
  );

/** Turns the settings `dims` and `shapes` into a pass that goes first, so that the report tells of it. */
function withSizes(list: readonly Pass[], model: Model, { dims = {}, shapes = {} }: OptimizeOptions): readonly Pass[] {
  if (Object.keys(dims).length + Object.keys(shapes).length === 0) return list;
  sizesOf(model, { dims, shapes });
  const lists = Object.entries(shapes).map(([name, shape]) => [name, [...shape]]);
  return [freeze({ dims, shapes: Object.fromEntries(lists) }), ...list];
}

/**
 * Throws UsageError where `inline` names a function that the model does not have. Behind `outline` the model has
 * others.
 */
function checkFunctions(list: readonly Pass[], { functions }: Model): void {
  const end = list.findIndex(({ definition }) => definition.name === outline.definition.name);
  const names = functions.map(({ name }) => name);
  for (const { definition, options } of end < 0 ? list : list.slice(0, end)) {
    if (definition.name !== inline.definition.name) continue;
    for (const name of (options as { readonly only: readonly string[] }).only)
      if (!names.includes(name)) throw new UsageError(`pass inline: ${unknownText('local function', name, names)}`);
  }
}

/** Throws UsageError where the first pass is to open a batch that is open. A batch that is given a size is not. */
function checkBatch([pass]: readonly Pass[], { graph }: Model, { dims = {}, shapes = {} }: OptimizeOptions): void {
  if (pass?.definition.name !== symbolicBatch.definition.name || Object.keys(shapes).length > 0) return;
  const inputs = graph.inputs.filter(({ shape }) => (shape?.length ?? 0) > 1);
  const open = inputs.find(({ shape }) => typeof shape?.[0] === 'object' && !Object.hasOwn(dims, dimText(shape[0])));
  if (open === undefined || inputs.some(({ shape }) => shape?.[0] === 1)) return;
  const { name } = pass.options as { readonly name: string };
  throw new UsageError(
    `--dim batch=${name}: expected a batch that the file fixes at 1; found "${open.name}" [${open.shape?.map(dimText).join(', ')}], which takes any batch`,
  );
}

const asList = (passes: PassesLike) => (typeof passes === 'string' ? [passes] : passes);

/**
 * Gates of a verdict. A comparison without an outcome does not fail the accuracy gate; the missing comparison may fail
 * another gate.
 */
function gatesOf(verdict: Verdict | undefined): Report['gates'] {
  if (!verdict) return [];
  const { outcome, detail } = verdict;
  if (outcome === 'unknown') return proofGate(verdict);
  return [{ name: 'accuracy', passed: outcome === 'accepted', detail }];
}

/**
 * The CPUs for which the numbers hold; where these are not all, with this machine's own behaviour, as measurements
 * depend on it.
 */
async function cpusOf(model: Model, runs: boolean): Promise<Report['cpus']> {
  const found = holdsOn(model);
  if (!found || found.isExact || !runs) return found && { exact: found.isExact, text: found.text };
  const { saturates } = await import('./runtime/saturation.js');
  const here = (await saturates()) ? 'saturates' : 'does not saturate';
  return { exact: false, text: `${found.text} (the one at hand ${here})` };
}

/** Resolves the target, by probing providers where it is `auto`. */
export async function targetOf(target: TargetChoice | undefined, runs: boolean): Promise<TargetName> {
  if (target !== undefined && target !== 'auto') return target;
  if ((target === undefined && !runs) || !(await canRun())) return HOST;
  return (await import('./runtime/providers.js')).resolveTarget('auto');
}

const evaluate = async (model: Model) => (await import('./runtime/evaluate.js')).evaluateModel(model);

/** Passes are given numbers of the user's inputs whatever is verified. */
async function activationsOn(inputs: string): Promise<Pick<PipelineOptions, 'activations' | 'inputSets'>> {
  const { countSets, measureActivations } = await import('./validate/activations/measure.js');
  return {
    activations: (model, requests, share) => measureActivations(model, requests, inputs, share),
    inputSets: countSets(inputs),
  };
}

const simulatedBy =
  (seed: number): PipelineOptions['simulated'] =>
  async (model, requests) =>
    (await import('./validate/activations/measure.js')).simulateActivations(model, requests, seed);

const verifierOf = async (options: VerifierOptions): Promise<Verifier> =>
  (await import('./validate/verifier.js')).createVerifier(options);
