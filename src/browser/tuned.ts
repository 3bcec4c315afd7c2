/** Tuning, which a browser's clocks are too coarse for: built in place of `src/tuned.ts`. */
import { UsageError } from '../ir/text/usage-error.js';
import type { stopwatchFor as inNode, partsWatch as partsInNode, tunedPipeline as pipelineInNode } from '../tuned.js';

export const stopwatchFor: typeof inNode = async () => {
  throw new UsageError('tune: expected Node; found a browser, whose clocks are too coarse. Leave it out');
};

/** Nobody has the stopwatch that it takes. */
export const tunedPipeline: typeof pipelineInNode = async () => {
  throw new TypeError('tune: there is no stopwatch');
};

/** Times of parts of a model are estimated. */
export const partsWatch: typeof partsInNode = () => ({
  race: async () => ({ kind: 'unknown', reason: "a browser's clocks are too coarse" }),
  close: async () => {},
});
