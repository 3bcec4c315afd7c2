/** Jobs in a browser, which has no processes to end: built in place of `src/runtime/job.ts`. A signal is noticed between two steps. */
import type { Job } from '../runtime/job.js';

export type { Job } from '../runtime/job.js';

export const currentJob = (): Job | undefined => undefined;

export const inJob = <T>(_: AbortSignal, work: () => Promise<T>): Promise<T> => work();
