/** What a job did when, and the nodes of one run of each model, as a Chrome trace: for about:tracing and Perfetto. */
import type { Progress } from '../run/pipeline/pipeline-options.js';
import type { NodeRun } from '../runtime/session.js';
import type { Profiles } from '../validate/profile.js';

/** Microseconds, as the format has them. `X`: from `ts` on for `dur`; `M`: the name of a process or thread. */
interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'M';
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** What is going on, and since when. */
interface Open {
  readonly name: string;
  readonly cat: string;
  readonly start: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** The processes of the trace. */
const job = { pid: 1, name: 'job' };
const models = [
  { pid: 2, name: 'original', side: 'before' },
  { pid: 3, name: 'result', side: 'after' },
] as const;

/** Threads of the job: passes or other stages, below them their steps. */
const [STAGE, STEP] = [1, 2];

/** Records one job from when it is made. A stage or step lasts until the next begins. */
export class JobTrace {
  readonly #began = performance.now();
  readonly #events: TraceEvent[] = [];
  readonly #open = new Map<number, Open>();

  /** A stage that is no pass, as `reading`; said again it goes on. */
  stage(name: string): void {
    this.#begin(STAGE, { name, cat: 'job' });
    this.#end(STEP);
  }

  /** A step of a pass. */
  step({ step, pass, position, about }: Progress): void {
    this.#begin(STAGE, { name: pass, cat: 'pass', args: { position: position + 1 } });
    this.#begin(STEP, { name: step, cat: 'step', args: { pass, ...(about !== undefined && { about }) } });
  }

  /** The trace as JSON. Nodes run one after another here, as the runtime lists them: their times are measured, their places are not. */
  text(profiles: Profiles | undefined): string {
    for (const tid of [STAGE, STEP]) this.#end(tid);
    const names = [job, ...models].map(({ pid, name }) => named('process_name', pid, 0, name));
    const threads = [named('thread_name', job.pid, STAGE, 'passes'), named('thread_name', job.pid, STEP, 'steps')];
    const nodes = models.flatMap(({ pid, side }) => nodeEvents(profiles?.[side] ?? [], pid));
    const why = profiles?.notProfiled;
    const traceEvents = [...names, ...threads, ...this.#events, ...nodes];
    return `${JSON.stringify({ displayTimeUnit: 'ms', ...(why && { otherData: { notProfiled: why } }), traceEvents })}\n`;
  }

  #begin(tid: number, what: Omit<Open, 'start'>): void {
    const open = this.#open.get(tid);
    if (open && open.name === what.name && JSON.stringify(open.args) === JSON.stringify(what.args)) return;
    this.#end(tid);
    if (tid === STAGE) this.#end(STEP);
    this.#open.set(tid, { ...what, start: performance.now() });
  }

  #end(tid: number): void {
    const open = this.#open.get(tid);
    if (!open) return;
    this.#open.delete(tid);
    const { start, ...what } = open;
    const [ts, dur] = [1000 * (start - this.#began), 1000 * (performance.now() - start)];
    this.#events.push({ ...what, ph: 'X', ts, dur, pid: job.pid, tid });
  }
}

const named = (name: string, pid: number, tid: number, text: string): TraceEvent => ({
  ...{ name, ph: 'M', pid, tid, args: { name: text } },
});

function nodeEvents(runs: readonly NodeRun[], pid: number): TraceEvent[] {
  let ts = 0;
  return runs.map(({ name, opType, provider, ms }) => {
    const event: TraceEvent = {
      ...{ name: opType, cat: 'node', ph: 'X', ts, dur: 1000 * ms, pid, tid: 1, args: { node: name, provider } },
    };
    ts += 1000 * ms;
    return event;
  });
}
