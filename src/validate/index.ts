/** Validates a result against its original by running both: accuracy, speed, and the placement of nodes. */
import type { Limits } from '../ir/budget.js';
import type { Model } from '../ir/model.js';
import type { Say } from '../ir/outlook.js';
import { type Deadline, deadlineOf, type TimeOptions } from '../run/deadline.js';
import type { Fidelity } from '../run/pass.js';
import type { TargetCpu } from '../run/target-cpu.js';
import type { Verdict } from '../run/verify/verifier.js';
import { onceMore, type Provider, RuntimeError, RuntimeProcess } from '../runtime/isolate.js';
import { runLimitsOf } from '../runtime/limits.js';
import { resolveTarget } from '../runtime/providers.js';
import { elsewhere } from './elsewhere.js';
import type { BranchCoverage } from './inputs/branches.js';
import { withCoverage } from './inputs/coverage.js';
import type { RowEffect } from './inputs/rows.js';
import type { OutputAccuracy } from './judge/accuracy.js';
import { measureAccuracy, orUncompared, uncompared } from './judge/accuracy-report.js';
import { attainable, type Gate, type GateOptions, gateOf } from './judge/gates.js';
import { gatesOf } from './judge/held-gates.js';
import { measurePlacement, type PlacementReport } from './placement.js';
import { type Reference, type ReferenceOptions, referenceOf } from './reference.js';
import { type MeasuredRollout, type MeasureOptions, measureRollout, withRollout } from './rollout/measure.js';
import type { Form } from './sides/forms.js';
import { namingOverflow, portsNote, withPortsOf } from './sides/same-ports.js';
import { standInOf } from './sides/stand-in.js';
import { type Subject, subjectOf } from './sides/subject.js';
import { twinOf } from './sides/twin.js';
import type { SpeedOptions, SpeedReport } from './speed/speed.js';
import { timesOf, timingOf } from './speed/timing.js';

export interface ValidateOptions
  extends Omit<ReferenceOptions, 'provider'>,
    GateOptions,
    Omit<SpeedOptions, 'runEstimateMs' | 'onTime'>,
    TimeOptions,
    Pick<MeasureOptions, 'rollout'> {
  /** Default `auto`: cuda, else webgpu on real hardware, else cpu. */
  readonly provider?: Provider | 'auto';
  /** The strongest kind of change that the passes may make to numbers; default exact. */
  readonly fidelity?: Fidelity;
  /** The least ratio of the original's time to the result's. A ratio inside the noise counts as 1. */
  readonly minSpeedup?: number;
  /** Fail where a node runs on another provider. */
  readonly failOnFallback?: boolean;
  /** Default: true, except on a software device, as its times do not predict a GPU's. */
  readonly speed?: boolean;
  /** True if no pass changed anything. */
  readonly isUnchanged?: boolean;
  /** Called now and then with the current step, the share that is done and the time left, in words. */
  readonly onProgress?: Say;
  /** The CPUs that the result is meant for. */
  readonly targetCpu?: TargetCpu | readonly TargetCpu[];
  /** The provider that the result is meant for, where it does not work here and another stands in. */
  readonly absent?: Provider;
  /** Limit of one load or run; default 5 minutes. */
  readonly timeoutMs?: number;
  readonly allowOutsideData?: boolean;
  /** Limits of the work that a model's numbers may ask for, by name. */
  readonly budget?: Limits;
}

export interface AccuracyReport {
  readonly provider: Provider;
  /** Each set of inputs in words: its source and shapes. */
  readonly inputs: readonly string[];
  /** The worst value of each measure over all inputs, with the runtime's optimizations off and on. */
  readonly outputs: readonly OutputAccuracy[];
  /** Faults under any gate: the result does not run, crashes, lacks an output, or gives another shape or type. */
  readonly failures: readonly string[];
  /**
   * Outputs that were not compared, with the reason. An empty name stands for all of them: the original does not run.
   */
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
  readonly notes: readonly string[];
  /** Inputs for which the gate does not hold, and findings on made-up inputs beside given ones. */
  readonly warnings: readonly string[];
  /** The forms of arithmetic that were run. */
  readonly forms?: readonly Form[];
  /** The effect of the runtime's own optimizations on the original's outputs, without any pass. */
  readonly runtimeOwn?: readonly OutputAccuracy[];
  /** The branches that ran; undefined for a model without branches. */
  readonly branches?: BranchCoverage;
  /**
   * The effect of one odd row on the other rows of a batch that the passes introduced. Undefined where rows are not
   * independent, or were not tried.
   */
  readonly rows?: readonly RowEffect[];
  readonly verdict: Verdict;
  /** The applied gate, and its fidelity. */
  readonly gate: Gate;
  readonly fidelity: Fidelity;
}

/**
 * One condition on the result. `require`: a pass must be part of it; `proof`: a change of numbers must have been
 * compared.
 */
export interface GateResult {
  readonly name: 'accuracy' | 'speed' | 'placement' | 'require' | 'proof';
  readonly passed: boolean;
  /** The measured value and the limit, in words. */
  readonly detail: string;
}

export interface Validation {
  readonly accuracy: AccuracyReport;
  /** Undefined where no output feeds an input, or one of the two does not run. */
  readonly rollout: MeasuredRollout | undefined;
  /** Undefined where it was not asked for, or one of the two does not run. */
  readonly speed: SpeedReport | undefined;
  /** The reason for missing times where they were not declined; otherwise undefined. */
  readonly notTimed: string | undefined;
  /** Where the result's nodes ran; undefined on the CPU, which has nothing to fall back to. */
  readonly placement: PlacementReport | undefined;
  readonly gates: readonly GateResult[];
  /** Work that was left out for lack of time, in words; undefined where nothing was. */
  readonly cuts: readonly string[] | undefined;
}

