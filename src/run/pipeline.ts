/** The pipeline: runs passes one after another on a clone, measures what each changed, and takes back what broke. */
import { inferTypes } from '../infer/index.js';
import { checkModel } from '../ir/check.js';
import { cloneModel } from '../ir/clone.js';
import { PassError } from '../ir/errors.js';
import type { Model } from '../ir/model.js';
import { placesIn, type Surroundings } from './context.js';
import type { Pass } from './pass.js';
import { type PassResult, type PipelineResult, type Warning, warningsOf } from './pipeline-result.js';
import { Regions } from './region/regions.js';
import { RewriteChecker } from './rewrites.js';
import { type PassRun, runPass } from './run-pass.js';
import { sitesOf } from './sites.js';
import { type ModelSummary, opsChanged, summarize } from './summary.js';
import { sweep } from './sweep.js';
import type { Stopwatch } from './tune/trial.js';
import { Tuning } from './tune/tuning.js';
import { levelFor, loosest, type Verdict, type Verifier, type VerifyLevel } from './verify.js';

export interface PipelineOptions extends Surroundings {
  /** Default: `pass` for a small model, `end` for a larger one; without a verifier always `none`. */
  readonly verify?: VerifyLevel;
  readonly verifier?: Verifier;
  /** Passes for speed are tuned by it. */
  readonly stopwatch?: Stopwatch;
  /** Called before each step. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Where the pipeline stands. */
export interface Progress {
  readonly step: 'infer' | 'run' | 'tune' | 'verify';
  readonly pass: string;
  /** 0-based place in the pipeline. */
  readonly position: number;
  readonly count: number;
  /** What is raced: a variant, and the block it is raced on. */
  readonly about?: string;
}

/**
 * Runs the passes on a clone; the model itself stays as it is.
 * Throws ModelError where the model is at fault, PassError where a pass throws or leaves a model that does not check.
 */
export async function runPipeline(
  original: Model,
  passes: readonly Pass[],
  options: PipelineOptions,
): Promise<PipelineResult> {
  checkModel(original);
  const before = summarize(original);
  const level = options.verifier ? levelFor(options.verify, before.bytes) : 'none';
  const line = new Line(original, before, passes, level, options);
  await line.run();
  const { model, summary: after, results, warnings } = line;
  const applied = results.filter(({ status }) => status === 'applied');
  const fidelity = loosest(applied.map((result) => result.fidelity));
  const whole = async (): Promise<Verdict | undefined> => {
    if (level === 'none' || level === 'rewrite' || !applied.length) return undefined;
    // Steps that each stay within their gate may leave it together. What ran before the first of them is known.
    if (level === 'pass' && applied.length === 1 && applied[0]?.verdict) return applied[0].verdict;
    return options.verifier?.compare(level === 'pass' ? line.start : original, model, fidelity);
  };
  const verdict = await whole();
  return {
    model,
    passes: results,
    before,
    after,
    fidelity,
    warnings,
    verification: { level, verdict },
  };
}

type Tell = (step: Progress['step'], about?: string) => void;

/** The model on its way through the passes. */
class Line {
  readonly results: PassResult[] = [];
  /** What is wrong with the original. */
  warnings: readonly Warning[] = [];
  model: Model;
  /** What the first pass was given. */
  start: Model;
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

  /** All passes, and then the repeats that were left out. Where repeats turn out to differ, from where they became one. */
  async run(): Promise<void> {
    for (let position = 0; position <= this.passes.length; position++)
      try {
        const pass = this.passes[position];
        if (!pass || pass.definition.needs?.includes('repeats')) this.#stampOut();
        if (pass) await this.#step(position);
      } catch (error) {
        if (!this.#whole || !this.#regions.learn(error)) throw error;
        position = this.#whole.position - 1;
        this.model = this.#whole.model;
        this.summary = this.#whole.summary;
        this.results.length = this.#whole.position;
      }
    if (this.model === this.original) this.#begin();
  }

  /** Goes on with a copy of the original whose types are inferred. */
  #begin(): void {
    this.start = this.model = cloneModel(this.original);
    this.warnings = warningsOf(inferTypes(this.model), this.#regions);
    this.#typed = { model: this.model, revision: this.model.revision };
  }

  #stampOut(): void {
    if (!this.#regions.isShortened) return;
    this.#regions.stampOut(this.model);
    sweep(this.model);
    checkModel(this.model);
    this.summary = summarize(this.model);
  }

  async #step(position: number): Promise<void> {
    const { definition, options } = this.passes[position] as Pass;
    const { name, fidelity } = definition;
    const report: Tell = (step, about) =>
      this.options.onProgress?.({ step, pass: name, position, count: this.passes.length, about });
    const started = performance.now();
    const wasShortened = this.#regions.isShortened;
    // To type the short model alone saves most of the time, where its types tell those of the whole one.
    const short = this.model === this.original && definition.shortens && (await this.#run(position, report));
    if (!this.#regions.isShortened) this.#infer(position, report);
    const run = short && this.#regions.isShortened ? short : await this.#run(position, report);
    const { candidate, isChanged, notes, skips, sites, rewrites } = run;
    const after = isChanged ? this.#regions.summarize(candidate) : this.summary;
    const ms = performance.now() - started - run.verifyMs - run.tuneMs;
    let verdict: Verdict | undefined;
    let verifyMs = rewrites && run.verifyMs;
    const isShortened = wasShortened !== this.#regions.isShortened;
    if (isShortened) {
      this.#whole = { position, model: this.model, summary: this.summary };
      if (short) this.warnings = warningsOf(inferTypes(candidate), this.#regions);
    }
    // A model with fewer repeats is not compared with one that has them all: the end is.
    if (isChanged && this.level === 'pass' && !isShortened) {
      report('verify');
      const began = performance.now();
      const [before, now] = [this.model, candidate].map((model) => this.#regions.runnable(model)) as [Model, Model];
      verdict = await this.options.verifier?.compare(before, now, fidelity);
      verifyMs = (verifyMs ?? 0) + performance.now() - began;
    }
    const isKept = isChanged && verdict?.outcome !== 'rejected';
    this.results.push({
      name,
      options,
      fidelity,
      status: isKept ? 'applied' : isChanged ? 'rolled back' : 'unchanged',
      ops: opsChanged(this.summary, after),
      nodes: { before: this.summary.nodes, after: after.nodes },
      bytes: { before: this.summary.bytes, after: after.bytes },
      notes,
      skips,
      sites: sitesOf(sites, placesIn(this.#regions)),
      verdict,
      error: isKept ? verdict?.error : undefined,
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
  }

  #run(position: number, report: Tell): Promise<PassRun> {
    report('run');
    return runPass(this.model, this.passes[position] as Pass, {
      around: this.options,
      isTyped: this.model !== this.original,
      isVerified: this.level !== 'none',
      regions: this.#regions,
      checker: this.#rewrites,
      tuning: this.#tuning,
      guard: async (work) => {
        try {
          return await work();
        } catch (error) {
          throw this.#error(position, error);
        }
      },
      onVerify: () => report('verify'),
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
      if (culprit < 0 || culprit >= position) throw error;
      throw this.#error(culprit, error);
    }
    this.#typed = { model: this.model, revision: this.model.revision };
  }

  #error(position: number, cause: unknown): PassError {
    const names = this.passes.map(({ definition }) => definition.name);
    return new PassError(names[position] as string, position, names.slice(0, position), cause);
  }
}
