/** A model on its way through the passes, and what becomes of each of them. */

import { inferTypes } from '../infer/index.js';
import { Divergence } from '../ir/bank.js';
import { checkModel } from '../ir/check.js';
import { cloneModel } from '../ir/clone.js';
import { PassError } from '../ir/errors.js';
import { refill } from '../ir/lists.js';
import type { Model } from '../ir/model.js';
import type { Outlook } from '../ir/outlook.js';
import { type ModelSummary, opsChanged, summarize } from '../ir/summary.js';
import { sweep } from '../ir/sweep.js';
import { Regions } from '../region/regions.js';
import { isRewind, orRewind, type Rewind } from '../region/rewind.js';
import { abortPoint } from './abort-point.js';
import { placesIn } from './context.js';
import type { Fidelity, Pass } from './pass.js';
import type { PipelineOptions, Progress } from './pipeline-options.js';
import { type PassResult, type Warning, warningsOf } from './pipeline-result.js';
import { type PassRun, runPass } from './run-pass.js';
import { sitesOf } from './sites.js';
import type { ExcludedPlaces } from './take-back/fewest-places.js';
import { mendPass, type PlacesTakenBack, takenBackNote } from './take-back/take-back.js';
import { Tuning } from './tune/tuning.js';
import { RewriteChecker } from './verify/rewrite-checker.js';
import { loosest, type Verdict, type VerifyLevel } from './verify/verifier.js';

/** Milliseconds for what each pass cost, where that is not known from a comparison. */
const COSTS_MS = 20_000;
/** A comparison of the ends takes about so many times what one of two models on one set of inputs does. */
const SHARE = 10;

type Tell = (step: Progress['step'], about?: string, outlook?: Outlook) => void;

/** The model on its way through the passes. */
export class PipelineRun {
  readonly results: PassResult[] = [];
  /** What is wrong with the original. */
  warnings: readonly Warning[] = [];
  model: Model;
  /** What the first pass was given. */
  start: Model;
  /** By position, what a pass is kept from because the end broke its gate with it. */
  readonly kept = new Map<number, PlacesTakenBack>();
  /** Whether passes run to be judged by the end alone. */
  isTrial = false;
  /** What each pass was given, and what it made of it. */
  readonly #steps: { model: Model; summary: ModelSummary; ran: readonly [Model, Model] | undefined }[] = [];
  readonly #rewrites: RewriteChecker;
  readonly #regions = new Regions();
  readonly #tuning: Tuning | undefined;
  /** What the pass found that made repeats one. */
  #whole: { readonly position: number; readonly model: Model; readonly summary: ModelSummary } | undefined;
  /** The model when its types were last inferred. */
  #typed: { readonly model: Model; readonly revision: number } | undefined;

  constructor(
    readonly original: Model,
    public summary: ModelSummary,
    readonly passes: readonly Pass[],
    readonly level: VerifyLevel,
    readonly options: PipelineOptions,
  ) {
    this.#rewrites = new RewriteChecker(level === 'none' ? undefined : options.verifier);
    this.#tuning = options.stopwatch && new Tuning(options.stopwatch, options);
    [this.model, this.start] = [original, original];
  }

  /** Whether models are compared as wholes. */
  get isCompared(): boolean {
    return this.level === 'pass' || this.level === 'end';
  }

