/** What a validation is asked for, and what it finds. */

import type { Limits } from '../ir/options/budget.js';
import type { Target, TargetChoice } from '../ir/targets/targets.js';
import type { ProgressListener } from '../ir/text/progress.js';
import type { Ranges } from '../ir/whole-model/ranges.js';
import type { Fidelity } from '../run/pass.js';
import type { TimeOptions } from '../run/pipeline/deadline.js';
import type { TargetCpu } from '../run/target-cpu.js';
import type { Verdict } from '../run/verify/verifier.js';
import type { Provider } from '../runtime/protocol.js';
import type { BranchCoverage } from './inputs/branches.js';
import type { SizePoint } from './inputs/points.js';
import type { RowEffect } from './inputs/rows.js';
import type { OutputAccuracy } from './judge/accuracy.js';
import type { Gate, GateOptions } from './judge/gates.js';
import type { PlacementReport } from './placement.js';
import type { Profiles } from './profile.js';
import type { Reference } from './reference.js';
import type { ReferenceOptions } from './reference-runs.js';
import type { MeasuredRollout, MeasureOptions } from './rollout/index.js';
import type { Form } from './sides/forms.js';
import type { SpeedOptions, SpeedReport } from './speed/speed.js';

/** Runs of an original that comparisons with several results share: the first fills it in. */
export interface Baseline {
  reference?: Reference;
}

/** What a result is compared on, and the gates that it has to hold. */
export interface ValidateOptions
  extends Omit<ReferenceOptions, 'provider'>,
    GateOptions,
    Omit<SpeedOptions, 'runEstimateMs' | 'onTime' | 'isAsked'>,
    TimeOptions,
    Pick<MeasureOptions, 'rollout'> {
  /** Of a job that compares several results with one original, on the same inputs. */
  readonly baseline?: Baseline;
  /** Default `auto`: cuda, else webgpu on real hardware, else cpu. `web`: the result in a browser, the original on the CPU. */
  readonly provider?: TargetChoice | Provider;
  /** The strongest kind of change that the passes may make to numbers; default exact. */
  readonly fidelity?: Fidelity;
  /** The least ratio of the original's time to the result's. A ratio inside the noise counts as 1. */
  readonly minSpeedup?: number;
  /** Fail where a node runs on another provider. */
  readonly failOnFallback?: boolean;
  /** Default: true, except on a software device, as its times do not predict a GPU's. */
  readonly speed?: boolean;
  /** The file that the result was written to, where it is given as a model: it is run from there. */
  readonly resultFile?: string | undefined;
  /** Whether one run of each is profiled. */
  readonly profile?: boolean;
  /** True if no pass changed anything. */
  readonly isUnchanged?: boolean;
  /** Called now and then with the current step, the share that is done and the time left, in words. */
  readonly onProgress?: ProgressListener;
  /** The CPUs that the result is meant for. */
  readonly targetCpu?: TargetCpu | readonly TargetCpu[];
  /** The provider that the result is meant for, where it does not work here and another stands in. */
  readonly absent?: Target;
  /** Limit of one load or run; default 5 minutes. */
  readonly timeoutMs?: number;
  readonly allowOutsideData?: boolean;
  /** Limits of the work that a model's numbers may ask for, by name. */
  readonly budget?: Limits;
}

/** The worst over all outputs of a result at one size of its dims, in every form of arithmetic, and its time there. */
export interface SizeFindings extends SizePoint {
  readonly relativeL2: number;
  readonly cosine: number;
  /** Undefined where it was not timed. */
  readonly speed?: SpeedReport;
}

/** A result of which dims have a range of sizes. */
export interface RangeFindings {
  readonly dims: Ranges;
  /** Each size that both ran at, the least first. */
  readonly sizes: readonly SizeFindings[];
}

/** How far the outputs of a result are from those of its original. */
export interface AccuracyReport {
  readonly provider: Provider;
  /** Each set of inputs in words: its source and shapes. */
  readonly inputs: readonly string[];
  /** The worst value of each measure over all inputs, with the runtime's optimizations off and on. */
  readonly outputs: readonly OutputAccuracy[];
  /** Faults under any gate: the result does not run, crashes, lacks an output, or gives another shape or type. */
  readonly failures: readonly string[];
  /**
   * Outputs that were not compared, with the reason. An empty name stands for all of them: the original does not run.
   */
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
  readonly notes: readonly string[];
  /** Inputs for which the gate does not hold, and findings on made-up inputs beside given ones. */
  readonly warnings: readonly string[];
  /** The forms of arithmetic that were run. */
  readonly forms?: readonly Form[];
  /** The effect of the runtime's own optimizations on the original's outputs, without any pass. */
  readonly runtimeOwn?: readonly OutputAccuracy[];
  /** The branches that ran; undefined for a model without branches. */
  readonly branches?: BranchCoverage;
  /**
   * The effect of one odd row on the other rows of a batch that the passes introduced. Undefined where rows are not
   * independent, or were not tried.
   */
  readonly rows?: readonly RowEffect[];
  /** By the size of dims that have a range; undefined where none has. */
  readonly sizes?: readonly Omit<SizeFindings, 'speed'>[];
  readonly verdict: Verdict;
  /** The applied gate, and its fidelity. */
  readonly gate: Gate;
  readonly fidelity: Fidelity;
}

/**
 * One condition on the result. `require`: a pass must be part of it; `proof`: a change of numbers must have been
 * compared.
 */
export interface GateResult {
  readonly name: 'accuracy' | 'speed' | 'placement' | 'require' | 'proof';
  readonly passed: boolean;
  /** The measured value and the limit, in words. */
  readonly detail: string;
}

/** A result against its original: accuracy, speed, placement, and each gate. */
export interface Validation {
  readonly accuracy: AccuracyReport;
  /** Undefined where no output feeds an input, or one of the two does not run. */
  readonly rollout: MeasuredRollout | undefined;
  /** Undefined where no dim has a range, or nothing was compared. */
  readonly ranges: RangeFindings | undefined;
  /** Of several sizes the one with the least gain. Undefined where it was not asked for, or one of the two does not run. */
  readonly speed: SpeedReport | undefined;
  /** The reason for missing times where they were not declined; otherwise undefined. */
  readonly notTimed: string | undefined;
  /** Where the result's nodes ran; undefined on the CPU, which has nothing to fall back to. */
  readonly placement: PlacementReport | undefined;
  readonly gates: readonly GateResult[];
  /** Work that was left out for lack of time, in words; undefined where nothing was. */
  readonly cuts: readonly string[] | undefined;
  /** Where profiles were asked for, and both ran. */
  readonly profiles?: Profiles | undefined;
}
