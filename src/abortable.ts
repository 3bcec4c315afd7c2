/** Does work that an AbortSignal can end. */
export interface Abortable {
  /** Ends the work early: the promise rejects with the signal's reason, and no file is left behind. */
  readonly signal?: AbortSignal;
}

/**
 * Does work, and ends its child processes when the signal is aborted: the promise then rejects with the signal's
 * reason. With an aborted signal no work begins. Work that waits for nothing notices the abort at its next step.
 */
export async function abortable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (!signal) return work();
  signal.throwIfAborted();
  try {
    return await (await import('./runtime/job.js')).inJob(signal, work);
  } catch (error) {
    // Interrupted code fails in its own way, such as a PassError; the caller gets the signal's reason.
    throw signal.aborted ? signal.reason : error;
  }
}
