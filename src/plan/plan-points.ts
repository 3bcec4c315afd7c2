/** The points of a frontier: which mixes are run, how fast they are, and the command of each. */
import { assigned, assignmentOf } from '../../passes/fit/assign.js';
import { formText } from '../../passes/fit/form.js';
import type { FitSearch, Mix } from '../../passes/fit/search.js';
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
/** Shares of the input in percent, at even distances from the smallest file to the model as it is. */
export function percentsOf(
  { model, outlook, fileBytes, weights, target }: FitSearch,
  inputBytes: number,
): readonly number[] {
  const smallest = fileBytes(assigned(model, assignmentOf(weights, outlook.smallest()), target));
  const [least, most] = [smallest, fileBytes(model)].map((bytes) => (100 * bytes) / inputBytes) as [number, number];
  // Halves lie as far apart as eighths. Rounded up: the file fits.
  const all = Array.from(
    { length: POINTS },
    (_, i) => Math.ceil(10 * least * (most / least) ** (i / (POINTS - 1))) / 10,
  );
  return [...new Set(all)];
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
  /** The reason that even a command that allows this is refused; undefined where it is not. */
  readonly refused: string | undefined;
}

export function pointOf(
  input: string,
  { weights }: FitSearch,
  { choice, bytes, predicted, measured }: Mix,
  { inputBytes, percent, settings, race, allowed, refused }: PointOptions,
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
    forms: [...byForm].map(([form, sum]) => ({ form, ...sum })),
    ...(refused === undefined ? { command: commandOf(input, percent, settings, allowed) } : { refused }),
  };
}

/** The limits that a mix beyond the usual gate takes; undefined where that gate holds, or nothing is known of its error. */
export function allowedFor({ rejected, measured }: Mix): Allowed | undefined {
  if (rejected === undefined || measured === undefined || !Number.isFinite(measured)) return undefined;
  const maxError = Math.ceil(measured * ROOM * 100) / 100;
  return { maxError, minCosine: Math.floor(100 * Math.max(-1, 1 - maxError ** 2)) / 100 };
}
