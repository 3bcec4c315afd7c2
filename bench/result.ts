/** The result of a run of the provider bench: one JSON file. Times are milliseconds, sizes bytes. */
import type { KindName, SizeName } from '../fixtures/kinds.js';
import type { Fidelity } from '../src/run/pass.js';
import type { Provider } from '../src/runtime/protocol.js';
import type { OutputAccuracy } from '../src/validate/judge/accuracy.js';
import type { MachineState } from './machine.js';

export const RESULT_VERSION = 1;

export interface BenchResult {
  readonly version: typeof RESULT_VERSION;
  /** The date in ISO 8601, UTC. */
  readonly date: string;
  readonly provider: Provider;
  readonly device: string;
  readonly size: SizeName;
  /** The seed of weights and inputs. */
  readonly seed: number;
  readonly sampling: Sampling;
  readonly machine: MachineState;
  readonly models: readonly ModelResult[];
}

/** The way in which times were measured. */
export interface Sampling {
  /** The number of rounds. Each takes one sample of every variant, in an order that rotates. */
  readonly rounds: number;
  /** The length of a sample: it is the mean of as many runs as take about this long. */
  readonly sampleMs: number;
  /** Runs before the first sample. */
  readonly warmUp: number;
}

export interface ModelResult {
  readonly kind: KindName;
  /** The sizes that it was generated with, and the dims that it ran with. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly dims: Readonly<Record<string, number>>;
  readonly parameters: number;
  /** float32 first, then one more pass at a time. */
  readonly steps: readonly StepResult[];
}

export type StepResult = MeasuredStep | FailedStep;

/** The outcome of a pass. */
export interface PassOutcome {
  readonly name: string;
  readonly status: string;
  readonly ops: Readonly<Record<string, number>>;
  /** The reasons for nodes that it left as they are. */
  readonly skips: readonly { readonly reason: string; readonly count: number }[];
}

interface Step {
  /** `float32`, or the passes as the command line states them. */
  readonly name: string;
  /** Bytes of the file; undefined where nothing was written. */
  readonly bytes?: number;
  /** Time of the passes and of writing. */
  readonly optimizeMs?: number;
  readonly passes: readonly PassOutcome[];
}

export interface FailedStep extends Step {
  readonly status: 'failed';
  readonly stage: 'optimize' | 'load' | 'run';
  readonly message: string;
}

export interface MeasuredStep extends Step {
  readonly status: 'measured';
  readonly bytes: number;
  /** Time of session creation, and below of the first run. */
  readonly createMs: number;
  readonly firstMs: number;
  readonly run: Timing;
  /** Time of float32 over time of this step, paired by round; undefined for float32 itself, or where that failed. */
  readonly speedup?: Ratio;
  /** Against float32 with the runtime's own optimizations off, on the same provider; none where that did not run. */
  readonly accuracy: readonly OutputAccuracy[];
  /** The accuracy that the passes promise together, and what breaks it, in words. */
  readonly gate: { readonly fidelity: Fidelity; readonly violations: readonly string[] };
  /** Nodes that the CPU provider ran although another was asked for, by op; shape arithmetic aside. */
  readonly fallbacks: Readonly<Record<string, number>>;
}

/** Statistics of the samples of all rounds. */
export interface Timing {
  readonly median: number;
  /** Quartiles. */
  readonly low: number;
  readonly high: number;
  readonly samples: readonly number[];
  readonly runsPerSample: number;
}

export interface Ratio {
  readonly median: number;
  /** Its interval, 99 % confidence: see src/validate/statistics.ts. */
  readonly low: number;
  readonly high: number;
  /** False: the difference is inside the noise, or the rounds are too few to tell. */
  readonly significant: boolean;
}
