/** A model that is loaded in a child process. */
import type { LoadOptions, Port, RunResult, RunTimes, TensorData, Tensors } from './protocol.js';

/** One run of a node, from the runtime's own trace. */
export interface NodeRun {
  readonly name: string;
  readonly opType: string;
  /** The runtime's name of the provider: CPUExecutionProvider … */
  readonly provider: string;
  readonly ms: number;
  /** Element types and shapes of its inputs and outputs. */
  readonly inputs: readonly TracedType[];
  readonly outputs: readonly TracedType[];
}

export interface TracedType {
  /** The runtime's name of the type: float, int64, bool … */
  readonly type: string;
  readonly shape: readonly number[];
}

/** Its calls reject with RuntimeError; after a crash or a timeout all of them do. */
export interface Session {
  readonly options: LoadOptions;
  /** False once its process has ended. */
  readonly isAlive: boolean;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Milliseconds that creating the session took. */
  readonly createMs: number;
  /** The same of CPU time; by the clock where that is not known. */
  readonly createCpuMs: number;
  /**
   * Runs once; `outputs` are the names of those to return (default all). `ms` is the run alone, without the way between
   * processes. Of `summed` ones among them, float32 of one shape, the sum over the runs is kept for `sum` instead.
   */
  run(feeds: Tensors, outputs?: readonly string[], summed?: readonly string[]): Promise<RunResult>;
  /** Gives the sum of an output, and forgets it. */
  sum(output: string): Promise<TensorData>;
  /** The inputs of the last `run`, and its times; undefined before the first. */
  readonly last?: ({ readonly feeds: Tensors } & Pick<RunResult, 'ms' | 'waitedMs'>) | undefined;
  /** Times of `count` runs. */
  time(feeds: Tensors, count: number): Promise<RunTimes>;
  /** Ends the recording that `profile: true` began, and returns the nodes that ran since. */
  profile(): Promise<NodeRun[]>;
  release(): Promise<void>;
  /**
   * Releases it as late as can be: when the process loads another model. A load of the same model with the same options takes it up again, as it is.
   */
  park(): Promise<void>;
}
