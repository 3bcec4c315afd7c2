/** The parts of the report about time: speed, sizes at which it was measured, and tuning. */
import { z } from 'zod';
import { count, interval, measure, raced, sizes } from './common.js';

const clock = z.object({
  ratio: z.number(),
  interval,
  significant: z.boolean(),
  pairs: count.describe('Pairs of blocks of runs that the ratio and its interval come from.'),
  times: z.object({ original: z.number(), result: z.number() }).describe('Typical, of the least disturbed runs.'),
});
const timing = z.object({ median: z.number(), low: z.number(), high: z.number(), runs: count });

export const speed = z.object({
  provider: z.string(),
  ratio: z.number().describe("The original's time over the result's, by the clock that decides: above 1 is faster."),
  interval: interval.describe('Of the ratio, 99 % confidence; 99.8 % of fewer than eight pairs.'),
  significant: z.boolean().describe('False: the difference is inside the noise.'),
  decidedBy: z.enum(['cpu', 'wall']).optional().describe('Which of the two clocks below decides.'),
  cpu: clock
    .extend({ threads: z.enum(['one', 'all']).describe('all: one run takes a second or more.') })
    .optional()
    .describe('CPU time, which other work on the machine hardly moves. Absent on a GPU.'),
  wall: clock.optional().describe("Time by the clock on the wall, with the runtime's own threads."),
  inputs: z.string().describe('What was run, in words.'),
  run: z.object({ original: timing, result: timing }).describe('By the clock on the wall.'),
  samples: z
    .object({ original: z.array(z.number()), result: z.array(z.number()) })
    .optional()
    .describe('Of each pair in order, by the clock that decides: the fastest of its runs, on each side.'),
  create: z.object({ original: z.number(), result: z.number() }),
  first: z.object({ original: z.number(), result: z.number() }),
});

export const ranges = z.object({
  dims: z
    .record(z.string(), z.object({ min: count, max: count, step: count }))
    .describe('By the name of the dim: from min to max, in steps from min on.'),
  sizes: z
    .array(
      z.object({
        at: z
          .enum(['min', 'between', 'max', 'mixed'])
          .describe('mixed: some dims are the least and the others the largest; not timed.'),
        dims: sizes,
        relativeL2: measure.describe('The worst of all outputs, in every form of arithmetic.'),
        cosine: measure,
        speed: speed.optional(),
      }),
    )
    .describe('The sizes at which original and result were compared and timed; none where they were not.'),
});

export const tuning = z
  .object({
    device: z.string().describe('What was measured on.'),
    cacheFault: z
      .string()
      .optional()
      .describe('Why the cache could not be written: what was measured since is not in it.'),
    whole: z
      .object({ kept: z.boolean(), speed: raced.optional(), reason: z.string().optional() })
      .optional()
      .describe('The result against that without tuning; absent where both are the same. Not kept: it is the latter.'),
    sessions: z
      .array(
        z.object({
          options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
          kept: z.boolean(),
          speed: raced.optional(),
          reason: z.string().optional(),
        }),
      )
      .describe("Options of sessions against the runtime's own, by the clock; kept: to be given to onnxruntime."),
  })
  .optional()
  .describe('What tuning says of the result as a whole; of its passes each says it itself.');
