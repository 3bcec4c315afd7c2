/** The budget of the day, and its record, which is written after every step: a run that is cut off leaves what it has. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from './plans.js';
import type { TunedRow } from './tuned-row.js';

/** A step of a model, and as much of it as there was time for. */
export interface Row {
  readonly step: string;
  path?: string;
  optimize?: { ms: number; exit: number; bytes?: number; said: string };
  error?: string;
  createMs?: number;
  firstMs?: number;
  /** Bytes on the device of the process that ran it. */
  memory?: number;
  run?: { median: number; low: number; high: number; runsPerSample: number };
  overTf32?: unknown;
  overFloat32?: unknown;
  accuracy?: readonly { output: string; relativeL2: number; cosine: number; nonFinite: number }[];
  placement?: unknown;
  attention?: Readonly<Record<string, number>>;
}

export interface DayRecord {
  readonly started: string;
  /** Provider, scale and the like. */
  settings: Readonly<Record<string, string | number>>;
  /** Said where no GPU computed anything: what it proves then is placement and kernels. */
  rehearsal?: string;
  machine?: unknown;
  doctor?: unknown;
  rewrites?: readonly { model: string; passes: string; exit: number | undefined; ms: number; said: string }[];
  /** Candidates of tuning, on the device. */
  tuned?: readonly TunedRow[];
  readonly models: { name: string; like: string; dims: Plan['dims']; rows: Row[]; error?: string }[];
  /** What there was no time for. */
  readonly leftOut: string[];
  readonly seconds: Record<string, number>;
}

/** What goes into the file: no folders of the machine, and of a command that did well not what it said. */
function told(this: unknown, key: string, value: unknown): unknown {
  const { exit } = this as { exit?: number };
  if (key === 'path' || (key === 'said' && exit === 0)) return undefined;
  return typeof value === 'string' ? value.replaceAll(tmpdir(), '…').replaceAll(process.cwd(), '.') : value;
}

export class Clock {
  readonly #started = performance.now();
  readonly record: DayRecord = {
    started: new Date().toISOString(),
    settings: {},
    models: [],
    leftOut: [],
    seconds: {},
  };

  constructor(
    readonly folder: string,
    readonly budget: number,
    settings: DayRecord['settings'],
  ) {
    this.record.settings = settings;
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** True where the budget is spent, or would be in so many seconds: what would begin now is left out, and named. */
  isOver(what: string, seconds = 0): boolean {
    if (this.seconds + seconds < this.budget) return false;
    this.record.leftOut.push(what);
    return true;
  }

  say(text: string): void {
    process.stderr.write(`${this.seconds.toFixed(0).padStart(4)} s  ${text}\n`);
  }

  save(mark?: string): void {
    if (mark) this.record.seconds[mark] = this.seconds;
    writeFileSync(join(this.folder, 'day.json'), `${JSON.stringify(this.record, told, 1)}\n`);
  }
}
