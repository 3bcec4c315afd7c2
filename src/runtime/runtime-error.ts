/** What a runtime did instead of giving a result. It is a result as well: whoever runs models expects it. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  constructor(
    /**
     * error: the runtime refused; crash: it ended the process; timeout: it was ended, because it took too long, or too much memory;
     * killed: something else ended it, or memory ran out, which says nothing of the model.
     */
    readonly kind: 'error' | 'crash' | 'timeout' | 'killed',
    message: string,
  ) {
    super(message);
  }
}

/** Signals by which others end a process; what goes wrong inside it comes as another one. */
const foreign = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

const memoryRanOut =
  /bad_alloc|out of memory|cannot allocate memory|failed to allocate memory|Array buffer allocation failed/i;

/** Whether what a process said, or the signal that ended it, tells of its surroundings and not of the model. */
export const isKilled = (said: string, signal?: string | null): boolean =>
  foreign.has(signal ?? '') || memoryRanOut.test(said);

/** Runs models, and once more where a process was killed or its memory ran out. Rejects where that happens twice. */
export async function onceMore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'killed') throw error;
    return work();
  }
}

/** What is said where that happened. */
export const uncheckedText = ({ message }: RuntimeError): string => `the check could not be made: ${message}`;