/**
 * Compares a result with its original. The reference is the original with the runtime's own optimizations off; the
 * result runs with them off and on. A crash of the runtime becomes part of the report. Throws ModelError for files that
 * are no models and for test data that cannot be fed, RangeError for shapes that the model excludes.
 */
export async function validate(
  original: string | Uint8Array | Model,
  result: string | Uint8Array | Model,
  options: ValidateOptions = {},
): Promise<Validation> {
  const deadline = deadlineOf(options);
  return deadline.spend(() => validateWithin(deadline, original, result, options));
}

/** Milliseconds that the original may run on more sets of inputs than the minimum. */
const SETS_MS = 150;

async function validateWithin(
  deadline: Deadline,
  original: string | Uint8Array | Model,
  result: string | Uint8Array | Model,
  options: ValidateOptions,
): Promise<Validation> {
  const provider = await resolveTarget(options.provider ?? 'auto');
  const subjects: Subject[] = [];
  const runtimes: RuntimeProcess[] = [];
  try {
    // Processes start early: they load the runtime while the models are read and written.
    for (let i = 0; i < 2; i++) runtimes.push(await RuntimeProcess.start(options));
    for (const given of [original, result]) subjects.push(await subjectOf(given, options));
    const [given, made] = subjects as [Subject, Subject];
    const twin = twinOf(given.model, made.model);
    let a = twin ? await subjectOf(twin.model) : given;
    if (twin) subjects.push(a);
    const [first, second] = runtimes as [RuntimeProcess, RuntimeProcess];
    second.limits = runLimitsOf(a.model);
    const fidelity = attainable(options.fidelity ?? 'exact', a.model);
    const gate = gateOf(fidelity, provider, options);
    const began = performance.now();
    const say = (what: string, leftMs?: number): void => {
      const ms = performance.now() - began;
      options.onProgress?.(what, leftMs === undefined ? undefined : { share: ms / (ms + leftMs), leftMs });
    };
    say('running the original');
    const setsBudgetMs = Math.min(SETS_MS, deadline.share(0.1));
    const ran = ({ model, source }: Subject) =>
      orUncompared(() => onceMore(() => referenceOf(first, model, source, { ...options, provider, setsBudgetMs })));
    let reference = await ran(a);
    const standIn = 'failed' in reference && provider === 'cpu' ? standInOf(a.model, reference.detail) : undefined;
    if (standIn) {
      a = await subjectOf(standIn);
      subjects.push(a);
      reference = await ran(a);
    }
    const ports = withPortsOf(a.model, made.model);
    const b = ports ? await subjectOf(ports.model) : made;
    if (ports) subjects.push(b);
    const { on, notTimed } = standIn
      ? { on: provider, notTimed: 'not timed: the CPU has no kernels for the original' }
      : await timingOf(given, made, provider, options);
    const contestants = [
      { model: a.model, runtime: first, subject: async () => a },
      { model: b.model, runtime: second, subject: async () => b },
    ] as const;
    const report = { provider, gate, fidelity };
    const found =
      'failed' in reference
        ? reference
        : await orUncompared(() => measureAccuracy(reference, contestants, report, { ...options, deadline }, say));
    const accuracy =
      'failed' in found
        ? uncompared(report, found, options.absent)
        : { ...found, verdict: namingOverflow(found.verdict, reference as Reference, ports) };
    const run =
      'failed' in reference || 'failed' in found || accuracy.failures.length
        ? undefined
        : reference.runs[reference.base - 1];
    const covered = run ? await withCoverage(accuracy, reference as Reference, contestants) : accuracy;
    const rolled =
      run &&
      (await measureRollout(reference as Reference, contestants, { ...options, provider, gate, fidelity, deadline }));
    const notes: string[] = [];
    if (ports) notes.push(portsNote(ports));
    if (standIn) notes.push('the original ran in emulated arithmetic, since the CPU has no kernels for it');
    if (twin && !twin.isPart) notes.push('the original ran with operators behind it that make tensors of its outputs');
    const contenders = {
      original: { runtime: first, model: twin?.isPart ? given.source : a.source },
      result: { runtime: second, model: b.source },
    };
    const measured = await attempt(notes, async () =>
      run && options.speed !== false && notTimed === undefined
        ? timesOf(contenders, a.model, run, on, { ...options, deadline, onTime: (ms) => say('timing', ms) })
        : undefined,
    );
    const placement = await attempt(notes, async () =>
      run && provider !== 'cpu' ? measurePlacement(second, b.source, provider, run.feeds.tensors) : undefined,
    );
    const { absent } = options;
    const there =
      run && absent && absent !== 'cpu'
        ? await elsewhere(reference as Reference, contestants[1], absent, fidelity)
        : { placement: undefined, warnings: [] };
    const judged = withRollout(covered, rolled);
    const complete = {
      ...judged,
      notes: [...judged.notes, ...notes],
      warnings: [...judged.warnings, ...there.warnings],
    };
    const placed = placement ?? there.placement;
    const timed = { speed: measured, notTimed: run && notTimed };
    const gates = gatesOf(complete, timed, placed, options);
    const cuts = deadline.cuts.length > 0 ? deadline.cuts : undefined;
    return { accuracy: complete, rollout: rolled, ...timed, placement: placed, gates, cuts };
  } finally {
    for (const runtime of runtimes) await runtime.close();
    for (const subject of subjects) subject.close();
  }
}

async function attempt<T>(notes: string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    notes.push(`could not be measured: ${error.message}`);
    return undefined;
  }
}
