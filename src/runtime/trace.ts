/** Reads the runtime's profile: a Chrome trace, of which only the events of kernels matter. */
import type { NodeRun, TracedType } from './session.js';

interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  /** When it began, and how long it took, in microseconds. */
  readonly ts?: number;
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

/** The nodes that ran, in order, one entry for each run. That of a node with bodies is without what ran in them. */
export function readTrace(text: string): NodeRun[] {
  const events = JSON.parse(text) as TraceEvent[];
  const earlier: { readonly ts: number; readonly dur: number }[] = [];
  return events.flatMap(({ cat, name, ts = 0, dur = 0, args }) => {
    if (cat !== 'Node' || !name.endsWith(KERNEL) || !args?.op_name || !args.provider) return [];
    // Events stand in the order in which they end: what began later than this one ran inside of it.
    let inside = 0;
    for (let last = earlier.at(-1); last && last.ts >= ts; last = earlier.at(-1)) {
      inside += last.dur;
      earlier.pop();
    }
    earlier.push({ ts, dur });
    return [
      {
        name: name.slice(0, -KERNEL.length),
        opType: args.op_name,
        provider: args.provider,
        ms: Math.max(0, dur - inside) / 1000,
        inputs: typesOf(args.input_type_shape),
        outputs: typesOf(args.output_type_shape),
      },
    ];
  });
}
