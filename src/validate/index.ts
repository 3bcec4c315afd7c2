/** Validates a result against its original by running both: accuracy, speed, and the placement of nodes. */

import type { Model } from '../ir/model.js';
import { isHost, referenceProvider } from '../ir/targets/targets.js';
import { rangesOf } from '../ir/whole-model/ranges.js';
import { type Deadline, deadlineOf } from '../run/pipeline/deadline.js';
import { onceMore, RuntimeError, RuntimeProcess } from '../runtime/isolate.js';
import { useProbed } from '../runtime/kernels/probe/kept.js';
import { runLimitsOf } from '../runtime/limits.js';
import { resolveTarget } from '../runtime/providers.js';
import { elsewhere } from './elsewhere.js';
import { withCoverage } from './inputs/coverage.js';
import { atPoint, rangesFor } from './inputs/points.js';
import { measureAccuracy, orUncompared, uncompared } from './judge/accuracy-report.js';
import { attainable, gateOf } from './judge/gates.js';
import { gatesOf } from './judge/held-gates.js';
import { placementOn } from './placement-on.js';
import { profilesOf } from './profile.js';
import { type Reference, referenceOf } from './reference.js';
import type { ReferenceRun } from './reference-runs.js';
import { measureRollout, withRollout } from './rollout/measure.js';
import { rowsAlone } from './rows-alone.js';
import { type PreparedModel, prepareModel } from './sides/prepared-model.js';
import { namingOverflow, portsNote, withPortsOf } from './sides/same-ports.js';
import { standInOf } from './sides/stand-in.js';
import { twinOf } from './sides/twin.js';
import type { SpeedReport } from './speed/speed.js';
import { timesOf, timingOf } from './speed/timing.js';
import type { SizeFindings, ValidateOptions, Validation } from './validation.js';

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
  asked: ValidateOptions,
): Promise<Validation> {
  const provider = await resolveTarget(asked.provider ?? 'auto');
  await useProbed();
  const preparedModels: PreparedModel[] = [];
  const runtimes: RuntimeProcess[] = [];
  try {
    // Processes start early: they load the runtime while the models are read and written.
    for (let i = 0; i < 2; i++) runtimes.push(await RuntimeProcess.start(asked));
    const given = await prepareModel(original, asked);
    preparedModels.push(given);
    const made = await prepareModel(result, { ...asked, file: asked.resultFile });
    preparedModels.push(made);
    // Both are run at sizes that the result was made for.
    const options = { ...asked, dims: { ...rangesOf(made.model), ...asked.dims } };
    const twin = twinOf(given.model, made.model);
    let a = twin ? await prepareModel(twin.model) : given;
    if (twin) preparedModels.push(a);
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
    const asReference = { ...options, provider: referenceProvider(provider), setsBudgetMs };
    const ran = ({ model, source }: PreparedModel) =>
      orUncompared(() => onceMore(() => referenceOf(first, model, source, asReference)));
    // Of a twin, which depends on the result, the runs are its own.
    const { baseline } = options;
    const known = twin ? undefined : baseline?.reference;
    let ports = withPortsOf(a.model, made.model);
    // Large models load both at once.
    if (second.limits === undefined && isHost(provider)) {
      if (!known) first.preload(a.source, { provider });
      if (!ports) second.preload(made.source, { provider });
    }
    let reference = known ?? (await ran(a));
    if (baseline && !twin && !('failed' in reference)) baseline.reference = reference;
    const standIn =
      'failed' in reference && isHost(asReference.provider) ? standInOf(a.model, reference.detail) : undefined;
    if (standIn) {
      a = await prepareModel(standIn);
      preparedModels.push(a);
      reference = await ran(a);
      ports = withPortsOf(a.model, made.model);
    }
    const b = ports ? await prepareModel(ports.model) : made;
    if (ports) preparedModels.push(b);
    const { on, notTimed } = standIn
      ? { on: provider, notTimed: 'not timed: the CPU has no kernels for the original' }
      : await timingOf(given, made, provider, options);
    const compared = [
      { model: a.model, runtime: first, prepared: async () => a },
      { model: b.model, runtime: second, prepared: async () => b },
    ] as const;
    const report = { provider, gate, fidelity };
    const found =
      'failed' in reference
        ? reference
        : await orUncompared(() => measureAccuracy(reference, compared, report, { ...options, deadline }, say));
    const alike =
      'failed' in found
        ? uncompared(report, found, options.absent)
        : { ...found, verdict: namingOverflow(found.verdict, reference as Reference, ports) };
    const rows =
      alike.verdict.outcome === 'accepted'
        ? await rowsAlone(second, ...compared, { gate, seed: options.seed })
        : undefined;
    const accuracy = rows ? { ...alike, verdict: rows } : alike;
    const run =
      'failed' in reference || 'failed' in found || accuracy.failures.length
        ? undefined
        : reference.runs[reference.base - 1];
    const covered = run ? await withCoverage(accuracy, reference as Reference, compared) : accuracy;
    const rolled =
      run &&
      (await measureRollout(reference as Reference, compared, { ...options, provider, gate, fidelity, deadline }));
    const notes: string[] = [];
    if (ports) notes.push(portsNote(ports));
    if (standIn) notes.push('the original ran in emulated arithmetic, since the CPU has no kernels for it');
    if (twin && !twin.isPart) notes.push(`the original ran with operators around it that give it the result's ports`);
    const raced = {
      original: { runtime: first, model: twin?.isPart ? given.source : a.source },
      result: { runtime: second, model: b.source },
    };
    const profiled = {
      original: { runtime: first, model: twin?.isPart ? given.model : a.model },
      result: { runtime: second, model: b.model },
    };
    const timing = { ...options, deadline, onTime: (ms: number) => say('timing', ms) };
    const sizes: SizeFindings[] = [];
    const measured = await attempt(notes, async () => {
      if (!run || options.speed === false || notTimed !== undefined) return undefined;
      const at = (reference as Reference).runs.filter(({ point }) => point);
      if (at.length === 0) return timesOf(raced, a.model, run, on, timing);
      for (const one of accuracy.sizes ?? []) {
        const ran = at.find(({ point }) => point?.dims === one.dims) as ReferenceRun;
        const speed = one.at === 'mixed' ? undefined : await timesOf(raced, a.model, ran, on, atPoint(timing, one));
        sizes.push({ ...one, ...(speed && { speed }) });
      }
      return leastGain(sizes);
    });
    const profiles = options.profile && run ? await profilesOf(profiled, on, run.feeds.tensors) : undefined;
    const placement = await attempt(notes, async () => run && placementOn(provider, second, b, run.feeds.tensors));
    const { absent } = options;
    const there =
      run && absent && !isHost(absent)
        ? await elsewhere(reference as Reference, compared[1], absent, fidelity)
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
    const dims = rangesFor(made.model, options);
    const ranges = accuracy.sizes && { dims, sizes: sizes.length > 0 ? sizes : accuracy.sizes };
    const { sizes: _, ...told } = complete;
    return { accuracy: told, rollout: rolled, ranges, ...timed, placement: placed, gates, cuts, profiles };
  } finally {
    for (const runtime of runtimes) await runtime.close();
    for (const prepared of preparedModels) prepared.close();
  }
}

/** The times at the size where the result gains least, or loses most. What is inside the noise is neither. */
function leastGain(sizes: readonly SizeFindings[]): SpeedReport | undefined {
  const gain = ({ ratio, significant }: SpeedReport): number => (significant ? ratio : 1);
  return sizes
    .flatMap(({ speed }) => speed ?? [])
    .reduce<SpeedReport | undefined>((least, one) => (!least || gain(one) <= gain(least) ? one : least), undefined);
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
