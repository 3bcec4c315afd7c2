/** What `optimizeVariants` made, in JSON. */
import { z } from 'zod';
import type { DeepReadonly } from './report/deep-readonly.js';
import { reportSchema } from './report/report.js';

const count = z.number().int().nonnegative();

const variant = z.object({
  name: z.string(),
  passes: z.string().optional(),
  files: z.array(z.string()).optional().describe('Absent where nothing was written.'),
  bytes: count.optional(),
  share: z.number().optional().describe('Of the bytes of the input.'),
  error: z.number().optional().describe('Relative L2 of the output that is furthest off.'),
  ms: z.number().optional().describe('One run, by the clock that decides.'),
  speed: z
    .object({ ratio: z.number(), low: z.number(), high: z.number(), significant: z.boolean() })
    .optional()
    .describe("The original's time over the variant's."),
  reason: z.string().optional().describe('Why it was not made.'),
  report: reportSchema.optional(),
});

const variantsSchema = z.object({
  version: z.literal(1),
  input: z.string(),
  inputBytes: count,
  folder: z.string(),
  command: z.string().optional(),
  variants: z.array(variant),
});

/** Several results of one file. */
export type Variants = DeepReadonly<z.output<typeof variantsSchema>>;
/** One of several results: its files, passes, size, error and time. */
export type VariantResult = Variants['variants'][number];
