/** What the main thread and the thread of a command know of each other. */
import type { LeftoverEvent } from '../../src/leftovers.js';

export const streams = ['stdout', 'stderr'] as const;
export type Stream = (typeof streams)[number];

/** Slots of the memory that both see: whether the process is ending, whether a step goes on that is not divided, and the widths of the terminal. */
export const slot = { ending: 0, step: 1, stdout: 2, stderr: 3 } as const;

/** What a command's thread begins with. */
export interface CommandJob {
  /** The command line as it was typed. */
  readonly words: readonly string[];
  readonly shared: Int32Array;
  /** Which streams are terminals. */
  readonly terminals: readonly Stream[];
}

/** What the thread tells. */
export type ThreadMessage =
  | { readonly kind: 'write'; readonly stream: Stream; readonly text: string }
  /** The bytes of a file for a stream; the answer is any message. */
  | { readonly kind: 'send'; readonly stream: Stream; readonly path: string }
  | { readonly kind: 'end'; readonly code: number }
  | LeftoverEvent;
