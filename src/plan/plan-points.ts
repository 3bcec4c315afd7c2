/** The points of a frontier: which mixes are run, how fast they are, and the command of each. */
import { assigned, assignmentOf } from '../../passes/fit/assign.js';
import { formText } from '../../passes/fit/form.js';
import { type FitLimits, type FitSearch, leastError, type Mix, mixWithin } from '../../passes/fit/search.js';
import type { Model } from '../ir/model.js';
import type { Target } from '../ir/targets/targets.js';
import type { Deadline } from '../run/pipeline/deadline.js';
import type { PlanPoint } from '../run/plan-schema.js';
import type { Stopwatch, TimedOutcome } from '../run/tune/trial.js';
import { type Allowed, commandOf, type PointSettings } from './command.js';

/** So many sizes of the frontier are run. */
const POINTS = 10;
/** Other inputs see an error that is this many times as large. */
const ROOM = 1.25;
/** Milliseconds of the race of one of them. */
const RACE_MS = 300;
/** The errors for which the fastest mix is run, where forms save time. */
const ERRORS = [0.01, 0.03, 0.1];

/** What a point is asked for: a share of the input in percent, and an error where it is to be the fastest within both. */
interface PointLimits {
  readonly percent: number;
  readonly error?: number;
}

/** Shares at even distances from the smallest file to the model as it is; of that size, the fastest ones. */
export function limitsOf(
  { model, outlook, fileBytes, weights, target }: FitSearch,
  inputBytes: number,
): readonly PointLimits[] {
  const isFaster = weights.some(({ forms }) => forms.some(({ savedMs = 0 }) => savedMs > 0));
  const count = isFaster ? POINTS - ERRORS.length : POINTS;
  const smallest = fileBytes(assigned(model, assignmentOf(weights, outlook.smallest()), target));
  const [least, most] = [smallest, fileBytes(model)].map((bytes) => (100 * bytes) / inputBytes) as [number, number];
  // Halves lie as far apart as eighths. Rounded up: the file fits.
  const all = Array.from({ length: count }, (_, i) => Math.ceil(10 * least * (most / least) ** (i / (count - 1))) / 10);
  const whole = all.at(-1) as number;
  return [
    ...[...new Set(all)].map((percent) => ({ percent })),
    ...(isFaster ? ERRORS.map((error) => ({ percent: whole, error })) : []),
  ];
}

/** The mix that the command of a point makes, with the error that the command allows, if any. The search is that of `fit` itself. */
export async function mixAt(
  { bytes, error }: FitLimits & { readonly bytes: number },
  search: FitSearch,
  searchWithin: (allowed: Allowed) => FitSearch,
): Promise<{ readonly mix: Mix; readonly allowed: Allowed | undefined } | string> {
  const nearest = error === undefined ? await leastError(search, bytes) : undefined;
  if (typeof nearest === 'string') return nearest;
  const allowed = error === undefined ? nearest && allowedFor(nearest) : { maxError: error };
  // With an error that is allowed, the command makes the fastest mix within it.
  const mix = allowed ? await mixWithin(searchWithin(allowed), { bytes, error: allowed.maxError }) : nearest;
  if (mix !== undefined && typeof mix !== 'string') return { mix, allowed };
  return nearest ? { mix: nearest, allowed: undefined } : (mix ?? '');
}

/** A race of the mix against the model as it is; undefined where there is no time for it, or it does not run. */
export async function raceOf(
  before: Model,
  { assignment }: Mix,
  { target, watch }: { readonly target: Target; readonly watch: Stopwatch | undefined },
  deadline: Deadline,
): Promise<TimedOutcome | undefined> {
  if (!watch || assignment.size === 0 || !deadline.allows(8 * RACE_MS, 'times of some mixes')) return undefined;
  const mixed = assigned(before, assignment, target);
  const outcome = await deadline.spend(() => watch.race(before, mixed, before));
  return outcome.kind === 'timed' ? outcome : undefined;
}

export async function stopwatchOn(target: Target, seed: number) {
  const { workingProvider } = await import('../runtime/providers.js');
  if ((await workingProvider(target)) !== target) return undefined;
  const { createStopwatch } = await import('../validate/speed/stopwatch.js');
  return createStopwatch({ provider: target, seed, budgetMs: RACE_MS });
}

export interface PointOptions {
  readonly inputBytes: number;
  /** What was asked for. */
  readonly percent: number;
  readonly settings: PointSettings;
  readonly race: Awaited<ReturnType<typeof raceOf>>;
  readonly allowed: Allowed | undefined;
  readonly weights: FitSearch['weights'];
}

export function pointOf(
  input: string,
  outlook: FitSearch['outlook'],
  { choice, bytes, predicted, measured, rejected }: Mix,
  { weights, inputBytes, percent, settings, race, allowed }: PointOptions,
): PlanPoint {
  const byForm = new Map<string, { count: number; bytes: number }>();
  weights.forEach(({ forms }, i) => {
    const chosen = forms[choice[i] as number] as (typeof forms)[number];
    const sum = byForm.get(formText(chosen.form)) ?? { count: 0, bytes: 0 };
    byForm.set(formText(chosen.form), { count: sum.count + 1, bytes: sum.bytes + chosen.bytes });
  });
  const speed = race && { ratio: race.ratio, ...race.interval, significant: race.significant };
  return {
    ...{ bytes, share: bytes / inputBytes, predicted, error: measured ?? null },
    ...(race?.ms !== undefined && { ms: race.ms }),
    speed,
    savedMs: outlook.savedMs(choice),
    forms: [...byForm].map(([form, sum]) => ({ form, ...sum })),
    // Some limits have no option: such a command would be refused.
    ...(rejected === undefined ? { command: commandOf(input, percent, settings, allowed) } : { refused: rejected }),
  };
}

/** The limits that a mix beyond the usual gate takes; undefined where that gate holds, or nothing is known of its error. */
function allowedFor({ rejected, measured }: Mix): Allowed | undefined {
  if (rejected === undefined || measured === undefined || !Number.isFinite(measured)) return undefined;
  const maxError = Math.ceil(measured * ROOM * 100) / 100;
  return { maxError, minCosine: Math.floor(100 * Math.max(-1, 1 - maxError ** 2)) / 100 };
}
