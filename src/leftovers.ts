/**
 * Tracks temporary files, temporary folders and child processes: none may outlive the process. They are recorded before
 * they are made, so that the code that ends the process knows them at any moment. This file imports nothing, as rooms
 * below the runtime use it.
 */

/** Another thread that may end the process while this one works. */
export interface Overseer {
  /** Begins a step that ends before the process may; never returns once the process is ending. */
  enter(): void;
  leave(): void;
  tell(event: LeftoverEvent): void;
}

export type LeftoverEvent =
  /** A path that is temporary from now on, or no longer. */
  | { readonly kind: 'temporary' | 'gone'; readonly path: string }
  /** A file that is complete under its own name. */
  | { readonly kind: 'written'; readonly path: string }
  /** What there is of the result, in words. */
  | { readonly kind: 'state'; readonly text: string }
  | { readonly kind: 'started' | 'ended'; readonly pid: number };

/** By path or process id: the function that removes it. */
const living = new Map<string | number, () => void>();
let overseer: Overseer | undefined;
let depth = 0;
let isWatching = false;

/** Sends the events of this thread to the one that ends the process. */
export function overseenBy(one: Overseer): void {
  overseer = one;
}

/**
 * Does a step that an interruption must not divide, such as starting a process and recording it, or renames that belong
 * together. Keep it short.
 */
export function undivided<T>(step: () => T): T {
  if (depth++ === 0) overseer?.enter();
  try {
    return step();
  } finally {
    if (--depth === 0) overseer?.leave();
  }
}

/**
 * Records that a path is about to be made and must not outlive the process; `remove` deletes it at the process's exit
 * if it exists. Returns a function to call when the path is removed, or has become a file that stays. Make the path
 * within the same `undivided` step.
 */
export function temporary(path: string, remove: () => void): () => void {
  return hold(path, remove, { kind: 'temporary', path }, { kind: 'gone', path });
}

/**
 * Records a child process that was started in the same `undivided` step. Returns a function to call when it has ended.
 */
export function started(pid: number, kill: () => void): () => void {
  return hold(pid, kill, { kind: 'started', pid }, { kind: 'ended', pid });
}

/** Records that a file is complete and stays: the message of a later interruption tells so. */
export function written(path: string): void {
  overseer?.tell({ kind: 'written', path });
}

/** Says what there is of a result of many files: the message of a later interruption tells that in place of the files. */
export function stateOfResult(text: string): void {
  overseer?.tell({ kind: 'state', text });
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
      // A path that cannot be removed stays; the others are removed all the same.
    }
  }
}
