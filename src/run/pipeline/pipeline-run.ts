/** Runs the passes, and runs them again from one on. */

import type { Model } from '../../ir/model.js';
import type { ModelSummary } from '../../ir/whole-model/summary.js';
import { isDifference } from '../../region/difference.js';
import type { Fidelity, Pass } from '../pass.js';
import { Tuning } from '../tune/tuning.js';
import { RewriteChecker } from '../verify/rewrite-checker.js';
import { loosest, type Verdict, type VerifyLevel } from '../verify/verifier.js';
import { abortPoint } from './abort-point.js';
import type { PipelineOptions } from './pipeline-options.js';
import type { PassResult } from './pipeline-result.js';
import { PipelineState } from './pipeline-state.js';
import { PipelineStep, type SharedByPasses } from './pipeline-step.js';

export class PipelineRun extends PipelineState {
  readonly #shared: SharedByPasses;
  /** Whether any pass was given few repeats for all. */
  #isOnce = false;

  constructor(
    original: Model,
    summary: ModelSummary,
    passes: readonly Pass[],
    level: VerifyLevel,
    options: PipelineOptions,
  ) {
    super(original, summary, passes, level, options);
    this.#shared = {
      checker: new RewriteChecker(level === 'none' ? undefined : options.verifier),
      tuning: options.stopwatch && new Tuning(options.stopwatch, options),
      memory: new Map(),
    };
  }

  get applied(): readonly PassResult[] {
    return this.results.filter(({ status }) => status === 'applied');
  }

  /** The widest gate of the passes that were applied. */
  get fidelity(): Fidelity {
    return loosest(this.applied.map((result) => result.fidelity));
  }

  /** The verdict on a rewrite, by its key. */
  verdictOf(key: string): Verdict | undefined {
    return this.#shared.checker.verdictOf(key);
  }

  async run(isWhole = false): Promise<void> {
    if (this.passes.length > 0) this.tell(0)('infer');
    this.begin(isWhole);
    this.#isOnce = this.regions.isShortened;
    this.results.length = 0;
    await this.#runFrom(0);
  }

  /** Runs again from a pass on, as if nothing behind it had been. */
  async again(position: number): Promise<void> {
    const { model, summary } = this.steps[position] as PipelineState['steps'][0];
    [this.model, this.summary] = [model, summary];
    this.results.length = position;
    await this.#runFrom(position);
  }

  /** Runs again where repeats were compiled once: each is then compiled by itself. */
  async compileWhole(): Promise<void> {
    if (!this.#isOnce) return;
    const { repeats } = this;
    this.summary = (this.steps[0] as PipelineState['steps'][0]).summary;
    await this.run(true);
    this.repeats = repeats.map((one) => ({ ...one, once: 0, reason: 'together, the passes break the accuracy gate' }));
  }

  async #runFrom(first: number): Promise<void> {
    for (let position = first; position < this.passes.length; position++) {
      await abortPoint(this.options.signal);
      await this.#advance(position);
    }
    this.goOnWhole();
  }

  /** One pass; where it finds that repeats differ, once more with all of them. */
  async #advance(position: number): Promise<void> {
    const { name, needs = [] } = (this.passes[position] as Pass).definition;
    // Activations of a repeat are its own.
    const isMeasured = needs.includes('activations') && this.options.activations;
    if (needs.includes('repeats') || isMeasured) this.goOnWhole();
    const outcome = await new PipelineStep(this, position, this.#shared).run();
    if (!isDifference(outcome)) return;
    this.goOnWhole(`${name} has each compiled by itself: ${outcome.reason}`);
    await new PipelineStep(this, position, this.#shared).run();
  }
}
