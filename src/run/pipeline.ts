/** The pipeline: runs passes one after another on a clone, measures what each changed, and takes back what broke. */
import { inferTypes } from '../infer/index.js';
import { checkModel } from '../ir/check.js';
import { cloneModel } from '../ir/clone.js';
import { PassError } from '../ir/errors.js';
import type { Model } from '../ir/model.js';
import { passContext, placesIn, type Surroundings } from './context.js';
import type { Pass, PassContext } from './pass.js';
import type { PassResult, PipelineResult } from './pipeline-result.js';
import { raisedCopy } from './raise-opset.js';
import { Regions } from './region/regions.js';
import { type Refutation, RewriteChecker } from './rewrites.js';
import { sitesOf } from './sites.js';
import { type ModelSummary, opsChanged, summarize } from './summary.js';
import { sweep } from './sweep.js';
import { levelFor, loosest, type Verdict, type Verifier, type VerifyLevel } from './verify.js';

export interface PipelineOptions extends Surroundings {
  /** Default: `pass` for a small model, `end` for a larger one; without a verifier always `none`. */
  readonly verify?: VerifyLevel;
  readonly verifier?: Verifier;
  /** Called before each step. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Where the pipeline stands. */
export interface Progress {
  readonly step: 'infer' | 'run' | 'verify';
  readonly pass: string;
  /** 0-based place in the pipeline. */
  readonly position: number;
  readonly count: number;
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
  const start = cloneModel(original);
  const { contradictions, violations } = inferTypes(start);
  const line = new Line(start, before, passes, level, options);
  await line.run();
  const { model, summary: after, results } = line;
  const applied = results.filter(({ status }) => status === 'applied');
  const fidelity = loosest(applied.map((result) => result.fidelity));
  const whole = async (): Promise<Verdict | undefined> => {
    if (level === 'none' || level === 'rewrite' || !applied.length) return undefined;
    // Steps that each stay within their gate may leave it together. What ran before the first of them is known.
    if (level === 'pass' && applied.length === 1 && applied[0]?.verdict) return applied[0].verdict;
    return options.verifier?.compare(level === 'pass' ? start : original, model, fidelity);
  };
  const verdict = await whole();
  return {
    model,
    passes: results,
    before,
    after,
    fidelity,
    contradictions,
    violations,
    verification: { level, verdict },
  };
}

/** The model on its way through the passes. */
class Line {
  readonly results: PassResult[] = [];
  readonly #rewrites: RewriteChecker;
  readonly #regions = new Regions();
  /** What the pass found that made repeats one. */
  #whole: { readonly position: number; readonly model: Model; readonly summary: ModelSummary } | undefined;
  /** The model when its types were last inferred. */
  #typed: { model: Model; revision: number };

  constructor(
    /** Its types have been inferred. */
    public model: Model,
    public summary: ModelSummary,
    readonly passes: readonly Pass[],
    readonly level: VerifyLevel,
    readonly options: PipelineOptions,
  ) {
    this.#rewrites = new RewriteChecker(level === 'none' ? undefined : options.verifier);
    this.#typed = { model, revision: model.revision };
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
    const report = (step: Progress['step']) =>
      this.options.onProgress?.({ step, pass: name, position, count: this.passes.length });
    const started = performance.now();
    if (definition.needs?.includes('types')) {
      report('infer');
      this.#infer(position);
    }
    report('run');
    const wasShortened = this.#regions.isShortened;
    const { candidate, raised, revision, notes, skips, sites, rewrites, ...run } = await this.#run(position, report);
    const isChanged = candidate.revision !== revision;
    if (isChanged && raised)
      notes.unshift({ text: `raised the opset from ${this.model.opsets.get('')} to ${definition.opset}` });
    const after = isChanged ? this.#regions.summarize(candidate) : this.summary;
    const ms = performance.now() - started - run.verifyMs;
    let verdict: Verdict | undefined;
    let verifyMs = rewrites && run.verifyMs;
    const isShortened = wasShortened !== this.#regions.isShortened;
    if (isShortened) this.#whole = { position, model: this.model, summary: this.summary };
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
      skips: skips(),
      sites: sitesOf(sites, placesIn(this.#regions)),
      verdict,
      rewrites,
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

  /** Runs the pass on a copy of the model; again, without them, where rewrites of it were refuted. */
  async #run(position: number, report: (step: Progress['step']) => void) {
    const { definition, options } = this.passes[position] as Pass;
    const refuted = new Map<string, Refutation>();
    let verifyMs = 0;
    for (;;) {
      const { context, notes, skips, sites, rewrites, short } = passContext(this.options, {
        refuted,
        cutsOut: this.level !== 'none',
        regions: this.#regions,
      });
      const raised = await this.#guard(position, async () => this.#raised(definition, context));
      // What may be taken back is done on a copy; the verifier then knows the model before by its identity.
      const isInPlace = this.level === 'none' || definition.shortens;
      const given = raised ?? (isInPlace ? this.model : cloneModel(this.model));
      const before = given.revision;
      this.#regions.enter(given);
      await this.#guard(position, () => definition.run(given, options, context));
      const candidate = short() ?? given;
      const revision = candidate === given ? before : -1;
      if (rewrites.count) report('verify');
      const began = performance.now();
      const found = await this.#rewrites.check(rewrites, definition.fidelity);
      verifyMs += performance.now() - began;
      if (found.size) {
        for (const [key, refutation] of found) refuted.set(key, refutation);
        continue;
      }
      await this.#guard(position, async () => {
        if (candidate.revision === revision) return;
        sweep(candidate);
        checkModel(candidate);
      });
      return {
        candidate,
        raised,
        revision,
        notes,
        skips,
        sites,
        verifyMs,
        rewrites: this.#rewrites.result(rewrites, refuted),
      };
    }
  }

  /** A copy at the opset that the pass emits for; undefined where the model has it, or cannot be raised. */
  #raised({ name, opset }: Pass['definition'], context: PassContext): Model | undefined {
    const raised = opset === undefined ? undefined : raisedCopy(this.model, opset);
    if (!raised || !('reason' in raised)) return raised;
    const found = this.model.opsets.get('');
    context.skip(`${name} needs opset ${opset}, and the model has ${found}; ${raised.reason}`, raised.at);
    return undefined;
  }

  /** Infers types unless nothing changed since; where that fails, the pass before is to blame, or the model itself. */
  #infer(position: number): void {
    if (this.#typed.model === this.model && this.#typed.revision === this.model.revision) return;
    try {
      inferTypes(this.model);
    } catch (error) {
      const culprit = this.results.findLastIndex(({ status }) => status === 'applied');
      if (culprit < 0 || culprit >= position) throw error;
      throw this.#error(culprit, error);
    }
    this.#typed = { model: this.model, revision: this.model.revision };
  }

  async #guard<T>(position: number, work: () => Promise<T> | T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#error(position, error);
    }
  }

  #error(position: number, cause: unknown): PassError {
    const names = this.passes.map(({ definition }) => definition.name);
    return new PassError(names[position] as string, position, names.slice(0, position), cause);
  }
}
