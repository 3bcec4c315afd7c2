/** Differences between repeats that are compiled as one: the pipeline goes back to where they became one. */

import { Divergence } from '../ir/bank.js';

/** A chain whose stand-ins are not alike: the passes saw a difference between its repeats. */
export interface Unlike {
  readonly chain: string;
  readonly reason: string;
}

/** An outcome in the place of a result. */
export interface Rewind {
  readonly kind: 'rewind';
  readonly difference: Divergence | Unlike;
}

export const rewindFor = (difference: Rewind['difference']): Rewind => ({ kind: 'rewind', difference });

export const isRewind = (outcome: unknown): outcome is Rewind =>
  typeof outcome === 'object' && (outcome as Partial<Rewind> | null)?.kind === 'rewind';

/** Gives what work gives, or the difference between repeats that it came upon. */
export async function orRewind<Result>(work: () => Result | Promise<Result>): Promise<Result | Rewind> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Divergence) return rewindFor(error);
    throw error;
  }
}
