/** Child processes that have done their work, kept for the next: loading the runtime is most of what a short comparison takes. */
import type { ChildProcess } from 'node:child_process';
import { endChild } from './child-process.js';

/** A comparison takes two. */
const MOST = 2;
/** How long one is kept, in milliseconds. */
const KEPT_MS = 5000;

const idle = new Map<ChildProcess, NodeJS.Timeout>();

/** Keeps a child that holds no session, or ends it where there are enough. It keeps Node from ending as little as before. */
export async function keepIdle(child: ChildProcess): Promise<void> {
  for (const event of ['message', 'close', 'error']) child.removeAllListeners(event);
  child.stderr?.removeAllListeners('data').resume();
  // One that ends while it waits is no longer taken: nobody needs to be told.
  child.on('error', () => {});
  if (idle.size >= MOST) return endChild(child);
  idle.set(child, setTimeout(() => endIdle(child), KEPT_MS).unref());
}

/** A child that waits; undefined where there is none that lives. */
export function takeIdle(): ChildProcess | undefined {
  for (const [child, timer] of idle) {
    clearTimeout(timer);
    idle.delete(child);
    if (child.exitCode === null && child.signalCode === null && child.connected) return child;
  }
  return undefined;
}

/** Ends those that wait, or one of them. */
export async function endIdle(...which: ChildProcess[]): Promise<void> {
  const children = which.length > 0 ? which : [...idle.keys()];
  for (const child of children) {
    clearTimeout(idle.get(child));
    idle.delete(child);
  }
  await Promise.all(children.map(endChild));
}
