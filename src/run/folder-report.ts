/** What `optimizeFolder` did, in JSON. */
import { z } from 'zod';
import type { DeepReadonly } from './report/deep-readonly.js';
import { reportSchema } from './report/report.js';

const count = z.number().int().nonnegative();

const part = z.object({
  path: z.string().describe('In both folders.'),
  name: z.string(),
  role: z.string(),
  state: z
    .enum(['planned', 'done', 'unchanged', 'copied', 'failed'])
    .describe('unchanged: the result of an earlier run still holds.'),
  passes: z.string().optional().describe('By name; absent for a part that is copied.'),
  reasons: z.array(z.string()).describe('What the role of the part changes in the passes that were asked for.'),
  inputBytes: count,
  expectedBytes: count.optional().describe('By the types that its weights are to have.'),
  expectedMs: z.number().optional().describe('By rates that were measured on another machine; without comparisons.'),
  ms: z.number().optional().describe('How long it took when it was made.'),
  files: z.array(z.string()).optional().describe('In the folder of the result.'),
  bytes: count.optional(),
  shared: z
    .object({ bytes: count, of: z.array(z.string()) })
    .optional()
    .describe('Weights that it reads from data files of other parts, by their paths; not among its bytes.'),
  error: z.number().optional().describe('Relative L2 of the output that is furthest off.'),
  speed: z.object({ ratio: z.number(), significant: z.boolean() }).optional(),
  takenBack: z.array(z.object({ pass: z.string(), reason: z.string() })).optional(),
  unproven: z
    .string()
    .optional()
    .describe('Why nothing could be compared. It is written all the same, as all its passes are exact.'),
  reason: z.string().optional().describe('Why it failed.'),
  report: reportSchema.optional().describe('Absent for a part that this run has not made.'),
});

const measure = z.number().nullable();

const diffusion = z.object({
  steps: count,
  side: count.describe('Of the latent, where the model leaves it open.'),
  guidance: z.number(),
  drift: z
    .array(z.number())
    .describe('Relative L2 of the latent after each step, each pipeline along its own outputs.'),
  image: z
    .object({
      psnr: measure.describe('Decibels; null where both are equal.'),
      ssim: z.number(),
      original: z.string().optional().describe('What is wrong with it whatever it shows: NaN, black, grey, saturated.'),
      result: z.string().optional(),
      file: z
        .string()
        .optional()
        .describe('Both pictures side by side, original first: a PNG beside the report, by its name.'),
    })
    .optional(),
});

const decoding = z.object({
  parts: z
    .array(z.string())
    .describe('An encoder, where there is one; the decoder of the first step; that of the others.'),
  rows: count.describe('Texts.'),
  steps: count,
  equal: count.describe("Tokens that both choose after the same text, the original's."),
  of: count,
  divergence: z
    .array(measure)
    .describe('Kullback-Leibler, in nats, after each step; null where no token leads clearly.'),
  drift: z.array(z.number()).describe('Relative L2 of the logits after each step, each on its own cache.'),
});

const proof = z.object({
  seed: z.number().int(),
  provider: z.string(),
  parts: z.array(
    z.object({
      part: z.string(),
      error: z.number().describe('Relative L2 of what the part makes of what the original pipeline gives it.'),
      step: count.optional().describe('The run with this error, from 1; absent for a part that runs once.'),
    }),
  ),
  diffusion: diffusion.optional(),
  decoding: z.array(decoding).optional(),
  gates: z.array(
    z.object({ name: z.string().describe('A part, picture, or text.'), passed: z.boolean(), detail: z.string() }),
  ),
});

export const folderReportSchema = z.object({
  version: z.literal(1),
  input: z.string(),
  folder: z.string().describe('Of the result.'),
  layout: z.enum(['diffusers', 'transformers', 'transformers.js', 'files']),
  command: z.string().optional(),
  isWritten: z.boolean().describe('False for a plan, and where a part failed: then the folder is as it was.'),
  parts: z.array(part),
  others: z
    .object({ files: count, bytes: count, changed: z.array(z.string()) })
    .describe('Files that are no models: copied, those in `changed` with what loaders read of the data files.'),
  proof: proof.optional().describe('Of a diffusion pipeline, or of decoders: both run as a whole.'),
  ms: z.number(),
});

/** What happened to a folder of models. */
export type FolderReport = DeepReadonly<z.output<typeof folderReportSchema>>;
/** What happened to one model of a folder. */
export type PartReport = FolderReport['parts'][number];
export type PipelineProof = NonNullable<FolderReport['proof']>;
