/** The terminal: whether there is one, its colour, and the progress shown on it. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { shownText } from '../src/ir/shown-text.js';
import { isColoured } from '../src/report/style.js';
import { type Job, type Message, type Stream, slot } from './thread.js';

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
  const { terminals, shared } = workerData as Job;
  return {
    isTTY: terminals.includes(stream),
    get columns() {
      return Atomics.load(shared, slot[stream]);
    },
    write: (text) => parentPort?.postMessage({ kind: 'write', stream, text } satisfies Message),
  };
}

export const stdout = output('stdout');
export const stderr = output('stderr');

export const hasColour = ({ isTTY }: Output): boolean => isColoured(process.env, isTTY);

/** How wide a stream's lines may be; a terminal that does not know its width reports 0. */
export const widthOf = ({ columns }: Output, otherwise = 100): number => columns || otherwise;

export const CLEAR_LINE = '\r\x1b[K';

/** Progress on stderr: one line that changes on a terminal, plain lines elsewhere. */
export class ProgressLine {
  readonly #isTerminal = stderr.isTTY && process.env.TERM !== 'dumb';
  #last = '';

  constructor(readonly isQuiet: boolean) {}

  say(about: string): void {
    const text = shownText(about);
    if (this.isQuiet || text === this.#last) return;
    this.#last = text;
    const width = widthOf(stderr, 80) - 1;
    stderr.write(this.#isTerminal ? `${CLEAR_LINE}${text.slice(0, width)}` : `${text}\n`);
  }

  /** Takes the line away, so that what follows starts at its place. */
  clear(): void {
    if (!this.isQuiet && this.#isTerminal && this.#last) stderr.write(CLEAR_LINE);
    this.#last = '';
  }
}
