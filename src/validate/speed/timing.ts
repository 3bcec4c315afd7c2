/** Chooses the provider and the inputs for timing. */

import { under } from '../../ir/collections/named.js';
import type { Model } from '../../ir/model.js';
import { type Provider, RuntimeError } from '../../runtime/isolate.js';
import { softwareDevice } from '../../runtime/providers.js';
import { excessOf, type Feeds, makeFeeds } from '../inputs/feeds.js';
import { openDims, type Sizes, typicalSizes } from '../inputs/sizes.js';
import type { ReferenceRun } from '../reference-runs.js';
import type { PreparedModel } from '../sides/prepared-model.js';
import type { ValidateOptions } from '../validation.js';
import type { BothSides, RacedModel } from './heat.js';
import { areSameBytes } from './same-bytes.js';
import { measureSpeed, type SpeedOptions, type SpeedReport } from './speed.js';

/** The text in place of a speed where both are the same bytes. */
export const SAME = '1.00×, same bytes';

/** The provider to time on, or the reason that there is nothing to time. */
export async function timingOf(
  original: PreparedModel,
  result: PreparedModel,
  provider: Provider,
  { speed, minSpeedup, isUnchanged, absent }: ValidateOptions,
): Promise<{ readonly on: Provider; readonly notTimed?: string }> {
  if (speed === false) return { on: provider };
  if (isUnchanged || (await areSameBytes(original, result))) return { on: provider, notTimed: SAME };
  const on = absent ?? provider;
  const device = await softwareDevice(on);
  if (device === undefined)
    // Times on another provider do not predict the target's.
    return absent ? { on, notTimed: `not timed: ${absent} does not work here` } : { on };
  if (speed || minSpeedup !== undefined) return { on };
  const name = device.replace(' (software)', '');
  return { on, notTimed: `not timed: a software device, ${name} (--speed times it all the same)` };
}

/** The inputs for timing, in order of preference: typical sizes, where sizes are open and no inputs are given. */
function speedFeeds(model: Model, run: ReferenceRun, options: ValidateOptions): Feeds[] {
  const isFree =
    !options.inputs && !options.sizes && openDims(model).some((name) => under(options.dims, name) === undefined);
  const isMade = (sizes: Sizes): boolean => excessOf(model, { ...options, sizes }) === 0;
  const made = (sizes: Sizes): Feeds => makeFeeds(model, { ...options, sizes, variant: 'full' });
  return [...(isFree ? typicalSizes.filter(isMade).map(made) : []), run.feeds];
}

/** Times both on the first inputs that the runtime takes. */
export function timesOf(
  raced: BothSides<RacedModel>,
  model: Model,
  run: ReferenceRun,
  provider: Provider,
  options: ValidateOptions & Pick<SpeedOptions, 'onTime'>,
): Promise<SpeedReport | undefined> {
  return firstThatRuns(speedFeeds(model, run, options), (feeds) => {
    const runEstimateMs = feeds === run.feeds ? run.ms : undefined;
    const isAsked = options.speed === true || options.minSpeedup !== undefined;
    return measureSpeed(raced, provider, feeds, { ...options, isAsked, runEstimateMs });
  });
}

/** Tries the next inputs where the runtime refuses some, as it does for sequences beyond a model's positions. */
async function firstThatRuns<T>(list: readonly Feeds[], work: (feeds: Feeds) => Promise<T>): Promise<T> {
  for (const feeds of list.slice(0, -1))
    try {
      return await work(feeds);
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.kind !== 'error') throw error;
    }
  return work(list.at(-1)!);
}
