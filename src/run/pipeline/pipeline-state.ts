/** The model on its way through the passes, and the results so far. */

import { inferTypes } from '../../infer/index.js';
import type { Model } from '../../ir/model.js';
import type { NodeTrail } from '../../ir/structure.js';
import { Divergence } from '../../ir/tensors/bank.js';
import { PassError } from '../../ir/text/errors.js';
import type { ProgressEstimate } from '../../ir/text/progress.js';
import { RecordedTrail } from '../../ir/trail.js';
import { checkModel } from '../../ir/whole-model/check.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import { type ModelSummary, summarize } from '../../ir/whole-model/summary.js';
import { summarizeWhole } from '../../region/counts.js';
import { Regions } from '../../region/regions.js';
import { type Repeat, type Shortened, shortening, unlike } from '../../region/shortened.js';
import type { Pass } from '../pass.js';
import type { PlacesTakenBack } from '../take-back/take-back.js';
import type { VerifyLevel } from '../verify/verifier.js';
import type { PipelineOptions, Progress } from './pipeline-options.js';
import { type PassResult, type Warning, warningsOf } from './pipeline-result.js';

/** The model that a pass was given, and a function that gives what a comparison of the pass runs. */
export interface GivenModel {
  readonly model: Model;
  readonly summary: ModelSummary;
  readonly compared: (() => readonly [Model, Model]) | undefined;
  /** Where details are asked for and the pass was kept: the models before and after it with all repeats, and what was recorded. */
  readonly kept?: { whole(): readonly [Model, Model]; readonly trail: NodeTrail } | undefined;
}

export type TellProgress = (step: Progress['step'], about?: string, estimate?: ProgressEstimate) => void;

export class PipelineState {
  readonly results: PassResult[] = [];
  /** Faults of the original. */
  warnings: readonly Warning[] = [];
  model: Model;
  /** By position. */
  readonly steps: GivenModel[] = [];
  /** By position, the places that a pass is kept from because the end broke its gate with them. */
  readonly takenBack = new Map<number, PlacesTakenBack>();
  /** Whether passes run to be judged by the end alone. */
  isTrial = false;
  /** The repeats that the model has few of, for all. */
  regions = new Regions();
  /** Chains of repeats, and how they were compiled. */
  repeats: readonly Repeat[] = [];
  /** The model that the first pass was given. */
  #start: { readonly model: Model; readonly regions: Regions };
  /** The model when its types were last inferred. */
  #typed: { readonly model: Model; readonly revision: number } | undefined;

  constructor(
    readonly original: Model,
    public summary: ModelSummary,
    readonly passes: readonly Pass[],
    readonly level: VerifyLevel,
    readonly options: PipelineOptions,
  ) {
    this.model = original;
    this.#start = { model: original, regions: this.regions };
  }

  /** Whether models are compared as wholes. */
  get isCompared(): boolean {
    return this.level === 'pass' || this.level === 'end';
  }

  /** The model that the first pass was given, with all repeats. */
  get start(): Model {
    return this.#start.regions.whole(this.#start.model);
  }

  /** Goes on with a copy of the original, or with itself where that may be edited, whose types are inferred: of a deep one with few repeats for all, unless it `isWhole`. */
  begin(isWhole: boolean): void {
    const { regional } = this.options;
    this.repeats = [];
    const isOnce = !isWhole && regional !== false && this.passes.length > 0;
    // To type the short model alone saves most of the time, where its types tell those of the whole one.
    const untyped = isOnce ? shortening(this.original, false, regional === true) : undefined;
    if (untyped?.short) {
      this.#beginWith(untyped.short, untyped.repeats);
      return;
    }
    this.#beginWhole();
    const typed = isOnce ? shortening(this.model, true, regional === true) : undefined;
    if (typed?.short) this.#beginWith(typed.short, typed.repeats);
    else this.repeats = typed?.repeats.length ? typed.repeats : (untyped?.repeats ?? []);
  }

  #beginWhole(): void {
    const model = this.options.mayEdit ? this.original : cloneModel(this.original);
    this.#beginWith({ model, regions: new Regions(), facts: inferTypes(model) }, this.repeats);
  }

  #beginWith({ model, regions, facts }: Shortened, repeats: readonly Repeat[]): void {
    [this.model, this.regions, this.repeats] = [model, regions, repeats];
    if (this.options.details) model.trail = new RecordedTrail();
    this.#start = { model, regions };
    this.#setTyped();
    if (facts) this.warnings = warningsOf(facts, regions);
  }

  #setTyped(): void {
    this.#typed = { model: this.model, revision: this.model.revision };
  }

  /** Goes on with all repeats; `reason`: why they are not compiled once to the end. */
  goOnWhole(reason?: string): void {
    if (!this.regions.isShortened) return;
    const { regions } = this;
    this.regions = new Regions();
    if (this.results.some(({ status }) => status === 'applied')) {
      this.model = regions.whole(this.model);
      checkModel(this.model);
      this.summary = summarize(this.model);
    } else this.#beginWhole();
    if (reason !== undefined) this.repeats = unlike(this.repeats, reason);
  }

  summarize(model: Model): ModelSummary {
    return summarizeWhole(model, this.regions.runs);
  }

  /** Infers types where a pass needs them, unless nothing changed since; where that fails, the pass before is to blame, or the model itself. */
  infer(position: number): void {
    const { needs } = (this.passes[position] as Pass).definition;
    if (!needs?.includes('types')) return;
    if (this.#typed?.model === this.model && this.#typed.revision === this.model.revision) return;
    this.tell(position)('infer');
    try {
      inferTypes(this.model);
    } catch (error) {
      const culprit = this.results.findLastIndex(({ status }) => status === 'applied');
      if (error instanceof Divergence || culprit < 0 || culprit >= position) throw error;
      throw this.errorOf(culprit, error);
    }
    this.#setTyped();
  }

  tell(position: number): TellProgress {
    const pass = (this.passes[position] as Pass).definition.name;
    return (step, about, estimate) =>
      this.options.onProgress?.({ step, pass, position, count: this.passes.length, about, estimate });
  }

  errorOf(position: number, cause: unknown): PassError {
    const names = this.passes.map(({ definition }) => definition.name);
    return new PassError(names[position] as string, position, names.slice(0, position), cause);
  }
}
