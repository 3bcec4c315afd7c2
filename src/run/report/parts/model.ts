/** The parts of the report about the model as a whole: its numbers, repeats and types. */
import { z } from 'zod';
import { count, counts } from './common.js';

export const modelReport = z.object({
  nodes: count,
  ops: counts.describe('Nodes by op, over every scope.'),
  bytes: count.describe('Of constants.'),
  bytesByType: counts,
  opsets: counts,
  functions: count,
});

export const repeats = z
  .array(
    z.object({
      block: z.string(),
      count: count.describe('Repeats in a row.'),
      nodes: count.describe('Of one repeat.'),
      once: count.describe('How many of them one was compiled for.'),
      reason: z
        .string()
        .optional()
        .describe('Why others were compiled each by itself, or all of them from one pass on.'),
    }),
  )
  .optional()
  .describe('Repeated blocks that were looked at to be compiled once. Absent where none was.');

const products = z.record(z.string(), z.number()).describe('Multiply-adds by element type, the most first.');

export const coverage = z.object({
  computed: z
    .object({ before: products, after: products })
    .describe('What products, convolutions, recurrence and attention are computed in. Bytes by type: model.'),
  notCounted: counts.describe('Nodes that multiply, of the result, and of which it is not known how often, by op.'),
  sizes: z.record(z.string(), z.array(count)).describe('The shapes of inputs at which that is counted.'),
  left: z
    .array(
      z.object({
        reason: z.string(),
        type: z.string(),
        bytes: count,
        weights: z.array(z.object({ name: z.string(), bytes: count })).describe('The most bytes first.'),
      }),
    )
    .describe('Every weight that is wider than the passes could have stored it, grouped by reason and type.'),
});
