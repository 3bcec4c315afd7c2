/** How far long work is: told while it goes on, so that whoever shows it can say what is left. */

export interface ProgressEstimate {
  /** The part that is done, from 0 to 1. */
  readonly share: number;
  /** Estimated milliseconds to the end; absent where too little is done to tell. */
  readonly leftMs?: number;
}

/** Hears what is being done, and how far it is where that is known. */
export type ProgressListener = (text: string, estimate?: ProgressEstimate) => void;

/** Work of less says nothing of its pace. */
const TELLING_MS = 1000;

/** Follows work of `total` pieces, which take about the same time each, from now on: gives the estimate when `done` of them are. */
export function paceOf(total: number): (done: number) => ProgressEstimate {
  const began = performance.now();
  return (done) => {
    const ms = performance.now() - began;
    return { share: done / total, ...(done > 0 && ms > TELLING_MS && { leftMs: (ms * (total - done)) / done }) };
  };
}
