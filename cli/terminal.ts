/** The terminal: whether there is one, its colour, and the progress shown on it. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { ProgressEstimate } from '../src/ir/text/progress.js';
import { jsonText, shownText } from '../src/ir/text/shown-text.js';
import { clipped, isColoured } from '../src/report/style.js';
import type { Flags } from './flags.js';
import { type CommandJob, type Stream, slot, type ThreadMessage } from './thread.js';

/** A stream of the process, as a command writes to it. */
export interface Output {
  readonly isTTY: boolean;
  /** 0 where it is unknown. */
  readonly columns: number;
  write(text: string): void;
}

/** The streams are the main thread's: the thread of a command has it write. */
function output(stream: Stream): Output {
  if (isMainThread)
    return {
      isTTY: process[stream].isTTY === true,
      get columns() {
        return process[stream].columns ?? 0;
      },
      write: (text) => process[stream].write(text),
    };
  const { terminals, shared } = workerData as CommandJob;
  return {
    isTTY: terminals.includes(stream),
    get columns() {
      return Atomics.load(shared, slot[stream]);
    },
    write: (text) => parentPort?.postMessage({ kind: 'write', stream, text } satisfies ThreadMessage),
  };
}

export const stdout = output('stdout');
export const stderr = output('stderr');

export const hasColour = ({ isTTY }: Output): boolean => isColoured(process.env, isTTY);

/** How wide a stream's lines may be; a terminal that does not know its width reports 0. */
export const widthOf = ({ columns }: Output, otherwise = 100): number => columns || otherwise;

/** Prints what a command found: JSON where that is asked for, nothing where all but errors is hidden, else the view of it. */
export function show<T>(
  flags: Flags,
  found: T,
  view: (found: T, options: { isColoured: boolean; width: number }) => string,
): void {
  if (flags.json) stdout.write(jsonText(found));
  else if (!flags.quiet)
    stdout.write(view(found, { isColoured: hasColour(stdout), width: Math.max(60, widthOf(stdout)) }));
}

export const CLEAR_LINE = '\r\x1b[K';

/** Milliseconds between two lines about the same step: on a terminal, where one takes the place of the other, and elsewhere. */
const PAUSE = { terminal: 100, elsewhere: 10_000 } as const;

/** Progress on stderr: one line that changes on a terminal, a line for each step elsewhere, and for a long one now and then. */
export class ProgressLine {
  readonly #isTerminal = stderr.isTTY && process.env.TERM !== 'dumb';
  #about = '';
  #saidAt = 0;

  constructor(readonly isQuiet: boolean) {}

  say(about: string, estimate?: ProgressEstimate): void {
    const now = performance.now();
    const pause = this.#isTerminal ? PAUSE.terminal : PAUSE.elsewhere;
    if (this.isQuiet || (about === this.#about && (!estimate || now - this.#saidAt < pause))) return;
    [this.#about, this.#saidAt] = [about, now];
    const text = shownText(about) + (estimate ? estimateText(estimate) : '');
    stderr.write(this.#isTerminal ? `${CLEAR_LINE}${clipped(text, widthOf(stderr, 80) - 1)}` : `${text}\n`);
  }

  /** Takes the line away, so that what follows starts at its place. */
  clear(): void {
    if (!this.isQuiet && this.#isTerminal && this.#about) stderr.write(CLEAR_LINE);
    this.#about = '';
  }
}

/** `: 43 %, about 12 s left` */
function estimateText({ share, leftMs = 0 }: ProgressEstimate): string {
  const seconds = Math.round(leftMs / 1000);
  const left = seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return `: ${Math.floor(100 * share)} %${seconds > 0 ? `, about ${left} left` : ''}`;
}
