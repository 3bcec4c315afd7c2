/** The messages between parent and child. Both sides come from one build, so the protocol has no versions. */
import type { Provider } from '../ir/targets/targets.js';
import type { DataType } from '../ir/types.js';
import type { Adapter } from './web/adapter.js';
import type { BrowserPaths } from './web/find.js';

/** The last message of a process that exceeded its memory limit. */
export const TOO_LARGE = 'too much memory';

export type { Provider } from '../ir/targets/targets.js';

/** A tensor as it crosses the process boundary. */
export interface TensorData {
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Little-endian elements, as in raw_data; text where the type is string. */
  readonly data: Uint8Array | readonly string[];
}

/** An input or output as the runtime describes it. */
export interface Port {
  readonly name: string;
  /** Undefined for sequences, maps and optionals. */
  readonly type: DataType | undefined;
  /** Numbers, and names of symbolic dims ('' for one without a name). */
  readonly shape: readonly (number | string)[];
}

export interface LoadOptions {
  readonly provider: Provider;
  /** The runtime's own graph optimizations: all of them, or (the default) none. */
  readonly optimize?: boolean;
  /** Refuse a model if the CPU provider would run a part of it. */
  readonly noFallback?: boolean;
  /** Record the provider of each node: see `Session.profile`. */
  readonly profile?: boolean;
  /**
   * Has the runtime save what its optimizer makes of the model, at the extended level: what lies beyond suits one CPU alone. `dataName` is the
   * name of a file beside it for the weights.
   */
  readonly saveTo?: { readonly path: string; readonly dataName?: string | undefined };
  /** Options of the session as onnxruntime's API names them; of the provider where it has them. */
  readonly session?: Readonly<Record<string, string | number | boolean>>;
  /** Threads within one operator; the runtime's choice where left out. */
  readonly threads?: number;
  /** Threads that wait spin, as the runtime has them by itself: for times by the clock. Elsewhere they sleep, and the CPU time is that of the work alone. */
  readonly spins?: boolean;
}

/** Milliseconds of each of a row of runs: by the clock, and of all the process's threads on a CPU. */
export interface RunTimes {
  readonly ms: readonly number[];
  readonly cpuMs: readonly number[];
}

export type Tensors = Readonly<Record<string, TensorData>>;

/** The outputs of one run, and its milliseconds: by the clock, and of them those in which it waited for a processor, at least. */
export interface RunResult {
  readonly outputs: Record<string, TensorData>;
  readonly ms: number;
  readonly waitedMs: number;
}

/** The requests to a child, with their arguments and results. */
export interface Calls {
  load: {
    arguments: {
      model: string | Uint8Array;
      options: LoadOptions;
      /** What a relative path of the model is relative to: the process may have begun elsewhere. */
      folder: string | undefined;
      /** The beginning of the profile's file name. */
      profilePrefix: string | undefined;
      /** Bytes that the process may allocate from now on; undefined for no limit. */
      bytes: number | undefined;
      /** Undefined where the provider is no browser. */
      browser: BrowserPaths | undefined;
      /** For a browser: the model's files of weights, with their names in the model. */
      externalData: readonly { readonly location: string; readonly path: string }[];
    };
    result: { session: number; inputs: Port[]; outputs: Port[]; ms: number; cpuMs: number };
  };
  run: {
    arguments: {
      session: number;
      feeds: Tensors;
      outputs: readonly string[] | undefined;
      /** Of these outputs the sum over the runs is kept, and not returned. */
      summed: readonly string[];
    };
    result: RunResult;
  };
  /** Gives the sum of an output, and forgets it. */
  sum: { arguments: { session: number; output: string }; result: TensorData };
  /** Runs several times and returns the times alone. */
  time: { arguments: { session: number; feeds: Tensors; count: number }; result: RunTimes };
  endProfiling: { arguments: { session: number }; result: undefined };
  release: { arguments: { session: number }; result: undefined };
  /** Releases all sessions and limits; gives the bytes of memory that the process has then. */
  reset: { arguments: undefined; result: number };
  /** Native libraries and device files that the process has open: they tell the driver that the runtime chose. */
  open: { arguments: undefined; result: { libraries: string[]; devices: string[] } };
  /** The GPU of the browser. */
  adapter: { arguments: BrowserPaths; result: Adapter };
}

export type CallName = keyof Calls;

export type Request = {
  [Name in CallName]: { readonly id: number; readonly call: Name; readonly arguments: Calls[Name]['arguments'] };
}[CallName];

export type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });
