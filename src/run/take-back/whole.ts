/** Takes back places of passes that break the gate together, as the comparison at the end tells. */

import { minOf } from '../../ir/collections/lists.js';
import { compareEnd, measureCosts, saved } from '../pipeline/end.js';
import type { PipelineRun } from '../pipeline/pipeline-run.js';
import type { Verdict } from '../verify/verifier.js';
import { ExcludedPlaces, fewestExcluded } from './fewest-places.js';
import { clock, noteCut, reasonOf, takenBackOf } from './take-back.js';

const nothingApplied: Verdict = { outcome: 'accepted', detail: 'nothing is applied', error: 0 };

/** The quickest comparison of whole models that sees what is wrong. */
async function judgeOf(pipeline: PipelineRun): Promise<() => Promise<Verdict | undefined>> {
  const { atEnd } = pipeline.options;
  const isSeen = !atEnd || (await compareEnd(pipeline))?.outcome === 'rejected';
  return () => compareEnd(pipeline, isSeen ? undefined : (model, fidelity) => atEnd(model, fidelity, true));
}

/**
 * Where the passes together break the gate: the one that cost the most is kept from places until it holds, from all of them if it
 * must, and then the next. What cannot be mended so is as it was. Gives the last verdict; undefined where nothing is applied any more.
 */
export async function mendWhole(pipeline: PipelineRun, broken: Verdict): Promise<Verdict | undefined> {
  const { options } = pipeline;
  if (!options.verifier || !pipeline.isCompared) return broken;
  const restore = saved(pipeline);
  // Known now: a trial asks for no errors.
  const costs = pipeline.results.map(({ error }) => error ?? 0);
  pipeline.isTrial = true;
  await pipeline.compileWhole();
  const culprits = [...pipeline.results.entries()]
    .filter(([, { status, fidelity }]) => status === 'applied' && fidelity !== 'exact')
    .sort(([a], [b]) => Number(costs[b]! > costs[a]!) - Number(costs[b]! < costs[a]!));
  const began = performance.now();
  // What the comparison after passes does not see, the one at the end has to judge: it takes longer.
  const judge = await judgeOf(pipeline);
  const isTime = clock({ ms: performance.now() - began, deadline: options.deadline });
  for (const [position, { name }] of culprits) {
    const reason = reasonOf(name);
    const dry = new ExcludedPlaces(undefined, reason);
    const run = async (excluded: ExcludedPlaces): Promise<void> => {
      pipeline.takenBack.set(position, { excluded, broken });
      await pipeline.again(position);
    };
    const trial = async (excluded: ExcludedPlaces): Promise<Verdict> => {
      await run(excluded);
      return (await judge()) ?? nothingApplied;
    };
    pipeline.isTrial = true;
    await run(dry);
    // A pass that asks of no place cannot be kept from any.
    if (dry.asked.size === 0) pipeline.takenBack.delete(position);
    if (dry.asked.size === 0 || (await judge())?.outcome === 'rejected') continue;
    const found = await fewestExcluded(dry.units(), (places) => trial(new ExcludedPlaces(places, reason)), isTime);
    if (found) noteCut(name, found, options.deadline);
    pipeline.isTrial = false;
    pipeline.takenBack.set(position, {
      excluded: new ExcludedPlaces(found?.places, reason),
      broken,
      takenBack: found && takenBackOf(dry, found.places, broken, found.verdict),
    });
    await pipeline.again(minOf(pipeline.takenBack.keys()));
    await measureCosts(pipeline);
    return compareEnd(pipeline, options.atEnd);
  }
  pipeline.isTrial = false;
  restore();
  return broken;
}
