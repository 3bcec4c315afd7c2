/** Repeats that are compiled once turned out to differ: the pipeline goes on with every repeat by itself. */

import { Divergence } from '../ir/tensors/bank.js';

/** An outcome in the place of a result. */
export interface Difference {
  readonly kind: 'difference';
  readonly reason: string;
}

export const differenceOf = (reason: string): Difference => ({ kind: 'difference', reason });

export const isDifference = (outcome: unknown): outcome is Difference =>
  typeof outcome === 'object' && (outcome as Partial<Difference> | null)?.kind === 'difference';

/** Gives the result of work, or the difference between repeats that it came upon. */
export async function orDifference<Result>(work: () => Result | Promise<Result>): Promise<Result | Difference> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Divergence) return differenceOf(error.message);
    throw error;
  }
}
