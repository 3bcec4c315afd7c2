/** The parts of the report about depth: errors by block and pass, and the profile. */
import { z } from 'zod';
import { count, measure } from './common.js';

const blockError = z.object({
  block: z.string(),
  repeat: count.optional().describe('From 0 on. Absent for a part that stands once.'),
  at: z.string().describe('The value with that error, of the original; the largest in the block.'),
  relativeL2: measure.describe('null: infinite.'),
});

/** Where the error of the result comes from. */
export const errors = z
  .object({
    byPass: z
      .array(z.object({ pass: z.string(), relativeL2: measure }))
      .describe('Of each pass that was measured against the model before it, in order.'),
    byBlock: z
      .array(blockError)
      .describe('Both models on the same inputs, block by block, in the order of the values that they name.'),
    first: blockError
      .extend({
        nodes: z.array(z.string()).describe('Between values without that error and the value, in dependency order.'),
        inherited: measure.describe('The largest error of measured values before it.'),
      })
      .optional()
      .describe('Where the error begins. Absent where all is within the noise of sums.'),
    provider: z.string().optional().describe('On which both models were run for it, whatever the target is.'),
    inputs: z.array(z.string()).optional().describe('What they were run on for it, in words.'),
    reason: z.string().optional().describe('Why there is nothing by block.'),
    cut: z.string().optional().describe('What was left out for lack of time, and the command that shows it.'),
  })
  .optional();

const profiled = z.object({
  provider: z.string(),
  ms: z.number().describe('All nodes of one run.'),
  matched: z.number().describe('The part of that which is on nodes of the graph: the runtime runs nodes of its own.'),
  byOp: z.record(z.string(), z.number()).describe('Milliseconds by operator, as the runtime ran it, the most first.'),
});

/** One run of each model under the runtime's profiler. */
export const profile = z
  .object({ before: profiled.optional(), after: profiled.optional(), notProfiled: z.string().optional() })
  .optional()
  .describe('One run under the profiler, all optimizations of the runtime on: for shares of the time, not for speed.');
