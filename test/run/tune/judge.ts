/** Tunes pipelines without a clock. */

import type { Model } from '../../../src/ir/model.js';
import type { Target } from '../../../src/ir/targets/targets.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { parsePasses } from '../../../src/run/parse.js';
import type { Pass } from '../../../src/run/pass.js';
import { runPipeline } from '../../../src/run/pipeline/pipeline.js';
import type { RaceOutcome, Stopwatch } from '../../../src/run/tune/trial.js';
import { kernelsOf } from '../../../src/runtime/kernels-of.js';
import { builtIn } from '../../../src/settings/plugins.js';
import { opCounts } from '../../check-pass.js';

export const timed = (ratio: number): RaceOutcome => ({
  kind: 'timed',
  ratio,
  interval: { low: ratio * 0.99, high: ratio * 1.01 },
  significant: true,
  runs: 20,
  inputs: '',
});

/** A stopwatch that decides by the nodes of models and never by time; it records the questions. */
export class Judge implements Stopwatch {
  readonly races: [without: Model, changed: Model][] = [];
  constructor(readonly outcome: (without: Model, changed: Model) => RaceOutcome) {}
  async race(without: Model, changed: Model): Promise<RaceOutcome> {
    this.races.push([cloneModel(without), cloneModel(changed)]);
    return this.outcome(without, changed);
  }
}
export const always = (ratio: number) => new Judge(() => timed(ratio));
export const counts = (model: Model, op: string): number => opCounts(model)[op] ?? 0;

export const run = async (
  model: Model,
  passes: string | readonly Pass[],
  stopwatch: Stopwatch | undefined,
  target: Target = 'cpu',
  regional?: boolean,
) =>
  runPipeline(model, typeof passes === 'string' ? parsePasses(passes, builtIn) : passes, {
    ...(await kernelsOf(target)),
    regional,
    evaluate: undefined,
    stopwatch,
  });
