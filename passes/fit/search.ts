/**
 * Finds the mix of forms that holds the limits. A mix is chosen by the predicted cost of each weight, run as a whole, and corrected by the measured error.
 */
import type { Model } from '../../src/ir/model.js';
import type { Target } from '../../src/ir/targets/targets.js';
import { bytesText, numberText } from '../../src/ir/text/quantities.js';
import type { Trials } from '../../src/run/trials.js';
import { type Assignment, assigned, assignmentOf } from './assign.js';
import { seenOf } from './bounded.js';
import type { Calibration } from './calibration.js';
import type { Choice } from './choose.js';
import type { PricedWeight } from './form.js';
import type { Outlook } from './outlook.js';

/** Limits of the result: bytes of its file, and relative L2 of the output with the largest error. */
export interface FitLimits {
  readonly bytes?: number;
  readonly error?: number;
}

/** A mix of forms, with its size and error as a whole. */
export interface Mix {
  readonly choice: Choice;
  readonly assignment: Assignment;
  /** Bytes of the file. */
  readonly bytes: number;
  /** The sum of the errors that its weights were measured to bring. */
  readonly predicted: number;
  /** Undefined where it was not run. */
  readonly measured: number | undefined;
  /** Why the gate of the pass does not hold; undefined where it does, or nothing was run. */
  readonly rejected: string | undefined;
}

export interface FitSearch {
  readonly model: Model;
  readonly weights: readonly PricedWeight[];
  readonly outlook: Outlook;
  readonly calibration: Calibration;
  readonly trials: Trials | undefined;
  readonly target: Target;
  fileBytes(model: Model): number;
}

const ROUNDS = 8;
/** The measured error may be this share of the limit, because other inputs and the comparison at the end give other errors. */
const MARGIN = 0.85;
/** The share of that which the predicted error aims at. A mix that comes as near ends the search. */
const AIM = 0.9;

/** Measures a mix as a whole: its file and its error. */
async function mixOf(search: FitSearch, choice: Choice): Promise<Mix> {
  const { model, weights, outlook, trials, target, fileBytes } = search;
  const assignment = assignmentOf(weights, choice);
  const copy = assigned(model, assignment, target);
  const predicted = seenOf(outlook.sumOf(choice));
  const isSame = assignment.size === 0;
  const verdict = isSame ? undefined : await trials?.compare(model, copy);
  const rejected = verdict?.outcome === 'rejected' ? verdict.detail : undefined;
  return { choice, assignment, bytes: fileBytes(copy), predicted, measured: isSame ? 0 : verdict?.error, rejected };
}

/** Runs a mix, from which on all predictions are corrected. */
async function calibratedBy(search: FitSearch, choice: Choice): Promise<Mix> {
  const mix = await mixOf(search, choice);
  if (mix.measured !== undefined) search.calibration.add(search.outlook.noiseOf(choice), mix.measured);
  return mix;
}

const errorOf = ({ measured, predicted }: Mix): number => measured ?? predicted;

/** The error for which the least size is reported where the gate does not hold and no error was asked for. */
const WITHIN_GATE = 0.1;

const isWithin = (mix: Mix, error: number): boolean => errorOf(mix) <= error && mix.rejected === undefined;

/** Describes a mix: its size and error, and the reason of the gate where the error is not the cause of the refusal. */
function toldOf(mix: Mix, error = Number.POSITIVE_INFINITY): string {
  const text = `${bytesText(mix.bytes)} have an error of ${numberText(errorOf(mix))}`;
  return mix.rejected !== undefined && errorOf(mix) <= error ? `${text} and are rejected (${mix.rejected})` : text;
}

/** Finds the mix within the limits, or the reason that there is none. */
export async function mixWithin(search: FitSearch, limits: FitLimits): Promise<Mix | string> {
  const { bytes, error } = limits;
  if (bytes === undefined) return fewestBytes(search, error ?? Number.POSITIVE_INFINITY);
  const mix = await leastError(search, bytes);
  if (typeof mix === 'string') return mix;
  if (isWithin(mix, error ?? Number.POSITIVE_INFINITY))
    return error === undefined ? mix : fastest(search, mix, { bytes, error });
  const asked = error ?? WITHIN_GATE;
  const other = await fewestBytes(search, asked);
  return other.bytes <= bytes
    ? other
    : `no mix is so small and so near to the original: ${toldOf(mix, error)}, and an error of at most ${asked} takes ${bytesText(other.bytes)}`;
}

