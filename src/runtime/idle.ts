/** Child processes that have done their work, kept for the next: loading the runtime is most of what a short comparison takes. */
import type { ChildProcess } from 'node:child_process';
import { endChild } from './child-process.js';

/** A comparison takes two. */
const MOST = 2;
/** How long one is kept, in milliseconds. */
const KEPT_MS = 5000;

interface Idle {
  readonly timer: NodeJS.Timeout;
  /** The variables that it was started with, as text. */
  readonly environment: string;
}

const idle = new Map<ChildProcess, Idle>();

/** Keeps a child that holds no session, or ends it where there are enough. It keeps Node from ending as little as before. */
export async function keepIdle(child: ChildProcess, environment: string): Promise<void> {
  for (const event of ['message', 'close', 'error']) child.removeAllListeners(event);
  child.stderr?.removeAllListeners('data').resume();
  // One that ends while it waits is no longer taken: nobody needs to be told.
  child.on('error', () => {});
  if (idle.size >= MOST) return endChild(child);
  idle.set(child, { timer: setTimeout(() => endIdle(child), KEPT_MS).unref(), environment });
}

/** A child that waits and was started with these variables; undefined where there is none that lives. */
export function takeIdle(environment: string): ChildProcess | undefined {
  for (const [child, { timer, environment: own }] of idle) {
    if (own !== environment) continue;
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
    clearTimeout(idle.get(child)?.timer);
    idle.delete(child);
  }
  await Promise.all(children.map(endChild));
}
