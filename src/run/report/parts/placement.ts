/** The parts of the report about the runtime: which provider runs what, and what its own optimizer made of the result. */
import { z } from 'zod';
import { count, counts, interval } from './common.js';

export const placement = z
  .object({
    provider: z.string(),
    source: z
      .enum(['partition', 'tables'])
      .optional()
      .describe(
        'Absent where the nodes ran; partition: the provider took them and computes nothing right; tables: what the kernel tables say of a provider that is not here.',
      ),
    nodes: counts.describe('Nodes by the provider that ran them, as the runtime calls it.'),
    fallbacks: counts.describe('Nodes that another provider ran, by op; shape arithmetic is not counted here.'),
    unplaced: counts
      .optional()
      .describe('Those of them that neither the provider nor the CPU is known to have a kernel for; by tables alone.'),
    names: z.array(z.string()).describe('The same nodes as the fallbacks, by name.'),
    shapeArithmetic: count.describe('Nodes on the CPU that compute shapes, indices and conditions.'),
    copies: count.describe('Copies between the providers that one run makes.'),
    copiedBytes: count.optional().describe('Bytes of the copies whose sizes are known; by tables alone.'),
    states: z
      .partialRecord(z.enum(['runs', 'runs in part', 'falls back', 'unknown']), count)
      .optional()
      .describe('Nodes by state, shape arithmetic aside; by tables alone.'),
    causes: z
      .array(
        z.object({
          count,
          text: z.string(),
          cure: z.string().optional().describe('Flags of the command that end it, by a trial on the result.'),
        }),
      )
      .optional()
      .describe('Why nodes do not run on the target, or not for sure, by the kernel tables.'),
  })
  .optional();

export const aot = z
  .object({
    provider: z.string(),
    path: z.string().optional().describe('Absent where nothing was written.'),
    bytes: count.optional(),
    ops: z
      .record(z.string(), z.number())
      .describe('Op → how many more or fewer nodes there are of it than in the result.'),
    nodes: z.object({ before: count, after: count }),
    detail: z.string().describe('The comparison with the result, in words.'),
    create: z
      .object({
        ratio: z.number(),
        interval,
        significant: z.boolean(),
        decidedBy: z.enum(['cpu', 'wall']),
        samples: z.object({ original: z.array(z.number()), result: z.array(z.number()) }),
      })
      .describe(
        'Milliseconds of creating a session of the result, and of what was saved, all optimizations on, by CPU time or the clock; of the ratio above 1 is faster.',
      ),
  })
  .optional()
  .describe("What the runtime's own optimizer made of the result, where it was asked for.");
