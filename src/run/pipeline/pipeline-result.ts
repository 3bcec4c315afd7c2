/** The result of a pipeline, and of each of its passes. */
import type { Facts } from '../../infer/index.js';
import type { Model } from '../../ir/model.js';
import type { RecordedTrail } from '../../ir/trail.js';
import type { ModelSummary } from '../../ir/whole-model/summary.js';
import type { Regions } from '../../region/regions.js';
import type { Repeat } from '../../region/shortened.js';
import { type Note, type Skip, toldIn } from '../context.js';
import type { Fidelity } from '../pass.js';
import type { TracedSite } from '../sites.js';
import type { TuningResult } from '../tune/tuning.js';
import type { RewriteResult } from '../verify/rewrite-checker.js';
import type { Verdict, VerifyLevel } from '../verify/verifier.js';

/** The result of one pass. */
export interface PassResult {
  readonly name: string;
  readonly options: unknown;
  readonly fidelity: Fidelity;
  /** unchanged: it found nothing to do; rolled back: it broke its gate, and the model is as it was before. */
  readonly status: 'applied' | 'unchanged' | 'rolled back';
  /** Difference of the number of nodes by op. */
  readonly ops: Readonly<Record<string, number>>;
  readonly nodes: { readonly before: number; readonly after: number };
  readonly bytes: { readonly before: number; readonly after: number };
  readonly notes: readonly Note[];
  readonly skips: readonly Skip[];
  /** Every place that the pass could fuse, fused or not; absent for a pass that fuses nothing. */
  readonly sites?: readonly TracedSite[];
  readonly verdict?: Verdict;
  /** The largest relative L2 of an output against the model before the pass; absent where the two were not compared. */
  readonly error?: number;
  /** The places that were taken back because the pass broke its gate there; absent where none or all were. */
  readonly takenBack?: TakenBack;
  /** The outcome of its rewrites, cut out and run; absent where there were none. */
  readonly rewrites?: RewriteResult;
  /** The outcome of its variants on each repeated block; absent where it was not tuned. */
  readonly tuning?: readonly TuningResult[];
  readonly tuneMs?: number;
  /** Milliseconds of the pass itself and of the inference before it. */
  readonly ms: number;
  readonly verifyMs?: number;
}

/** The places that a pass is kept from, of those where it would edit. */
export interface TakenBack {
  readonly places: readonly string[];
  readonly of: number;
  /** Relative L2 with them and without, where it was measured. */
  readonly error: { readonly before?: number; readonly after?: number };
}

/** A pass that was kept, with the model before and after it. */
export interface TracedPass {
  readonly result: PassResult;
  /** Both with all repeats. */
  readonly before: Model;
  readonly after: Model;
  readonly trail: RecordedTrail;
}

export interface TracedRun {
  /** The input model, as the first pass was given it. */
  readonly start: Model;
  readonly passes: readonly TracedPass[];
  /** The verdict on equal rewrites, by what they have in common. */
  verdictOf(key: string): Verdict | undefined;
}

export interface PipelineResult {
  readonly model: Model;
  readonly passes: readonly PassResult[];
  readonly before: ModelSummary;
  readonly after: ModelSummary;
  readonly verification: { readonly level: VerifyLevel; readonly verdict?: Verdict };
  /** The widest gate of the passes that were applied. */
  readonly fidelity: Fidelity;
  readonly warnings: readonly Warning[];
  /** Chains of repeats, and how they were compiled. */
  readonly repeats: readonly Repeat[];
  /** Where details were asked for. */
  readonly traced?: TracedRun | undefined;
}

/** A fault of the original: inputs that an operator cannot take, or declared types that its nodes contradict. */
export interface Warning {
  readonly text: string;
  /** The node or value it is about. */
  readonly at: string;
}

/** Lists what inference found, violations first; a finding about a node that stands for several is listed once for each. */
export function warningsOf({ violations, contradictions }: Facts, regions: Regions): readonly Warning[] {
  return [
    ...violations.flatMap(({ text, node }) => toldIn(regions, node, text)),
    ...contradictions.flatMap(({ text, value }) =>
      toldIn(regions, value, text, value.producer ? [value.producer] : []),
    ),
  ];
}
