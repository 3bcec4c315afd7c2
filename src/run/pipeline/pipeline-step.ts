/** One pass of a pipeline: types, its run, the comparison, its result. */

import type { Model } from '../../ir/model.js';
import { Divergence } from '../../ir/tensors/bank.js';
import type { ModelSummary } from '../../ir/whole-model/summary.js';
import { type Difference, differenceOf, isDifference, orDifference } from '../../region/difference.js';
import type { Pass } from '../pass.js';
import type { ExcludedPlaces } from '../take-back/fewest-places.js';
import { mendPass } from '../take-back/take-back.js';
import type { Tuning } from '../tune/tuning.js';
import type { RewriteChecker } from '../verify/rewrite-checker.js';
import { trialsBy } from '../verify/trials.js';
import type { Verdict, Verifier } from '../verify/verifier.js';
import { isKept, type JudgedRun, passResult } from './pass-result.js';
import type { PipelineState } from './pipeline-state.js';
import { type PassRun, runPass } from './run-pass.js';

/** What the steps of a pipeline share: each remembers its findings from pass to pass. */
export interface SharedByPasses {
  readonly checker: RewriteChecker;
  /** Where passes are tuned. */
  readonly tuning: Tuning | undefined;
  /** What passes remember of their trials. */
  readonly memory: Map<string, unknown>;
}

/** How a verdict came about. */
interface TimedComparison {
  compare(run: PassRun): Promise<Verdict>;
  readonly ms: number;
}

export class PipelineStep {
  constructor(
    readonly state: PipelineState,
    readonly position: number,
    readonly shared: SharedByPasses,
  ) {}

  get #pass(): Pass {
    return this.state.passes[this.position] as Pass;
  }

  /** A difference where repeats are compiled once that turn out to differ: the pipeline is as it was. */
  async run(): Promise<Difference | undefined> {
    const { state, position } = this;
    const started = performance.now();
    const unlike = await orDifference(() => state.infer(position));
    if (isDifference(unlike)) return unlike;
    const run = await this.#runPass(state.takenBack.get(position)?.excluded);
    if (isDifference(run)) return run;
    const ms = performance.now() - started - run.verifyMs - run.tuneMs;
    const judged = await this.#judged(run);
    if (isDifference(judged)) return judged;
    const { candidate, isChanged } = judged.run;
    const after = isChanged ? state.summarize(candidate) : state.summary;
    state.results.push(passResult(state, position, judged, { after, ms }));
    this.#adopt(judged, after);
    return undefined;
  }

  #runPass(excluded?: ExcludedPlaces): Promise<PassRun | Difference> {
    const { state, position, shared } = this;
    const tell = state.tell(position);
    if (!excluded) tell('run');
    return runPass(state.model, this.#pass, {
      environment: state.options,
      isVerified: state.level !== 'none',
      regions: state.regions,
      ...shared,
      excluded,
      trials: () => {
        const verifier = state.level === 'none' ? undefined : state.options.verifier;
        const told = (done: number, of: number) => tell('verify', undefined, { share: done / of });
        const { deadline, parts } = state.options;
        const whole = (model: Model) => state.regions.wholeTrial(model);
        return trialsBy(verifier, { deadline, told, memory: shared.memory, whole, parts });
      },
      guard: async (work) => {
        try {
          return await work();
        } catch (error) {
          throw error instanceof Divergence ? error : state.errorOf(position, error);
        }
      },
      onVerify: (estimate) => tell('verify', undefined, estimate),
      onRace: (about) => tell('tune', about),
    });
  }

  /** Compares the model before and after, where each pass is compared; a pass that breaks its gate is mended. */
  async #judged(run: PassRun): Promise<JudgedRun | Difference> {
    const { state, position } = this;
    const { fidelity } = this.#pass.definition;
    const { verifier } = state.options;
    const back = state.takenBack.get(position);
    const unverified = { run, takenBack: back?.takenBack, verifyMs: run.rewrites && run.verifyMs };
    if (!run.isChanged || state.level !== 'pass' || state.isTrial || !verifier) return unverified;
    state.tell(position)('verify');
    const began = performance.now();
    const compare = (made: PassRun) => this.#compare(verifier, made);
    const verdict = await compare(run);
    const isMendable = verdict.outcome === 'rejected' && fidelity !== 'exact' && !back;
    // Which repeats break the gate is a difference between them.
    if (isMendable && state.regions.isShortened) return differenceOf('it breaks its accuracy gate');
    const mended = isMendable ? await this.#mended(verdict, { compare, ms: performance.now() - began }) : undefined;
    const verifyMs = (unverified.verifyMs ?? 0) + performance.now() - began;
    return { ...unverified, verdict, ...mended, verifyMs };
  }

  #compare(verifier: Verifier, { candidate }: PassRun): Promise<Verdict> {
    const { model, regions } = this.state;
    return verifier.compare(regions.whole(model), regions.whole(candidate), this.#pass.definition.fidelity);
  }

  /** The pass without the places that break its gate; undefined where nothing worth it would be left. */
  #mended(broken: Verdict, { compare, ms }: TimedComparison): Promise<Omit<JudgedRun, 'verifyMs'> | undefined> {
    const { state, position } = this;
    return mendPass(this.#pass.definition.name, broken, {
      compare,
      bytes: state.summary.bytes,
      budget: { ms, deadline: state.options.deadline },
      run: async (excluded) => {
        state.tell(position)('narrow');
        // No repeat stands for others here.
        return (await this.#runPass(excluded)) as PassRun;
      },
      bytesOf: ({ candidate }) => state.summarize(candidate).bytes,
    });
  }

  /** Goes on with the result of the pass, unless it broke its gate. */
  #adopt(judged: JudgedRun, after: ModelSummary): void {
    const { state, position } = this;
    const { model, summary, regions } = state;
    const { candidate } = judged.run;
    const both = () => [regions.whole(model), regions.whole(candidate)] as const;
    const compared = state.isCompared && isKept(judged) ? both : undefined;
    const { trail } = candidate;
    const kept = trail && isKept(judged) ? { whole: both, trail } : undefined;
    state.steps[position] = { model, summary, compared, kept };
    if (isKept(judged)) [state.model, state.summary] = [candidate, after];
  }
}
