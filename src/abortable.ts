/** Work that an AbortSignal ends. */
import { isNode } from './run/machine.js';

export interface Abortable {
  /** Ends the work early: the promise rejects with the signal's reason, and nothing is left. */
  readonly signal?: AbortSignal;
}

/**
 * Does work whose child processes end when the signal is aborted, and rejects with the signal's reason then; with an aborted one nothing
 * is done at all. Work that does not wait for anything notices at its next step.
 */
export async function abortable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (!signal) return work();
  signal.throwIfAborted();
  try {
    return await (isNode() ? (await import('./runtime/job.js')).inJob(signal, work) : work());
  } catch (error) {
    // What was cut off says so in its own way: a pass by a PassError.
    throw signal.aborted ? signal.reason : error;
  }
}