  get #applied(): readonly PassResult[] {
    return this.results.filter(({ status }) => status === 'applied');
  }

  /** The widest gate of the passes that were applied. */
  get fidelity(): Fidelity {
    return loosest(this.#applied.map((result) => result.fidelity));
  }

  /** The result as a whole, against the original. Steps that each stay within their gate may leave it together. */
  async whole(atEnd?: PipelineOptions['atEnd']): Promise<Verdict | undefined> {
    const [first, ...others] = this.#applied;
    if (!first) return undefined;
    if (atEnd) return atEnd(this.model, this.fidelity);
    if (!this.isCompared) return undefined;
    // What ran before the first pass is known.
    if (this.level === 'pass' && others.length === 0 && first.verdict) return first.verdict;
    return this.options.verifier?.compare(
      this.level === 'pass' ? this.start : this.original,
      this.model,
      this.fidelity,
    );
  }

  /** What each pass cost, where that is not known from a comparison. */
  async costs(whole?: Verdict, wholeMs = 0): Promise<void> {
    const { verifier, deadline } = this.options;
    if (!verifier?.cost || !this.isCompared) return;
    const end = performance.now() + Math.min(COSTS_MS, deadline?.share(0.2) ?? COSTS_MS);
    const isAlone = this.#applied.length === 1;
    let last = wholeMs / SHARE;
    for (const [position, result] of this.results.entries()) {
      const ran = this.#steps[position]?.ran;
      if (result.status !== 'applied' || result.error !== undefined || !ran) continue;
      const began = performance.now();
      if (began + last > end && !isAlone) {
        deadline?.cut(`the error of ${result.name}`);
        continue;
      }
      const error = isAlone && whole ? whole.error : await verifier.cost(...ran);
      last = performance.now() - began;
      this.results[position] = { ...result, error };
    }
  }

  /** Gives a function that brings back the result as it is now. */
  saved(): () => void {
    const { model, summary } = this;
    const [results, steps] = [[...this.results], [...this.#steps]];
    return () => {
      [this.model, this.summary] = [model, summary];
      refill(this.results, results);
      refill(this.#steps, steps);
      this.kept.clear();
    };
  }

  /** Runs again where repeats were made one: each is then compiled by itself. */
  async compileWhole(reason: string): Promise<void> {
    const position = this.passes.findIndex(({ definition }) => definition.shortens);
    if (position < 0) return;
    this.#regions.compileWhole(reason);
    await this.again(position);
  }

  /** Runs again from a pass on, as if nothing behind it had been. */
  async again(position: number): Promise<void> {
    const { model, summary } = this.#steps[position] as { model: Model; summary: ModelSummary };
    [this.model, this.summary] = [model, summary];
    this.results.length = position;
    await this.run(position);
  }

  /** All passes, and then the repeats that were left out. Where repeats turn out to differ, from where they became one. */
  async run(from = 0): Promise<void> {
    for (let position = from; position <= this.passes.length; position++) {
      await abortPoint(this.options.signal);
      const rewind = await this.#advance(position);
      if (rewind) position = this.#goBack(position, rewind) - 1;
    }
    if (this.model === this.original) this.#begin();
  }

  /** One pass; behind the last one, and before one that needs them, the repeats that were left out. */
  async #advance(position: number): Promise<Rewind | undefined> {
    const pass = this.passes[position];
    const rewind = !pass || pass.definition.needs?.includes('repeats') ? this.#stampOut() : undefined;
    return rewind ?? (pass && this.#step(position));
  }

  /** Forgets what came after repeats became one, and gives the position of the pass that made them so. */
  #goBack(position: number, rewind: Rewind): number {
    if (!this.#whole) throw this.#error(position, rewind.difference);
    this.#regions.learn(rewind);
    this.model = this.#whole.model;
    this.summary = this.#whole.summary;
    this.results.length = this.#whole.position;
    return this.#whole.position;
  }

  /** Goes on with a copy of the original whose types are inferred. */
  #begin(): void {
    this.start = this.model = cloneModel(this.original);
    this.warnings = warningsOf(inferTypes(this.model), this.#regions);
    this.#typed = { model: this.model, revision: this.model.revision };
  }

  #stampOut(): Rewind | undefined {
    if (!this.#regions.isShortened) return undefined;
    const rewind = this.#regions.stampOut(this.model);
    if (rewind) return rewind;
    sweep(this.model);
    checkModel(this.model);
    this.summary = summarize(this.model);
    return undefined;
  }

  async #step(position: number): Promise<Rewind | undefined> {
    const { definition, options } = this.passes[position] as Pass;
    const { name, fidelity } = definition;
    const report: Tell = (step, about, outlook) =>
      this.options.onProgress?.({ step, pass: name, position, count: this.passes.length, about, outlook });
    const started = performance.now();
    const wasShortened = this.#regions.isShortened;
    // To type the short model alone saves most of the time, where its types tell those of the whole one.
    const short = this.model === this.original && definition.shortens && (await this.#run(position, report));
    if (isRewind(short)) return short;
    const rewind = this.#regions.isShortened ? undefined : await orRewind(() => this.#infer(position, report));
    if (rewind) return rewind;
    const given = { model: this.model, summary: this.summary };
    const back = this.kept.get(position);
    const made = short && this.#regions.isShortened ? short : await this.#run(position, report, back?.keeping);
    if (isRewind(made)) return made;
    let run = made;
    const ms = performance.now() - started - run.verifyMs - run.tuneMs;
    let verdict: Verdict | undefined;
    let takenBack = back?.takenBack;
    let verifyMs = run.rewrites && run.verifyMs;
    const isShortened = wasShortened !== this.#regions.isShortened;
    if (isShortened) {
      this.#whole = { position, model: this.model, summary: this.summary };
      if (short) this.warnings = warningsOf(inferTypes(run.candidate), this.#regions);
    }
    // A model with fewer repeats is not compared with one that has them all: the end is.
    const { verifier, deadline } = this.options;
    if (run.isChanged && this.level === 'pass' && !isShortened && !this.isTrial && verifier) {
      report('verify');
      const began = performance.now();
      const compare = (changed: PassRun): Promise<Verdict> =>
        verifier.compare(this.#regions.runnable(this.model), this.#regions.runnable(changed.candidate), fidelity);
      verdict = await compare(run);
      if (verdict.outcome === 'rejected' && fidelity !== 'exact' && !back) {
        const trials = {
          bytes: this.summary.bytes,
          budget: { ms: performance.now() - began, deadline },
          splits: !this.#regions.isShortened,
          run: async (keeping: ExcludedPlaces) => {
            report('narrow');
            const tried = await this.#run(position, report, keeping);
            // It ends the search.
            if (isRewind(tried)) throw tried.difference;
            return tried;
          },
          compare,
          bytesOf: ({ candidate }: PassRun) => this.#regions.summarize(candidate).bytes,
        };
        const broken = verdict;
        const found = await orRewind(() => mendPass(name, broken, trials));
        if (isRewind(found)) return found;
        if (found) ({ run, verdict, takenBack } = found);
      }
      verifyMs = (verifyMs ?? 0) + performance.now() - began;
    }
    const { candidate, isChanged, notes, skips, sites, rewrites } = run;
    const after = isChanged ? this.#regions.summarize(candidate) : this.summary;
    const isKept = isChanged && verdict?.outcome !== 'rejected';
    const isBack = back && !isKept;
    if (isBack) verdict = back.broken;
    this.#steps[position] = {
      ...given,
      ran:
        this.isCompared && isKept && !isShortened
          ? [this.#regions.runnable(given.model), this.#regions.runnable(candidate)]
          : undefined,
    };
    this.results.push({
      name,
      options,
      fidelity,
      status: isKept ? 'applied' : isChanged || isBack ? 'rolled back' : 'unchanged',
      ops: opsChanged(this.summary, after),
      nodes: { before: this.summary.nodes, after: after.nodes },
      bytes: { before: this.summary.bytes, after: after.bytes },
      notes: takenBack && isKept ? [...notes, takenBackNote(takenBack)] : notes,
      skips,
      sites: sitesOf(sites, placesIn(this.#regions)),
      verdict,
      error: isKept ? verdict?.error : undefined,
      takenBack: isKept ? takenBack : undefined,
      rewrites,
      tuning: run.tuning,
      tuneMs: run.tuning && run.tuneMs,
      ms,
      verifyMs,
    });
    if (isKept) {
      this.model = candidate;
      this.summary = after;
      // Types are what they were.
      if (isShortened) this.#typed = { model: candidate, revision: candidate.revision };
    }
    return undefined;
  }

  #run(position: number, report: Tell, keeping?: ExcludedPlaces): Promise<PassRun | Rewind> {
    if (!keeping) report('run');
    return runPass(this.model, this.passes[position] as Pass, {
      environment: this.options,
      isTyped: this.model !== this.original,
      isVerified: this.level !== 'none',
      regions: this.#regions,
      checker: this.#rewrites,
      keeping,
      tuning: this.#tuning,
      guard: async (work) => {
        try {
          return await work();
        } catch (error) {
          throw error instanceof Divergence ? error : this.#error(position, error);
        }
      },
      onVerify: (outlook) => report('verify', undefined, outlook),
      onRace: (about) => report('tune', about),
    });
  }

  /** Infers types where a pass needs them, unless nothing changed since; where that fails, the pass before is to blame, or the model itself. */
  #infer(position: number, report: Tell): void {
    const { needs } = (this.passes[position] as Pass).definition;
    if (needs?.includes('types')) report('infer');
    if (this.model === this.original) this.#begin();
    if (!needs?.includes('types')) return;
    if (this.#typed?.model === this.model && this.#typed.revision === this.model.revision) return;
    try {
      inferTypes(this.model);
    } catch (error) {
      const culprit = this.results.findLastIndex(({ status }) => status === 'applied');
      if (error instanceof Divergence || culprit < 0 || culprit >= position) throw error;
      throw this.#error(culprit, error);
    }
    this.#typed = { model: this.model, revision: this.model.revision };
  }

  #error(position: number, cause: unknown): PassError {
    const names = this.passes.map(({ definition }) => definition.name);
    return new PassError(names[position] as string, position, names.slice(0, position), cause);
  }
}
