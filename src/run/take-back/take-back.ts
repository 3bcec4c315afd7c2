/** Runs a pass that broke its gate again, without the fewest places that make it hold. */

import { numberText } from '../../ir/text/quantities.js';
import type { Note } from '../context.js';
import type { Deadline } from '../pipeline/deadline.js';
import type { TakenBack } from '../pipeline/pipeline-result.js';
import type { PassRun } from '../pipeline/run-pass.js';
import type { Verdict } from '../verify/verifier.js';
import { ExcludedPlaces, type FewestPlaces, fewestExcluded, type NodeNumber } from './fewest-places.js';

/** The search may take this long, or this many times the comparison that failed, whichever is longer. */
const LEAST_MS = 20_000;
const TIMES = 3;

interface SearchTime {
  /** Milliseconds of the comparison that failed. */
  readonly ms: number;
  readonly deadline: Deadline | undefined;
}

/** Tells whether there is time for one more try, as long as the last. */
export function clock({ ms, deadline }: SearchTime): () => boolean {
  const allowed = Math.max(LEAST_MS, TIMES * ms);
  const end = performance.now() + Math.min(allowed, deadline?.share(0.5) ?? allowed);
  let last = performance.now();
  return () => {
    const [now, before] = [performance.now(), last];
    last = now;
    return now + (now - before) < end;
  };
}

export const reasonOf = (pass: string): string => `${pass} breaks the accuracy gate here`;

interface TakeBackRuns {
  /** Bytes of the constants before the pass. */
  readonly bytes: number;
  readonly budget: SearchTime;
  run(excluded: ExcludedPlaces): Promise<PassRun>;
  compare(run: PassRun): Promise<Verdict>;
  bytesOf(run: PassRun): number;
}

/** Runs the pass without the places that break its gate; undefined where too little of it would be left. */
export async function mendPass(
  pass: string,
  broken: Verdict,
  { bytes, budget, run, compare, bytesOf }: TakeBackRuns,
): Promise<{ run: PassRun; verdict: Verdict; takenBack: TakenBack } | undefined> {
  const reason = reasonOf(pass);
  const dry = new ExcludedPlaces(undefined, reason);
  if ((await run(dry)).isChanged || dry.asked.size < 2) return undefined;
  const found = await fewestExcluded(
    dry.units(),
    async (places) => {
      const tried = await run(new ExcludedPlaces(places, reason));
      return tried.isChanged ? compare(tried) : { outcome: 'accepted', detail: '', error: 0 };
    },
    clock(budget),
  );
  if (!found) return undefined;
  noteCut(pass, found, budget.deadline);
  const mended = await run(new ExcludedPlaces(found.places, reason));
  if (!mended.isChanged || bytesOf(mended) > bytes) return undefined;
  return { run: mended, verdict: found.verdict, takenBack: takenBackOf(dry, found.places, broken, found.verdict) };
}

/** Records that the search ended for lack of time. */
export function noteCut(pass: string, { isCut }: FewestPlaces, deadline: Deadline | undefined): void {
  if (isCut) deadline?.cut(`to find the fewest places where ${pass} breaks its gate`);
}

export function takenBackOf(
  { asked }: ExcludedPlaces,
  excluded: ReadonlySet<NodeNumber>,
  before: Verdict,
  after: Verdict,
): TakenBack {
  const places = [...asked].flatMap(([place, label]) => (excluded.has(place) ? [label] : []));
  return { places, of: asked.size, error: { before: before.error, after: after.error } };
}

/** `kept from 1 of 3 places: MatMul "/mel/MatMul"; relative L2 0.59 → 0.011 without them`. */
export function takenBackNote({ places, of, error: { before, after } }: TakenBack): Note {
  const few = places.slice(0, 3).join(', ');
  const more = places.length > 3 ? ` and ${places.length - 3} more` : '';
  const short = (value: number | undefined): string =>
    value === undefined ? '?' : Number.isFinite(value) ? numberText(value) : '∞';
  return {
    text: `kept from ${places.length} of ${of} places, where it breaks its gate: ${few}${more}; relative L2 ${short(before)} → ${short(after)} without them`,
  };
}

/** The places that a pass is kept from because the whole result broke its gate; all places where `takenBack` is absent. */
export interface PlacesTakenBack {
  readonly excluded: ExcludedPlaces;
  readonly broken: Verdict;
  readonly takenBack?: TakenBack;
}
