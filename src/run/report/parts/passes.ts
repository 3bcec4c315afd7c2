/** The part of the report about each pass. */
import { z } from 'zod';
import { beforeAfter, count, counts, fidelity, measure, raced, verdict } from './common.js';

export const passReport = z.object({
  name: z.string(),
  options: z.unknown().describe('As the pass took them, defaults filled in.'),
  fidelity,
  status: z
    .enum(['applied', 'unchanged', 'rolled back'])
    .describe('rolled back: it broke its accuracy gate, and the model is as it was before.'),
  ops: counts.describe('Difference of the number of nodes, by op.'),
  nodes: beforeAfter,
  bytes: beforeAfter.describe('Of constants.'),
  notes: z.array(z.object({ text: z.string(), at: z.string().optional() })),
  skips: z
    .array(z.object({ reason: z.string(), count, places: z.array(z.string()) }))
    .describe('What was left as it is, grouped by reason, the most frequent first.'),
  sites: z
    .array(
      z.object({
        kind: z.string().describe('attention, GELU, layer norm …'),
        at: z.string().describe('The node that makes it a site.'),
        fused: z.boolean(),
        rule: z.string().optional().describe('The rule that holds, or came furthest.'),
        reason: z.string().optional().describe('Where it is not fused: what was expected, and what was found.'),
        reached: z.string().optional().describe('Where it is not fused: the node or value at which the match ended.'),
        matched: count.optional().describe('Where it is not fused: how many nodes had matched.'),
        help: z.string().optional().describe('What would make it match.'),
        tree: count
          .optional()
          .describe(
            'Its place in `details.trees`, where it is not fused. Absent without details, and where there are too many.',
          ),
      }),
    )
    .optional()
    .describe('Every place of the kind that the pass is for. Absent for a pass that is for no kind of place.'),
  verdict: verdict.optional(),
  error: measure
    .optional()
    .describe(
      'What the pass cost: relative L2 of the output that is furthest off, against the model before it. Absent where that was not run; null: infinite.',
    ),
  takenBack: z
    .object({
      places: z.array(z.string()),
      of: count.describe('How many places it would have edited.'),
      error: z
        .object({ before: measure.optional(), after: measure.optional() })
        .describe('Relative L2 with and without.'),
    })
    .optional()
    .describe('Places where the pass broke its gate: they are as they were, and the rest holds.'),
  rewrites: z
    .object({
      count: count.describe('How many rewrites the pass made.'),
      distinct: count.describe('Different ones: each was cut out of the model and run beside what it replaces.'),
      refuted: z
        .array(z.object({ rule: z.string(), detail: z.string() }))
        .describe('They gave other numbers or did not run, and were not made.'),
      notCompared: z.array(z.object({ reason: z.string(), count })),
    })
    .optional()
    .describe('Absent where the pass tried no rewrite, or nothing was to be run.'),
  tuning: z
    .array(
      z.object({
        block: z.string().describe('What repeats; "model" where nothing does.'),
        instances: count.describe('One of them was measured.'),
        nodes: count.describe('Of one instance.'),
        variant: z.string().describe('The pass, with the options that were not asked for.'),
        kept: z.boolean().describe('False: it was not made in any of the instances.'),
        speed: raced.optional(),
        reason: z.string().optional().describe('Why there is no speed.'),
      }),
    )
    .optional()
    .describe('Every variant on every repeated block where it does something. Absent where the pass was not tuned.'),
  tuneMs: z.number().optional().describe('What that took.'),
  ms: z.number(),
  verifyMs: z.number().optional(),
});
