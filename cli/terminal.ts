/** The terminal: whether there is one, its colour, and the progress shown on it. */
import { isColoured } from '../src/report/style.js';

export const hasColour = (stream: NodeJS.WriteStream): boolean => isColoured(process.env, stream.isTTY === true);

/** Progress on stderr: one line that changes on a terminal, plain lines elsewhere. */
export class ProgressLine {
  readonly #stream = process.stderr;
  readonly #isTerminal = process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  #last = '';

  constructor(readonly isQuiet: boolean) {}

  say(text: string): void {
    if (this.isQuiet || text === this.#last) return;
    this.#last = text;
    const width = (this.#stream.columns ?? 80) - 1;
    this.#stream.write(this.#isTerminal ? `\r\x1b[K${text.slice(0, width)}` : `${text}\n`);
  }

  /** Takes the line away, so that what follows starts at its place. */
  clear(): void {
    if (!this.isQuiet && this.#isTerminal && this.#last) this.#stream.write('\r\x1b[K');
    this.#last = '';
  }
}
