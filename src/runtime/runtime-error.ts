/** A failure of the runtime to give a result. It is expected: callers that run models handle it. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  constructor(
    /**
     * error: the runtime refused; crash: it ended the process; timeout: we ended the process, as it took too long or
     * too much memory; killed: something else ended it, or memory ran out, and that tells nothing of the model.
     */
    readonly kind: 'error' | 'crash' | 'timeout' | 'killed',
    message: string,
  ) {
    super(message);
  }
}

/** Signals by which other processes end one; a fault inside it raises other signals. */
const foreign = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

const memoryRanOut =
  /bad_alloc|out of memory|cannot allocate memory|failed to allocate memory|Array buffer allocation failed/i;

/** True where a process's message, or the signal that ended it, tells of the machine and not of the model. */
export const isKilled = (said: string, signal?: string | null): boolean =>
  foreign.has(signal ?? '') || memoryRanOut.test(said);

/**
 * Does work with models, and repeats it once where a process was killed or memory ran out. Rejects where that happens
 * twice.
 */
export async function onceMore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'killed') throw error;
    return work();
  }
}

/** The text of a check that was killed. */
export const uncheckedText = ({ message }: RuntimeError): string => `the check could not be made: ${message}`;
