/** A model on its way through the passes, with the result of each. */

import { inferTypes } from '../infer/index.js';
import { Divergence } from '../ir/bank.js';
import { checkModel } from '../ir/check.js';
import { cloneModel } from '../ir/clone.js';
import { PassError } from '../ir/errors.js';
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
import { type PassResult, type TakenBack, type Warning, warningsOf } from './pipeline-result.js';
import { type PassRun, runPass } from './run-pass.js';
import { sitesOf } from './sites.js';
import type { ExcludedPlaces } from './take-back/fewest-places.js';
import { mendPass, type PlacesTakenBack, takenBackNote } from './take-back/take-back.js';
import { Tuning } from './tune/tuning.js';
import { RewriteChecker } from './verify/rewrite-checker.js';
import { trialsBy } from './verify/trials.js';
import { loosest, type Verdict, type VerifyLevel } from './verify/verifier.js';

/** What a pass was given, and what it made of it. */
interface Step {
  readonly model: Model;
  readonly summary: ModelSummary;
  readonly ran: readonly [Model, Model] | undefined;
}

/** What a pass made, as the comparison left it. */
interface Verified {
  readonly run: PassRun;
  readonly verdict?: Verdict | undefined;
  readonly takenBack?: TakenBack | undefined;
  readonly verifyMs: number | undefined;
}

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
  /** By position. */
  readonly steps: Step[] = [];
  readonly #rewrites: RewriteChecker;
  readonly #regions = new Regions();
  /** What passes remember of runs of their own. */
  readonly #memory = new Map<string, unknown>();
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

  get applied(): readonly PassResult[] {
    return this.results.filter(({ status }) => status === 'applied');
  }

  /** The widest gate of the passes that were applied. */
  get fidelity(): Fidelity {
    return loosest(this.applied.map((result) => result.fidelity));
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
    const { model, summary } = this.steps[position] as Step;
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
    const rewind = !pass || this.#needsRepeats(pass) ? this.#stampOut() : undefined;
    return rewind ?? (pass && this.#step(position));
  }

  /** Activations of a repeat are its own. */
  #needsRepeats({ definition: { needs = [] } }: Pass): boolean {
    return needs.includes('repeats') || (needs.includes('activations') && this.options.activations !== undefined);
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

  /** The life of a pass: types, its run, the comparison, its result; the pipeline then goes on with what it made. */
  async #step(position: number): Promise<Rewind | undefined> {
    const report = this.#tell(position);
    const started = performance.now();
    const wasShortened = this.#regions.isShortened;
    const run = await this.#runTyped(position, report);
    if (isRewind(run)) return run;
    const ms = performance.now() - started - run.verifyMs - run.tuneMs;
    const isShortened = wasShortened !== this.#regions.isShortened;
    if (isShortened) this.#whole = { position, model: this.model, summary: this.summary };
    const verified = await this.#verified(position, run, isShortened, report);
    if (isRewind(verified)) return verified;
    const { candidate, isChanged } = verified.run;
    const after = isChanged ? this.#regions.summarize(candidate) : this.summary;
    this.results.push(this.#resultOf(position, verified, after, ms));
    this.#adopt(position, verified, after, isShortened);
    return undefined;
  }

  /** Infers types where the pass needs them, and runs it. */
  async #runTyped(position: number, report: Tell): Promise<PassRun | Rewind> {
    const { definition } = this.passes[position] as Pass;
    // To type the short model alone saves most of the time, where its types tell those of the whole one.
    if (this.model === this.original && definition.shortens) {
      const short = await this.#run(position, report);
      if (isRewind(short)) return short;
      if (this.#regions.isShortened) {
        this.warnings = warningsOf(inferTypes(short.candidate), this.#regions);
        return short;
      }
    }
    const rewind = this.#regions.isShortened ? undefined : await orRewind(() => this.#infer(position, report));
    return rewind ?? this.#run(position, report, this.kept.get(position)?.keeping);
  }

  /** Compares the model before and after, where each pass is compared; what breaks its gate is mended. */
  async #verified(position: number, run: PassRun, isShortened: boolean, report: Tell): Promise<Verified | Rewind> {
    const { fidelity } = (this.passes[position] as Pass).definition;
    const { verifier } = this.options;
    const back = this.kept.get(position);
    const unverified = { run, takenBack: back?.takenBack, verifyMs: run.rewrites && run.verifyMs };
    // A model with fewer repeats is not compared with one that has them all: the end is.
    if (!run.isChanged || this.level !== 'pass' || isShortened || this.isTrial || !verifier) return unverified;
    report('verify');
    const began = performance.now();
    const compare = ({ candidate }: PassRun): Promise<Verdict> =>
      verifier.compare(this.#regions.runnable(this.model), this.#regions.runnable(candidate), fidelity);
    const verdict = await compare(run);
    const isMendable = verdict.outcome === 'rejected' && fidelity !== 'exact' && !back;
    const trials = { compare, report, ms: performance.now() - began };
    const mended = isMendable ? await this.#mended(position, verdict, trials) : undefined;
    if (isRewind(mended)) return mended;
    const verifyMs = (unverified.verifyMs ?? 0) + performance.now() - began;
    return { ...unverified, verdict, ...mended, verifyMs };
  }

  /** The pass without the places that break its gate; undefined where nothing worth it would be left. */
  #mended(
    position: number,
    broken: Verdict,
    { compare, report, ms }: { compare(run: PassRun): Promise<Verdict>; readonly report: Tell; readonly ms: number },
  ): Promise<Omit<Verified, 'verifyMs'> | undefined | Rewind> {
    const trials = {
      compare,
      bytes: this.summary.bytes,
      budget: { ms, deadline: this.options.deadline },
      splits: !this.#regions.isShortened,
      run: async (keeping: ExcludedPlaces) => {
        report('narrow');
        const tried = await this.#run(position, report, keeping);
        // It ends the search.
        if (isRewind(tried)) throw tried.difference;
        return tried;
      },
      bytesOf: ({ candidate }: PassRun) => this.#regions.summarize(candidate).bytes,
    };
    return orRewind(() => mendPass((this.passes[position] as Pass).definition.name, broken, trials));
  }

  #resultOf(position: number, verified: Verified, after: ModelSummary, ms: number): PassResult {
    const { definition, options } = this.passes[position] as Pass;
    const { run, takenBack, verifyMs } = verified;
    const { isChanged, notes, skips, sites, rewrites, tuning, tuneMs } = run;
    const isKept = isKeptOf(verified);
    const back = isKept ? undefined : this.kept.get(position);
    const verdict = back ? back.broken : verified.verdict;
    return {
      name: definition.name,
      options,
      fidelity: definition.fidelity,
      status: isKept ? 'applied' : isChanged || back ? 'rolled back' : 'unchanged',
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
      tuning,
      tuneMs: tuning && tuneMs,
      ms,
      verifyMs,
    };
  }

  /** Goes on with what the pass made, unless it broke its gate. */
  #adopt(position: number, verified: Verified, after: ModelSummary, isShortened: boolean): void {
    const { model, summary } = this;
    const { candidate } = verified.run;
    const isKept = isKeptOf(verified);
    const isMeasured = this.isCompared && isKept && !isShortened;
    const ran = isMeasured ? ([this.#regions.runnable(model), this.#regions.runnable(candidate)] as const) : undefined;
    this.steps[position] = { model, summary, ran };
    if (!isKept) return;
    [this.model, this.summary] = [candidate, after];
    // Types are what they were.
    if (isShortened) this.#typed = { model: candidate, revision: candidate.revision };
  }

  #tell(position: number): Tell {
    const pass = (this.passes[position] as Pass).definition.name;
    return (step, about, outlook) =>
      this.options.onProgress?.({ step, pass, position, count: this.passes.length, about, outlook });
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
      trials: () => {
        const told = (done: number, of: number) => report('verify', undefined, { share: done / of });
        const verifier = this.level === 'none' ? undefined : this.options.verifier;
        return trialsBy(verifier, this.options.deadline, told, this.#memory);
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

const isKeptOf = ({ run, verdict }: Verified): boolean => run.isChanged && verdict?.outcome !== 'rejected';
