/** Takes back places of passes that break the gate together, as the comparison at the end tells. */

import { minOf } from '../../ir/collections/lists.js';
import { compareEnd, measureCosts, saved } from '../pipeline/end.js';
import type { PassResult } from '../pipeline/pipeline-result.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import type { Verdict } from '../verify/verifier.js';
import { ExcludedPlaces, fewestExcluded } from './fewest-places.js';
import { clock, noteCut, type PlacesTakenBack, reasonOf, takenBackOf } from './take-back.js';

const nothingApplied: Verdict = { outcome: 'accepted', detail: 'nothing is applied', error: 0 };

/** The quickest comparison of whole models that sees what is wrong. */
async function judgeOf(pipeline: PipelineRun): Promise<() => Promise<Verdict | undefined>> {
  const { atEnd } = pipeline.options;
  const isSeen = !atEnd || (await compareEnd(pipeline))?.outcome === 'rejected';
  return () => compareEnd(pipeline, isSeen ? undefined : (model, fidelity) => atEnd(model, fidelity, true));
}

/** A pass that was taken back as a whole, and the run that asked for its places. */
interface Taken {
  readonly position: number;
  readonly name: string;
  readonly dry: ExcludedPlaces;
}

/**
 * Where the passes together break the gate: one after another is taken back as a whole until it holds, those that quantize first, and of these the one that cost the most.
 * Then each is given back where the gate holds with it, the last first: of several passes that store fewer and fewer bits, those of more bits. What holds is never given
 * up for what was not tried, so the result is as good as the time allows. What cannot be mended so is as it was. Gives the last verdict; undefined where
 * nothing is applied any more.
 */
export async function mendWhole(pipeline: PipelineRun, broken: Verdict): Promise<Verdict | undefined> {
  const { options } = pipeline;
  if (!options.verifier || !pipeline.isCompared) return broken;
  const restore = saved(pipeline);
  // Known now: a trial asks for no errors.
  const costs = pipeline.results.map(({ error }) => error ?? 0);
  pipeline.isTrial = true;
  await pipeline.compileWhole();
  const began = performance.now();
  // What the comparison after passes does not see, the one at the end has to judge: it takes longer.
  const judge = await judgeOf(pipeline);
  const isTime = clock({ ms: performance.now() - began, deadline: options.deadline });
  const exclude = async ({ position }: Pick<Taken, 'position'>, excluded: ExcludedPlaces): Promise<void> => {
    pipeline.takenBack.set(position, { excluded, broken });
    await pipeline.again(position);
  };
  const taken = await takenUntilHeld(pipeline, costs, { exclude, judge });
  if (!taken) {
    pipeline.isTrial = false;
    restore();
    return broken;
  }
  for (const one of taken.toReversed()) await giveBack(pipeline, one, one === taken.at(-1), { exclude, judge, isTime });
  const from = minOf(taken.map(({ position }) => position));
  const verdict = await settled(pipeline, from);
  if (verdict?.outcome !== 'rejected' || taken.every(({ position }) => isWhole(pipeline, position))) return verdict;
  // The comparison of the result sees more than those of the trials.
  for (const { position, dry } of taken)
    pipeline.takenBack.set(position, { excluded: new ExcludedPlaces(undefined, dry.reason), broken });
  return settled(pipeline, from);
}

interface WholeTrials {
  exclude(one: Pick<Taken, 'position'>, excluded: ExcludedPlaces): Promise<void>;
  judge(): Promise<Verdict | undefined>;
}

const isWhole = ({ takenBack }: PipelineRun, position: number): boolean =>
  takenBack.get(position)?.excluded.isEverywhere === true;

/** Takes passes back as wholes until the gate holds; undefined where it does not without all of them. */
async function takenUntilHeld(
  pipeline: PipelineRun,
  costs: readonly number[],
  { exclude, judge }: WholeTrials,
): Promise<Taken[] | undefined> {
  const taken: Taken[] = [];
  const seen = new Set<number>();
  for (;;) {
    // Without one pass others find more to do.
    const [position] = [...pipeline.results.entries()]
      .filter(([at, { status, fidelity }]) => status === 'applied' && fidelity !== 'exact' && !seen.has(at))
      .sort(([a, one], [b, other]) => rank(one) - rank(other) || (costs[b] ?? 0) - (costs[a] ?? 0))
      .map(([at]) => at);
    if (position === undefined) return undefined;
    seen.add(position);
    const { name } = pipeline.results[position] as PassResult;
    const dry = new ExcludedPlaces(undefined, reasonOf(name));
    await exclude({ position }, dry);
    if (dry.asked.size === 0) {
      // A pass that asks of no place cannot be kept from any.
      pipeline.takenBack.delete(position);
      await pipeline.again(position);
      continue;
    }
    taken.push({ position, name, dry });
    if ((await judge())?.outcome !== 'rejected') return taken;
  }
}

/** What quantizes goes first. */
const rank = ({ fidelity }: PassResult): number => (fidelity === 'lossy' ? 0 : 1);

/** Gives a pass back where the gate holds with it: as a whole, unless that is known to break it, or in as many places as it can be. */
async function giveBack(
  pipeline: PipelineRun,
  one: Taken,
  isNeeded: boolean,
  { exclude, judge, isTime }: WholeTrials & { isTime(): boolean },
): Promise<void> {
  const { position, name, dry } = one;
  const { deadline } = pipeline.options;
  const held = pipeline.takenBack.get(position) as PlacesTakenBack;
  const { broken } = held;
  const trial = async (excluded: ExcludedPlaces): Promise<Verdict> => {
    await exclude(one, excluded);
    return (await judge()) ?? nothingApplied;
  };
  if (!isNeeded && isTime()) {
    const { outcome } = await trial(dry.without(new Set()));
    if (outcome === 'accepted') {
      pipeline.takenBack.delete(position);
      return;
    }
  }
  const found = await fewestExcluded(dry.units(), (places) => trial(dry.without(places)), isTime);
  if (found) noteCut(name, found, deadline);
  pipeline.takenBack.set(
    position,
    found
      ? {
          excluded: dry.without(found.places),
          broken,
          takenBack: takenBackOf(dry, found.places, broken, found.verdict),
        }
      : held,
  );
}

/** The result with what is taken back of passes at `from` and behind it, as it is compared in the end. */
async function settled(pipeline: PipelineRun, from: number): Promise<Verdict | undefined> {
  pipeline.isTrial = false;
  await pipeline.again(from);
  await measureCosts(pipeline);
  return compareEnd(pipeline, pipeline.options.atEnd);
}
