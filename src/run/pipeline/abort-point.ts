/** A turn of the event loop, in which a signal may be aborted. */

/** Waits for what is due, where there is a signal that it may abort. Throws the signal's reason then. */
export async function abortPoint(signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return;
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
}
