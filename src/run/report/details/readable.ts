/** What a report says of single nodes and weights, as objects with names: the form that is worked with. Reports of version 2 hold it as it is. */
import { z } from 'zod';
import type { DeepReadonly } from '../deep-readonly.js';
import { count, measure } from '../parts/common.js';

const node = z.object({
  name: z.string().describe('Unique in its model; of a node without a name, that of its first output.'),
  op: z.string().describe('`domain::Op` outside ai.onnx.'),
  scope: z
    .string()
    .optional()
    .describe('A local function, or the node and attribute that hold a body. Absent in the main graph.'),
  inputs: z.array(z.string()).describe('Names of values; empty for an optional input that is left out.'),
  outputs: z.array(z.string()),
  block: count.optional().describe('Its place in `blocks`. Absent for a node that does not repeat.'),
  repeat: count.optional().describe('Which repeat of the block, from 0 on.'),
  provider: z.string().optional().describe('What ran it in the profile, as the runtime calls it.'),
  state: z
    .enum(['runs', 'runs in part', 'falls back', 'unknown', 'shape arithmetic'])
    .optional()
    .describe('What the kernel tables of the target say. Absent on the CPU.'),
  cause: z.string().optional().describe('Why it does not run on the target, or not for sure.'),
  ms: z.number().optional().describe("By the runtime's profile; of what the runtime fused, the whole is with one."),
  multiplyAdds: count.optional().describe('Of one run; absent for a node without any, and where sizes are not known.'),
});

const side = z.object({
  nodes: z.array(node).describe('In dependency order, scope by scope, the main graph first.'),
  values: z
    .record(z.string(), z.object({ type: z.string(), shape: z.string(), bytes: count.optional() }))
    .describe('What nodes give and read, by name: `bytes` of constants. Those of other scopes begin with theirs.'),
  blocks: z
    .array(z.object({ name: z.string(), repeats: count, nodes: count.describe('Of one repeat.') }))
    .describe('What repeats, in the main graph.'),
  omitted: z
    .object({ nodes: count, reason: z.string() })
    .optional()
    .describe('Nodes that are not listed, as every repeat but the first. Absent where all are.'),
});

/** Both graphs, node by node. */
const graph = z.object({ before: side, after: side }).optional().describe('Absent where no details were asked for.');

export const proof = z.object({
  how: z
    .enum(['rewrite compared', 'pass compared', 'exact by construction', 'end compared', 'not compared'])
    .describe(
      'rewrite compared: it was cut out and run beside what it replaces; pass compared: the model before and after the pass; ' +
        'exact by construction: the pass moves or removes, and computes nothing anew; end compared: original and result alone.',
    ),
  error: measure.optional().describe('Relative L2 of that comparison; null: infinite. Absent where it has none.'),
});

/** What new and changed nodes stand for. */
const lineage = z
  .array(
    z.object({
      nodes: z.array(z.string()).describe('Of the result.'),
      from: z
        .array(z.string())
        .describe('The nodes of the input model that they stand for, through all passes. Empty for what was put in.'),
      pass: z
        .string()
        .describe('The last pass that made or changed one of them. Empty for a node that stays, under another name.'),
      rule: z.string().optional().describe('The rule of that pass, where it says so.'),
      proof,
    }),
  )
  .optional()
  .describe('Every node of the result that is new, changed or renamed; the others stand for themselves, by name.');

const stored = z.object({ type: z.string(), bytes: count });

/** Weights that are stored otherwise than they were. */
const weights = z
  .array(
    z.object({
      name: z.string(),
      block: z.string().optional(),
      repeat: count.optional(),
      before: stored,
      after: stored.describe('With the scales and zero points that it is read with.'),
      pass: z.string().describe('The pass that stored it so, or the last that could have; empty: none.'),
      why: z.string().describe('Why it is stored as it is.'),
    }),
  )
  .optional()
  .describe('Every weight of the input model, the most bytes first.');

export const nodeDetailsSchema = z.object({ graph, lineage, weights });

/** Both graphs, what each new node stands for, and every weight. */
export type NodeDetails = DeepReadonly<z.output<typeof nodeDetailsSchema>>;
