/** A piece of work that may be aborted: its child processes are its own, so that no other work loses them with it. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Job {
  readonly signal: AbortSignal;
  /** What is closed when it is over. */
  readonly closing: (() => Promise<void>)[];
}

const jobs = new AsyncLocalStorage<Job>();

/** The job that the caller is a part of; undefined where nothing aborts it. */
export const currentJob = (): Job | undefined => jobs.getStore();

/** Does work as a job; when it is over, in whatever way, what belongs to it is closed. */
export async function inJob<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const job: Job = { signal, closing: [] };
  try {
    return await jobs.run(job, work);
  } finally {
    await Promise.all(job.closing.map((close) => close()));
  }
}
