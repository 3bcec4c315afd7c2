/** A session where it is hosted: in the child process, or in the browser that this process has started. */
import type { Port, RunResult, RunTimes, Tensors } from './protocol.js';

export interface HostedSession {
  readonly inputs: Port[];
  readonly outputs: Port[];
  /** Milliseconds that creating it took, and of CPU time where it is known. */
  readonly ms: number;
  readonly cpuMs?: number;
  run(feeds: Tensors, outputs: readonly string[] | undefined): Promise<RunResult>;
  time(feeds: Tensors, count: number): Promise<RunTimes>;
  /** Writes the profile to a file that begins with the prefix given at `load`. */
  endProfiling(): Promise<void>;
  release(): Promise<void>;
}
