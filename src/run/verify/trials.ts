/** Trials of a pass by the verifier of the pipeline. */
import type { Deadline } from '../deadline.js';
import type { Trials } from '../trials.js';
import type { Verifier } from './verifier.js';

/** The share of the time for verifying that the runs of one pass may take. */
const SHARE = 0.5;
/** Milliseconds, where that is more. */
const MOST_MS = 60_000;

/** The trials of one pass; undefined where nothing can be run. */
export function trialsBy(
  verifier: Verifier | undefined,
  deadline: Deadline | undefined,
  told: (done: number, of: number) => void,
  memory: Map<string, unknown>,
): Trials | undefined {
  const { cost } = verifier ?? {};
  if (!verifier || !cost) return undefined;
  const end = performance.now() + Math.min(MOST_MS, deadline?.share(SHARE) ?? MOST_MS);
  let [last, began] = [0, 0];
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    began = performance.now();
    try {
      return await work();
    } finally {
      last = performance.now() - began;
    }
  };
  return {
    errorOf: (before, after) => timed(() => cost.call(verifier, before, after)),
    compare: (before, after) => timed(() => verifier.compare(before, after, 'lossy')),
    isTime: (what) => {
      const isLeft = performance.now() + last < end;
      if (!isLeft) deadline?.cut(what);
      return isLeft;
    },
    told,
    memory,
  };
}
