/** Runs a pass that broke its gate again, kept from the fewest places without which the gate holds. */

import { minOf } from '../../ir/lists.js';
import { numberText } from '../../ir/quantities.js';
import type { Note } from '../context.js';
import type { Deadline } from '../deadline.js';
import type { TakenBack } from '../pipeline-result.js';
import type { PipelineRun } from '../pipeline-run.js';
import type { PassRun } from '../run-pass.js';
import type { Verdict } from '../verify/verifier.js';
import { ExcludedPlaces, type FewestPlaces, fewestExcluded, type Place } from './fewest-places.js';

/** The least time for it, and how often the comparison that broke it may be made again otherwise. */
const LEAST_MS = 20_000;
const TIMES = 3;

interface Budget {
  /** How long the comparison took that broke. */
  readonly ms: number;
  readonly deadline: Deadline | undefined;
}

/** Tells whether there is time for one more try, as long as the last. */
function clock({ ms, deadline }: Budget): () => boolean {
  const allowed = Math.max(LEAST_MS, TIMES * ms);
  const end = performance.now() + Math.min(allowed, deadline?.share(0.5) ?? allowed);
  let last = performance.now();
  return () => {
    const [now, before] = [performance.now(), last];
    last = now;
    return now + (now - before) < end;
  };
}

const reasonOf = (pass: string): string => `${pass} breaks the accuracy gate here`;

interface Trials {
  /** Of the model before. */
  readonly bytes: number;
  readonly budget: Budget;
  /** Whether equal places of a block may be treated differently. */
  readonly splits: boolean;
  run(keeping: ExcludedPlaces): Promise<PassRun>;
  compare(run: PassRun): Promise<Verdict>;
  bytesOf(run: PassRun): number;
}

/** The pass without the places that break its gate; undefined where nothing that is worth it would be left. */
export async function mendPass(
  pass: string,
  broken: Verdict,
  { bytes, budget, splits, run, compare, bytesOf }: Trials,
): Promise<{ run: PassRun; verdict: Verdict; takenBack: TakenBack } | undefined> {
  const reason = reasonOf(pass);
  const dry = new ExcludedPlaces(undefined, reason);
  if ((await run(dry)).isChanged || dry.asked.size < 2) return undefined;
  const found = await fewestExcluded(
    dry.units(),
    async (kept) => {
      const tried = await run(new ExcludedPlaces(kept, reason));
      return tried.isChanged ? compare(tried) : { outcome: 'accepted', detail: '', error: 0 };
    },
    { isTime: clock(budget), splits },
  );
  if (!found) return undefined;
  noteCut(pass, found, budget.deadline);
  const mended = await run(new ExcludedPlaces(found.kept, reason));
  if (!mended.isChanged || bytesOf(mended) > bytes) return undefined;
  return { run: mended, verdict: found.verdict, takenBack: takenBackOf(dry, found.kept, broken, found.verdict) };
}

/** What more time would have found. */
function noteCut(pass: string, { isCut }: FewestPlaces, deadline: Deadline | undefined): void {
  if (isCut) deadline?.cut(`to find the fewest places where ${pass} breaks its gate`);
}

function takenBackOf({ asked }: ExcludedPlaces, kept: ReadonlySet<Place>, before: Verdict, after: Verdict): TakenBack {
  const places = [...asked].flatMap(([place, label]) => (kept.has(place) ? [label] : []));
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

/** What a pass is kept from for the sake of the end; without `takenBack` from everything. */
export interface PlacesTakenBack {
  readonly keeping: ExcludedPlaces;
  readonly broken: Verdict;
  readonly takenBack?: TakenBack;
}

/**
 * Where the passes together break the gate: the one that cost the most is kept from places until it holds, from all of them if it
 * must, and then the next. What cannot be mended so is as it was. Gives the last verdict; undefined where nothing is applied any more.
 */
export async function mendWhole(line: PipelineRun, broken: Verdict): Promise<Verdict | undefined> {
  const { options } = line;
  if (!options.verifier || !line.isCompared) return broken;
  const restore = line.saved();
  // Known now: a trial asks for no errors.
  const costs = line.results.map(({ error }) => error ?? 0);
  line.isTrial = true;
  await line.compileWhole('one of them breaks the accuracy gate: they are compiled each by itself');
  const culprits = [...line.results.entries()]
    .filter(([, { status, fidelity }]) => status === 'applied' && fidelity !== 'exact')
    .sort(([a], [b]) => Number(costs[b]! > costs[a]!) - Number(costs[b]! < costs[a]!));
  const began = performance.now();
  // What the comparison after passes does not see, the one at the end has to judge: it takes longer.
  const judge = await judgeOf(line);
  const isTime = clock({ ms: performance.now() - began, deadline: options.deadline });
  for (const [position, { name }] of culprits) {
    const reason = reasonOf(name);
    const dry = new ExcludedPlaces(undefined, reason);
    const run = async (keeping: ExcludedPlaces): Promise<void> => {
      line.kept.set(position, { keeping, broken });
      await line.again(position);
    };
    const trial = async (keeping: ExcludedPlaces): Promise<Verdict> => {
      await run(keeping);
      return (await judge()) ?? nothingApplied;
    };
    line.isTrial = true;
    await run(dry);
    // A pass that asks of no place cannot be kept from any.
    if (dry.asked.size === 0) line.kept.delete(position);
    if (dry.asked.size === 0 || (await judge())?.outcome === 'rejected') continue;
    const found = await fewestExcluded(dry.units(), (kept) => trial(new ExcludedPlaces(kept, reason)), {
      isTime,
      splits: true,
    });
    if (found) noteCut(name, found, options.deadline);
    line.isTrial = false;
    line.kept.set(position, {
      keeping: new ExcludedPlaces(found?.kept, reason),
      broken,
      takenBack: found && takenBackOf(dry, found.kept, broken, found.verdict),
    });
    await line.again(minOf(line.kept.keys()));
    await line.costs();
    return line.whole(options.atEnd);
  }
  line.isTrial = false;
  restore();
  return broken;
}

const nothingApplied: Verdict = { outcome: 'accepted', detail: 'nothing is applied', error: 0 };

/** The quickest comparison of whole models that sees what is wrong. */
async function judgeOf(line: PipelineRun): Promise<() => Promise<Verdict | undefined>> {
  const { atEnd } = line.options;
  const isSeen = !atEnd || (await line.whole())?.outcome === 'rejected';
  return () => line.whole(isSeen ? undefined : (model, fidelity) => atEnd(model, fidelity, true));
}
