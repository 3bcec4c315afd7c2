/** What `plan` finds, in JSON. Errors are relative L2 of the output that is furthest off; sizes bytes. */
import { z } from 'zod';
import { targets } from '../ir/targets/targets.js';

const count = z.number().int().nonnegative();

const point = z.object({
  bytes: count.describe('Of the file.'),
  share: z.number().describe('Of the input.'),
  predicted: z.number().describe('The error that follows from those of the weights, each run by itself.'),
  error: z.number().nullable().describe('The error that was measured; null: the mix was not run.'),
  ms: z.number().optional().describe('One run on one thread; absent where it was not timed.'),
  speed: z
    .object({ ratio: z.number(), low: z.number(), high: z.number(), significant: z.boolean() })
    .optional()
    .describe('Time of the model without `fit` over that of the mix.'),
  savedMs: z
    .number()
    .describe('What a run on one thread takes less than with every weight as it is, by the times of the products.'),
  forms: z.array(z.object({ form: z.string(), count, bytes: count })),
  command: z.string().optional().describe('Makes this file, or one as small with no larger error.'),
  refused: z.string().optional().describe('Why no command makes it: limits of the comparison that no option moves.'),
});

const planSchema = z.object({
  version: z.literal(1),
  input: z.string(),
  inputBytes: count,
  target: z.enum(targets),
  seed: z.number().int(),
  passes: z.string().optional().describe('What ran before.'),
  measured: z
    .object({ groups: count, of: count })
    .describe('Groups of equal weights for which the sensitivity of the outputs was measured.'),
  times: z
    .object({ raced: count, of: count })
    .describe('Products of different sizes in different forms that were raced; the others are estimated.'),
  points: z.array(point).describe('From the smallest file on.'),
  weights: z.array(
    z.object({
      name: z.string(),
      reader: z.string(),
      type: z.string(),
      forms: z.array(
        z.object({
          form: z.string(),
          bytes: count,
          change: z
            .number()
            .describe('The norm of the change of the weight over its norm, rounded activations included.'),
          error: z.number().describe('What that is expected to cost at the outputs.'),
          savedMs: z.number().describe('What it saves of a run on one thread; less than 0 where it takes more.'),
        }),
      ),
    }),
  ),
  left: z.array(z.object({ reason: z.string(), count, places: z.array(z.string()) })),
  cuts: z.array(z.string()).describe('What was left out for lack of time.'),
});

/** What a plan measured: results by size, error and time, and those that no other beats. */
export type Plan = z.output<typeof planSchema>;
/** One result of a plan: its passes, size, error and time. */
export type PlanPoint = Plan['points'][number];
