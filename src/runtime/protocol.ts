/** What parent and child say to each other. Both sides come from one build: it has no versions. */
import type { DataType } from '../ir/types.js';

/** The last word of a process that took more memory than it may. */
export const TOO_LARGE = 'too much memory';

/** A provider of onnxruntime: where a model runs. */
export type Provider = 'cpu' | 'webgpu' | 'cuda';

/** A tensor on its way through the process boundary. */
export interface TensorData {
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Little-endian elements, as in raw_data; text where the type is string. */
  readonly data: Uint8Array | readonly string[];
}

/** An input or output as the runtime tells it. */
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
  /** Refuse a model of which the CPU provider would run a part. */
  readonly noFallback?: boolean;
  /** Record which provider runs which node: see `Session.profile`. */
  readonly profile?: boolean;
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

/** What a child can be asked, and what it answers. */
export interface Calls {
  load: {
    arguments: {
      model: string | Uint8Array;
      options: LoadOptions;
      /** What a relative path of the model is relative to: the process may have begun elsewhere. */
      folder: string | undefined;
      /** Where the profile's file begins its name. */
      profilePrefix: string | undefined;
      /** Memory that the process may take from now on, beside what it has; without it as much as there is. */
      bytes: number | undefined;
    };
    result: { session: number; inputs: Port[]; outputs: Port[]; ms: number };
  };
  run: {
    arguments: { session: number; feeds: Tensors; outputs: readonly string[] | undefined };
    result: { outputs: Record<string, TensorData>; ms: number };
  };
  /** Runs several times and keeps the times alone. */
  time: { arguments: { session: number; feeds: Tensors; count: number }; result: RunTimes };
  endProfiling: { arguments: { session: number }; result: undefined };
  release: { arguments: { session: number }; result: undefined };
  /** Releases all sessions and limits; gives the bytes of memory that the process has then. */
  reset: { arguments: undefined; result: number };
  /** Native libraries and device files that the process has open: they tell which driver the runtime chose. */
  open: { arguments: undefined; result: { libraries: string[]; devices: string[] } };
}

export type CallName = keyof Calls;

export type Request = {
  [Name in CallName]: { readonly id: number; readonly call: Name; readonly arguments: Calls[Name]['arguments'] };
}[CallName];

export type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });
