/** The terminal: whether there is one, its colour, and the progress shown on it. */
import { shownText } from '../src/ir/shown-text.js';
import { isColoured } from '../src/report/style.js';

export const hasColour = (stream: NodeJS.WriteStream): boolean => isColoured(process.env, stream.isTTY === true);

/** How wide a stream's lines may be; a terminal that does not know its width reports 0. */
export const widthOf = (stream: NodeJS.WriteStream, otherwise = 100): number => stream.columns || otherwise;

/** Shown now: what an interruption has to take away. */
let shown: ProgressLine | undefined;

/** Ends as a command does whose reader has enough or whose user has: no stack, no rest of a line, no child left. */
export function endQuietly(): void {
  // `process.exit` rather than the signal's own way: it ends the child processes as well.
  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const [signal, code] of Object.entries(signals))
    process.once(signal, () => {
      shown?.clear();
      process.exit(code);
    });
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(141);
    });
}

/** Progress on stderr: one line that changes on a terminal, plain lines elsewhere. */
export class ProgressLine {
  readonly #stream = process.stderr;
  readonly #isTerminal = process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  #last = '';

  constructor(readonly isQuiet: boolean) {}

  say(about: string): void {
    const text = shownText(about);
    if (this.isQuiet || text === this.#last) return;
    this.#last = text;
    shown = this;
    const width = widthOf(this.#stream, 80) - 1;
    this.#stream.write(this.#isTerminal ? `\r\x1b[K${text.slice(0, width)}` : `${text}\n`);
  }

  /** Takes the line away, so that what follows starts at its place. */
  clear(): void {
    if (!this.isQuiet && this.#isTerminal && this.#last) this.#stream.write('\r\x1b[K');
    this.#last = '';
  }
}
