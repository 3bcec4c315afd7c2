/** Trees of patterns at places that are not fused: what was expected, what matched, and where the match ended. */
import { z } from 'zod';
import type { DeepReadonly } from '../deep-readonly.js';
import { count } from '../parts/common.js';

const marks = ['matched', 'partly', 'failed', 'open'] as const;

const part = z.object({
  depth: count.describe('From 0 on: it is below the last part before it with one less.'),
  text: z.string().describe('What is expected there.'),
  mark: z
    .enum(marks)
    .describe(
      'matched: it and all below it; partly: itself alone; failed: here the match ended; open: it was not reached.',
    ),
  at: z.string().optional().describe('The node or value there, at the first of the places.'),
  reason: z.string().optional().describe('Why it ended.'),
});

export type TreePart = DeepReadonly<z.output<typeof part>>;

/** A pattern with the result of the match in each of its parts, as `explain` gives it. */
export interface Traced extends Omit<TreePart, 'depth'> {
  readonly parts: readonly Traced[];
}

/** The parts in the order in which they are drawn. */
export const treeParts = ({ text, mark, at, reason, parts }: Traced, depth = 0): TreePart[] => [
  { depth, text, mark, ...(at !== undefined && { at }), ...(reason !== undefined && { reason }) },
  ...parts.flatMap((one) => treeParts(one, depth + 1)),
];

export const trees = z
  .array(z.array(part))
  .optional()
  .describe(
    'Patterns at places that are not fused, in the order in which they are drawn. Places in one situation have one tree: `tree` of a site is its place here.',
  );
