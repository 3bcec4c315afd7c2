/** The line of progress on stderr. */
import type { ProgressEstimate } from '../../src/ir/text/progress.js';
import { shownText } from '../../src/ir/text/shown-text.js';
import { clipped } from '../../src/report/style.js';
import { stderr, widthOf } from './terminal.js';

export const CLEAR_LINE = '\r\x1b[K';

/** Milliseconds between two lines about the same step: on a terminal, where one takes the place of the other, and elsewhere. */
const PAUSE = { terminal: 100, elsewhere: 10_000 } as const;

/** Is told every step, also where none is shown. */
let listener: ((about: string) => void) | undefined;

/** Has every step of the commands that follow told; undefined ends that. */
export function listenToProgress(heard: typeof listener): void {
  listener = heard;
}

/** Progress on stderr: one line that changes on a terminal, a line for each step elsewhere, and for a long one now and then. */
export class ProgressLine {
  readonly #isTerminal = stderr.isTTY && process.env.TERM !== 'dumb';
  /** On the line now. */
  #about = '';
  /** When each was said: steps of parts that are worked on at once alternate. */
  #heard = '';
  readonly #saidAt = new Map<string, number>();

  constructor(readonly isQuiet: boolean) {}

  say(about: string, estimate?: ProgressEstimate): void {
    if (about !== this.#heard) listener?.(about);
    this.#heard = about;
    const now = performance.now();
    const pause = this.#isTerminal ? PAUSE.terminal : PAUSE.elsewhere;
    const isSaid = now - (this.#saidAt.get(about) ?? Number.NEGATIVE_INFINITY) < pause;
    if (this.isQuiet || isSaid || (about === this.#about && !estimate)) return;
    this.#about = about;
    this.#saidAt.set(about, now);
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
  const told = [
    ...(share >= 0.01 ? [`${Math.floor(100 * share)} %`] : []),
    ...(seconds > 0 ? [`about ${left} left`] : []),
  ];
  return told.length > 0 ? `: ${told.join(', ')}` : '';
}
