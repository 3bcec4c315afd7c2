/** What tuning says of a whole result: it is no slower than without tuning, and how its sessions are best made. */

import type { Model } from '../../ir/model.js';
import type { PipelineResult } from '../pipeline/pipeline-result.js';
import { isSlower, type RaceOutcome, type SessionChoice, type Stopwatch } from './trial.js';

/** One race of whole models. */
export interface WholeTrial {
  readonly outcome: RaceOutcome;
  readonly kept: boolean;
}

/** A way to make sessions, raced against the runtime's own way. */
export interface SessionTrial extends WholeTrial {
  readonly options: SessionChoice;
}

/** True where tuning decided otherwise than was asked for, at any place. */
export const isTunedOtherwise = ({ passes }: PipelineResult): boolean =>
  passes.some(({ name, tuning = [] }) => tuning.some(({ variant, kept }) => (variant === name) !== kept));

/** Parts that are faster each may be slower together: borders cost. Races the result against what is made without tuning; `kept`: it is not slower. */
export async function raceWhole(untuned: Model, tuned: Model, watch: Stopwatch): Promise<WholeTrial> {
  const outcome = await watch.race(untuned, tuned, tuned);
  return { outcome, kept: !(outcome.kind === 'timed' && isSlower(outcome)) };
}

/** Races each choice against sessions as the runtime makes them by itself. The fastest is kept that is faster beyond the noise, if any. */
export async function raceSessions(
  model: Model,
  choices: readonly SessionChoice[],
  watch: Stopwatch,
  onRace: (about: string) => void,
): Promise<readonly SessionTrial[]> {
  const trials: { options: SessionChoice; outcome: RaceOutcome }[] = [];
  for (const options of choices) {
    onRace(`sessions with ${sessionText(options)}`);
    trials.push({ options, outcome: await watch.race(model, model, model, options) });
  }
  const gain = ({ outcome }: { outcome: RaceOutcome }): number =>
    outcome.kind === 'timed' && outcome.significant && outcome.ratio > 1 ? outcome.ratio : 0;
  const [best] = trials.filter((one) => gain(one) > 0).sort((a, b) => gain(b) - gain(a));
  return trials.map((one) => ({ ...one, kept: one === best }));
}

/** `intraOpNumThreads 1, enableMemPattern false` */
export const sessionText = (options: SessionChoice): string =>
  Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
