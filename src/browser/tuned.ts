/** Tuning, which a browser's clocks are too coarse for: built in place of `src/tuned.ts`. */
import { UsageError } from '../ir/text/usage-error.js';
import type { stopwatchFor as inNode, tunedPipeline as pipelineInNode } from '../tuned.js';

export const stopwatchFor: typeof inNode = async () => {
  throw new UsageError('tune: expected Node; found a browser, whose clocks are too coarse. Leave it out');
};

/** Nobody has the stopwatch that it takes. */
export const tunedPipeline: typeof pipelineInNode = async () => {
  throw new TypeError('tune: there is no stopwatch');
};
