/**
 * Defines jobs: work that can be aborted. A job has child processes of its own, so that no other work loses them with
 * it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Job {
  readonly signal: AbortSignal;
  /** Actions to do when the job is over. */
  readonly closing: (() => Promise<void>)[];
}

const jobs = new AsyncLocalStorage<Job>();

/** The job that the caller belongs to; undefined where nothing aborts it. */
export const currentJob = (): Job | undefined => jobs.getStore();

/** Does work as a job. When it is over, in whatever way, everything that belongs to it is closed. */
export async function inJob<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const job: Job = { signal, closing: [] };
  try {
    return await jobs.run(job, work);
  } finally {
    await Promise.all(job.closing.map((close) => close()));
  }
}