/** Finds the mix of least error within the bytes of a file. */
export async function leastError(search: FitSearch, most: number): Promise<Mix | string> {
  const { model, weights, outlook, target } = search;
  // The bytes of the file besides the weights, known from the last try.
  let rest = search.fileBytes(model) - outlook.bytesOf(outlook.unchanged);
  let best: Choice | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const choice = outlook.best({ bytes: most - rest });
    if (!choice || choice.join() === best?.join()) break;
    const bytes = search.fileBytes(assigned(model, assignmentOf(weights, choice), target));
    rest = bytes - outlook.bytesOf(choice);
    if (bytes <= most && (!best || outlook.noiseOf(choice) < outlook.noiseOf(best))) best = choice;
  }
  if (best) return calibratedBy(search, best);
  const mix = await calibratedBy(search, outlook.smallest());
  const text = `the least size that can be had is ${bytesText(mix.bytes)}, at an error of ${numberText(errorOf(mix))}`;
  return mix.bytes <= most ? mix : `${text}; ${bytesText(Math.floor(most))} were asked for`;
}

/** Finds the mix that saves the most time within both limits, of which one mix is known that holds them; that one where none saves more. */
async function fastest(search: FitSearch, known: Mix, { bytes, error }: Required<FitLimits>): Promise<Mix> {
  const { outlook, calibration } = search;
  const rest = known.bytes - outlook.bytesOf(known.choice);
  let best = known;
  let noise = calibration.noiseFor(AIM * MARGIN * error);
  const tried = new Set([known.choice.join()]);
  for (let round = 0; round < ROUNDS; round++) {
    const choice = outlook.fastest({ bytes: bytes - rest, noise });
    if (!choice || tried.has(choice.join())) break;
    tried.add(choice.join());
    if (outlook.savedMs(choice) <= outlook.savedMs(best.choice)) break;
    const mix = await calibratedBy(search, choice);
    if (mix.bytes <= bytes && isWithin(mix, MARGIN * error)) best = mix;
    if (best === mix && errorOf(mix) >= AIM * MARGIN * error) break;
    // What came out corrects the prediction; a mix that the gate alone refuses says nothing of it.
    const next = calibration.noiseFor(AIM * MARGIN * error);
    noise = next === noise ? noise / 2 : next;
  }
  return best;
}

/**
 * Finds the mix of fewest bytes within an error; all weights stay where nothing else holds it. Where the corrected prediction leads to a mix that was
 * tried, the next one is looked for halfway between the noise of the largest that held and that of the least that did not.
 */
async function fewestBytes(search: FitSearch, limit: number): Promise<Mix> {
  const { outlook, calibration } = search;
  const most = MARGIN * limit;
  let best = await mixOf(search, outlook.unchanged);
  const tried = new Set<string>();
  let [held, broken] = [0, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    const told = outlook.best({ noise: calibration.noiseFor(AIM * most) });
    const isNew = told && !tried.has(told.join());
    const between = Number.isFinite(broken) && held > 0 ? Math.sqrt(held * broken) : undefined;
    const choice = isNew ? told : between && outlook.best({ noise: between });
    if (!choice || tried.has(choice.join())) break;
    tried.add(choice.join());
    const mix = await calibratedBy(search, choice);
    const error = errorOf(mix);
    const holds = isWithin(mix, most);
    const noise = outlook.noiseOf(choice);
    if (holds) held = Math.max(held, noise);
    else broken = Math.min(broken, noise);
    if (holds && mix.bytes < best.bytes) best = mix;
    if (mix.predicted === 0 || (holds && error >= AIM * most)) break;
    if (!search.trials) break;
  }
  return best;
}
