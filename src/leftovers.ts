/**
 * What must not outlive the process: temporary files and folders, and child processes. They are named before they are
 * made, so that whoever ends the process knows them at any moment. It imports nothing: rooms below the runtime use it.
 */

/** Another thread that may end the process while this one works. */
export interface Overseer {
  /** Begins a step that is done as a whole before the process ends; never returns once the process is ending. */
  enter(): void;
  leave(): void;
  tell(event: LeftoverEvent): void;
}

export type LeftoverEvent =
  /** A path that is temporary from now on, or no longer. */
  | { readonly kind: 'temporary' | 'gone'; readonly path: string }
  /** A file that is complete under its own name. */
  | { readonly kind: 'written'; readonly path: string }
  | { readonly kind: 'started' | 'ended'; readonly pid: number };

/** By path, or by process: what removes it. */
const living = new Map<string | number, () => void>();
let overseer: Overseer | undefined;
let depth = 0;
let isWatching = false;

/** Has the events of this thread told to the one that ends the process. */
export function overseenBy(one: Overseer): void {
  overseer = one;
}

/** Does a step that an interruption must not divide, such as starting a process and noting it, or renames that belong together. Keep it short. */
export function undivided<T>(step: () => T): T {
  if (depth++ === 0) overseer?.enter();
  try {
    return step();
  } finally {
    if (--depth === 0) overseer?.leave();
  }
}

/**
 * Notes that a path is about to be made and must not outlive the process; `remove` takes it away, there or not, at the
 * process's exit. Returns what to call when it is removed, or has become a file that stays. Make it within the same
 * `undivided` step.
 */
export function temporary(path: string, remove: () => void): () => void {
  return hold(path, remove, { kind: 'temporary', path }, { kind: 'gone', path });
}

/** Notes a child process that was started in the same `undivided` step. Returns what to call when it has ended. */
export function started(pid: number, kill: () => void): () => void {
  return hold(pid, kill, { kind: 'started', pid }, { kind: 'ended', pid });
}

/** Notes that a file has been written and stays: an interruption that comes later says so. */
export function written(path: string): void {
  overseer?.tell({ kind: 'written', path });
}

function hold(key: string | number, remove: () => void, begins: LeftoverEvent, ends: LeftoverEvent): () => void {
  if (!isWatching) {
    isWatching = true;
    process.once('exit', removeAll);
  }
  living.set(key, remove);
  overseer?.tell(begins);
  return () => {
    if (living.delete(key)) overseer?.tell(ends);
  };
}

function removeAll(): void {
  for (const remove of living.values()) {
    try {
      remove();
    } catch {
      // The process ends: what cannot be removed stays, and the others go all the same.
    }
  }
}
