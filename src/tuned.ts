/** Tuning as `optimize` does it: the stopwatch, whose races are kept in a file, and the result held against the one without tuning. */

import type { Model } from './ir/model.js';
import { HOST, isHost, type Target } from './ir/targets/targets.js';
import { UsageError } from './ir/text/usage-error.js';
import { machineOf, versionsOf } from './run/machine.js';
import type { Pass } from './run/pass.js';
import { runPipeline } from './run/pipeline/pipeline.js';
import type { PipelineOptions } from './run/pipeline/pipeline-options.js';
import type { PipelineResult } from './run/pipeline/pipeline-result.js';
import type { Report } from './run/report/report.js';
import type { RaceOutcome, SessionChoice, Stopwatch } from './run/tune/trial.js';
import { variantsOf } from './run/tune/tuning.js';
import { isTunedOtherwise, raceSessions, raceWhole } from './run/tune/whole.js';
import { builtIn } from './settings/plugins.js';
import type { RaceStore } from './validate/speed/kept-races.js';

export interface TuneOptions {
  readonly tuneCache?: string;
  readonly tuneBudget?: number;
  readonly inputs?: string;
  readonly seed?: number;
}

export type TuneWatch = Stopwatch & {
  readonly device: string;
  readonly store: RaceStore | undefined;
  close(): Promise<void>;
};

/** Throws UsageError where tuning is impossible: nothing to tune, or nothing to measure with. */
export async function stopwatchFor(
  model: Model,
  list: readonly Pass[],
  target: Target,
  { seed, inputs, tuneCache, tuneBudget }: TuneOptions,
): Promise<TuneWatch> {
  const isTuned = (pass: Pass) => variantsOf(pass, { target }).length > 0;
  if (!list.some(isTuned)) {
    const names = builtIn.passes.flatMap((factory) => (isTuned(factory()) ? [factory.definition.name] : []));
    const found = list.map(({ definition }) => definition.name).join(', ') || 'none';
    throw new UsageError(`tune: expected a pass for speed on ${target} (${names.join(', ')}); found ${found}`);
  }
  const { workingProvider } = await import('./runtime/providers.js');
  if ((await workingProvider(target)) !== target)
    throw new UsageError(
      `tune: expected ${target} to work here; it does not, and times of another provider say nothing of it`,
    );
  return keptWatch(model, target, { seed, inputs, tuneCache, budgetMs: tuneBudget && tuneBudget * 1000 });
}

/** A stopwatch at the sizes of a model and its inputs, whose races are kept in the file of `tuneCache`. */
async function keptWatch(
  model: Model,
  target: Target,
  { seed, inputs, tuneCache, raceMs, budgetMs }: WatchOptions,
): Promise<TuneWatch> {
  const { deviceText } = await import('./runtime/providers.js');
  const { createStopwatch, sizesInData } = await import('./validate/speed/stopwatch.js');
  const { keptStopwatch } = await import('./validate/speed/kept-races.js');
  const dims = inputs === undefined ? {} : sizesInData(inputs, model);
  const store =
    tuneCache === undefined ? undefined : await (await import('./job/tune-cache.js')).openTuneCache(tuneCache);
  const device = isHost(target) ? ((await machineOf())?.cpu ?? '') : await deviceText(target);
  const { 'onnxruntime-node': runtime = '', 'onnx-passes': version = '' } = await versionsOf();
  const watch = createStopwatch({ provider: target, seed, dims, budgetMs: raceMs });
  const conditions = { provider: target, device, runtime, version };
  return { ...keptStopwatch(watch, { store, conditions, dims, budgetMs }), device, store };
}

interface WatchOptions extends Pick<TuneOptions, 'seed' | 'inputs' | 'tuneCache'> {
  /** Milliseconds of one race, and of all. */
  readonly raceMs?: number;
  readonly budgetMs?: number | undefined;
}

/** Milliseconds of a race of two products, and of all of a model. */
const PARTS = { raceMs: 200, budgetMs: 30_000 };

/** A stopwatch for parts of a model. It starts when it is first asked; its races are kept where those of tuning are. */
export function partsWatch(
  model: Model,
  target: Target,
  options: Pick<TuneOptions, 'seed' | 'inputs' | 'tuneCache'>,
): Stopwatch & { close(): Promise<void> } {
  let started: Promise<TuneWatch | undefined> | undefined;
  const start = async (): Promise<TuneWatch | undefined> => {
    const { workingProvider } = await import('./runtime/providers.js');
    if ((await workingProvider(target)) !== target) return undefined;
    const { usableCachePath } = await import('./job/tune-cache.js');
    const tuneCache = options.tuneCache ?? (await usableCachePath());
    return keptWatch(model, target, { ...options, tuneCache, ...PARTS });
  };
  return {
    async race(without, changed, whole) {
      const watch = await (started ??= start());
      return watch ? watch.race(without, changed, whole) : { kind: 'unknown', reason: `${target} does not work here` };
    },
    close: async () => (await started)?.close(),
  };
}

/** The ways to make sessions that are raced, by provider. None rounds more; some (one thread, fewer fusions, another layout) may add up floats in another order. */
const sessions: Partial<Record<Target, readonly SessionChoice[]>> = {
  [HOST]: [
    { intraOpNumThreads: 1 },
    { graphOptimizationLevel: 'extended' },
    { enableMemPattern: false },
    { enableCpuMemArena: false },
  ],
  webgpu: [{ preferredLayout: 'NCHW' }],
};

/** Runs the passes with tuning. Where what comes of it is slower than without, that is the result. */
export async function tunedPipeline(
  model: Model,
  list: readonly Pass[],
  options: PipelineOptions,
  watch: TuneWatch,
  target: Target,
): Promise<{ readonly result: PipelineResult; readonly tuning: Report['tuning'] }> {
  const tuned = await runPipeline(model, list, { ...options, stopwatch: watch });
  const say = (about: string): void =>
    options.onProgress?.({ step: 'tune', pass: 'all', position: list.length - 1, count: list.length, about });
  const untuned = { ...options, verify: 'none', verifier: undefined, atEnd: undefined } as const;
  if (isTunedOtherwise(tuned)) say('the result against the one without tuning');
  const whole = isTunedOtherwise(tuned)
    ? await raceWhole((await runPipeline(model, list, untuned)).model, tuned.model, watch)
    : undefined;
  const result = whole?.kept === false ? await runPipeline(model, list, options) : tuned;
  const trials = await raceSessions(result.model, sessions[target] ?? [], watch, say);
  return {
    result: whole?.kept === false ? { ...result, passes: withTrials(result, tuned) } : result,
    tuning: {
      device: watch.device,
      ...(watch.store?.fault !== undefined && { cacheFault: watch.store.fault }),
      ...(whole && { whole: { kept: whole.kept, ...toldOf(whole.outcome) } }),
      sessions: trials.map(({ options: own, kept, outcome }) => ({ options: own, kept, ...toldOf(outcome) })),
    },
  };
}

/** The passes of a result without tuning, with what was measured on the way to it. */
const withTrials = ({ passes }: PipelineResult, tuned: PipelineResult): PipelineResult['passes'] =>
  passes.map((pass, i) => {
    const { tuning, tuneMs } = tuned.passes[i] ?? {};
    return { ...pass, tuning: tuning?.map((row) => ({ ...row, kept: row.variant === pass.name })), tuneMs };
  });

function toldOf(outcome: RaceOutcome) {
  if (outcome.kind !== 'timed') return { reason: outcome.reason };
  const { kind: _, ms: __, ...speed } = outcome;
  return { speed };
}
