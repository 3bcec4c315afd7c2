/** What `diffModels` finds between two models, in JSON. Within one version fields are added, never changed. Sizes are bytes. */
import { z } from 'zod';
import type { DeepReadonly } from './report/deep-readonly.js';
import { count, counts, measure, sizes } from './report/parts/common.js';

const places = z.array(z.string()).describe('Names of nodes, of `before` where it has them: the first few.');
const side = <T extends z.ZodType>(one: T) => ({ before: one.optional(), after: one.optional() });

const model = z.object({
  nodes: count.describe('Of every scope.'),
  bytes: count.describe('Of the constants.'),
  bytesByType: sizes,
  functions: count,
  irVersion: count,
  producer: z.string(),
});

const stored = z.object({ name: z.string(), type: z.string(), shape: z.array(count), bytes: count });

const weight = z.object({
  ...side(stored),
  state: z
    .enum(['renamed', 'other type', 'other shape', 'changed', 'removed', 'added'])
    .describe(
      'renamed: the same bytes under another name, which several may share; other type: with the same numbers or others, as `error` says; ' +
        'added: what belongs to no weight of `before`.',
    ),
  error: measure
    .optional()
    .describe('Relative L2 of the numbers against those before; null: infinite. Absent where they are not compared.'),
  notCompared: z.string().optional().describe('Why there is no error.'),
});

/** The schema of what `diffModels` gives. */
export const modelDiffSchema = z.object({
  version: z.literal(1),
  equal: z.boolean().describe('True where no difference was found; names of nodes do not count.'),
  before: model,
  after: model,
  opsets: z.array(z.object({ domain: z.string(), ...side(count) })).describe('Those that differ.'),
  ports: z
    .array(z.object({ kind: z.enum(['input', 'output']), name: z.string(), ...side(z.string()) }))
    .describe('Those that differ, with their types; one that a side lacks has none there.'),
  functions: z.array(z.object({ name: z.string(), ...side(count.describe('Nodes.')) })).describe('Those of one side.'),
  metadata: z.array(z.object({ key: z.string(), ...side(z.string()) })).describe('Entries that differ.'),
  nodes: z.object({
    same: count.describe('Nodes with a counterpart that does the same.'),
    removed: counts.describe('By operator, `domain.Op` outside ai.onnx.'),
    added: counts,
    changed: z
      .array(z.object({ op: z.string(), what: z.string(), count, at: places }))
      .describe('Nodes with a counterpart of the same operator that has other attributes or reads something else.'),
  }),
  blocks: z
    .array(
      z.object({
        name: z.string().describe('Empty for what does not repeat.'),
        repeats: count,
        removed: counts.describe('Of all repeats.'),
        added: counts,
      }),
    )
    .describe('Repeated blocks in which nodes were removed or added.'),
  rewrites: z
    .array(
      z.object({
        block: z.string().describe('Empty for what does not repeat.'),
        count: count.describe('Places.'),
        removed: counts.describe('At each place: nodes that hang together, and those that stand there instead.'),
        added: counts,
        at: places,
      }),
    )
    .describe('Places where nodes were removed or added, like ones together.'),
  weights: z.object({
    same: count.describe(
      'Constants of the same name and bytes, of floats or of integers of 8 bits and less, from two elements on.',
    ),
    list: z.array(weight).describe('All others, the most bytes first.'),
  }),
});

/** The difference of two models. */
export type ModelDiff = DeepReadonly<z.output<typeof modelDiffSchema>>;

/** The JSON schema (draft 2020-12) of what `diffModels` finds. */
export const modelDiffJsonSchema = (): object => z.toJSONSchema(modelDiffSchema);
