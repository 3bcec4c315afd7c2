/** Reads the runtime's profile: a Chrome trace, of which only the events of kernels matter. */
import type { NodeRun, TracedType } from './session.js';

interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur?: number;
  readonly args?: {
    readonly op_name?: string;
    readonly provider?: string;
    readonly input_type_shape?: readonly Record<string, readonly number[]>[];
    readonly output_type_shape?: readonly Record<string, readonly number[]>[];
  };
}

const typesOf = (list: readonly Record<string, readonly number[]>[] = []): TracedType[] =>
  list.flatMap((entry) => Object.entries(entry).map(([type, shape]) => ({ type, shape })));

const KERNEL = '_kernel_time';

/** The nodes that ran, in order, one entry for each run. */
export function readTrace(text: string): NodeRun[] {
  const events = JSON.parse(text) as TraceEvent[];
  return events.flatMap(({ cat, name, dur = 0, args }) =>
    cat === 'Node' && name.endsWith(KERNEL) && args?.op_name && args.provider
      ? [
          {
            name: name.slice(0, -KERNEL.length),
            opType: args.op_name,
            provider: args.provider,
            ms: dur / 1000,
            inputs: typesOf(args.input_type_shape),
            outputs: typesOf(args.output_type_shape),
          },
        ]
      : [],
  );
}
