/** Parts that several parts of the report are made of. */
import { z } from 'zod';

export const count = z.number().int().nonnegative();
export const measure = z.number().nullable();
export const counts = z.record(z.string(), z.number().int());
export const fidelity = z.enum(['exact', 'rounding', 'lossy']);
export const beforeAfter = z.object({ before: count, after: count });
export const interval = z.object({ low: z.number(), high: z.number() });
export const sizes = z.record(z.string(), count);

const failed = z
  .enum(['checker', 'original'])
  .describe('Why nothing was compared: the process that runs models was killed twice; the original does not run.');

export const verdict = z.object({
  outcome: z
    .enum(['accepted', 'rejected', 'unknown'])
    .describe('unknown: what it is compared with does not run either.'),
  detail: z.string().describe('What was measured against which limit, or what the runtime said.'),
  error: measure
    .optional()
    .describe('Relative L2 of the output that is furthest off; null: infinite. Absent where nothing was compared.'),
  warnings: z.array(z.string()).optional().describe('For which inputs it does not hold.'),
  failed: failed.optional(),
});

/** A race of a variant. */
export const raced = z.object({
  ratio: z.number().describe('Time without over time with it: above 1 is faster.'),
  interval: z.object({ low: z.number(), high: z.number() }).describe('Of the ratio, 99 % confidence.'),
  significant: z.boolean().describe('False: the difference is inside the noise.'),
  runs: count.describe('Of each side.'),
  sample: z.array(z.number()).optional().describe('The ratio of each pair of neighbours, in order.'),
  inputs: z.string().describe('What was run, in words.'),
  cached: z.string().optional().describe('When it was measured, where a cache kept it: ISO 8601, UTC.'),
});
