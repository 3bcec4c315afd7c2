/** What a report says of single nodes and weights, as its JSON holds it: each text once, and a column for each field. */
import { z } from 'zod';
import { count } from '../parts/common.js';
import { proof } from './readable.js';
import { trees } from './trees.js';

const text = count.describe('A place in `texts`.');
const texts = z.array(text);

/** What some rows lack. */
const some = <T extends z.ZodType>(cell: T) =>
  z
    .array(cell.nullable())
    .optional()
    .describe('null where a row has none, and none for the rows behind the last. Absent where no row has one.');

const nodes = z
  .object({
    name: texts.describe('Unique in its model; of a node without a name, that of its first output.'),
    op: texts.describe('`domain::Op` outside ai.onnx.'),
    inputs: z.array(texts).describe('Names of values; the empty text for an optional input that is left out.'),
    outputs: z.array(texts),
    scope: some(text).describe('A local function, or the node and attribute that hold a body. null: the main graph.'),
    block: some(count).describe('Its place in `blocks`. null: it does not repeat.'),
    repeat: some(count).describe('Which repeat of the block, from 0 on.'),
    provider: some(text).describe('What ran it in the profile, as the runtime calls it.'),
    state: some(text).describe(
      'What the kernel tables of the target say: runs, runs in part, falls back, unknown, shape arithmetic. Absent on the CPU.',
    ),
    cause: some(text).describe('Why it does not run on the target, or not for sure.'),
    ms: some(z.number()).describe("By the runtime's profile; of what the runtime fused, the whole is with one."),
    multiplyAdds: some(count).describe('Of one run; null for a node without any, and where sizes are not known.'),
  })
  .describe('In dependency order, scope by scope, the main graph first.');

const values = z
  .object({
    name: texts,
    type: texts,
    shape: texts.describe('Sizes with commas between; `?`: not known.'),
    bytes: some(count).describe('Of constants.'),
  })
  .describe('What nodes give and read, constants first. Names of other scopes begin with theirs.');

const side = z.object({
  nodes,
  values,
  blocks: z
    .array(z.object({ name: z.string(), repeats: count, nodes: count.describe('Of one repeat.') }))
    .describe('What repeats, in the main graph.'),
  omitted: z
    .object({ nodes: count, reason: z.string() })
    .optional()
    .describe('Nodes that are not listed, as every repeat but the first. Absent where all are.'),
});

const lineage = z
  .array(
    z.object({
      pass: z
        .string()
        .describe('The last pass that made or changed one of them. Empty for a node that stays, under another name.'),
      rule: z.string().optional().describe('The rule of that pass, where it says so.'),
      proof,
      nodes: z.array(texts).describe('Of the result; nodes that stand for the same together.'),
      from: z
        .array(texts)
        .describe('For each: the nodes of the input model that they stand for, through all passes. Empty: put in.'),
    }),
  )
  .describe(
    'Every node of the result that is new, changed or renamed; the others stand for themselves, by name. What one rule made, proven alike, is one entry.',
  );

const stored = z.object({ type: texts, bytes: z.array(count) });

const weights = z
  .object({
    name: texts,
    block: some(text),
    repeat: some(count),
    before: stored,
    after: stored.describe('With the scales and zero points that it is read with.'),
    pass: texts.describe('The pass that stored it so, or the last that could have; the empty text: none.'),
    why: texts.describe('Why it is stored as it is.'),
  })
  .describe('Every weight of the input model, the most bytes first.');

export const packedDetails = z
  .object({
    texts: z.array(z.string()).describe('Names and other texts, each once: the numbers in the rest are places in it.'),
    graph: z.object({ before: side, after: side }).optional(),
    lineage: lineage.optional(),
    weights: weights.optional(),
    trees,
  })
  .describe(
    'Single nodes and weights: a column for each field, a place in it for each node. `nodeDetails(report)` gives them as objects. Absent where no details were asked for.',
  );

export type PackedDetails = z.output<typeof packedDetails>;
