/**
 * The report: what happened, in JSON. Its schema is the contract: within one version fields are added, never changed.
 * Times are milliseconds, sizes bytes. A number that JSON cannot hold (an infinite ratio) is null.
 */
import { z } from 'zod';
import { architectures, targets } from '../../ir/targets/targets.js';
import { verifyLevels } from '../verify/verifier.js';
import type { DeepReadonly } from './deep-readonly.js';
import { packedDetails } from './details/packed.js';
import { accuracy } from './parts/accuracy.js';
import { count, fidelity, verdict } from './parts/common.js';
import { errors, profile } from './parts/details.js';
import { coverage, modelReport, repeats } from './parts/model.js';
import { hashes, recipe, upgraded } from './parts/origin.js';
import { cpus, gate, outcome, warnings } from './parts/outcome.js';
import { passReport } from './parts/passes.js';
import { aot, placement } from './parts/placement.js';
import { rollout } from './parts/rollout.js';
import { ranges, speed, tuning } from './parts/speed.js';

export const REPORT_VERSION = 3;

/** The schema of the report. */
export const reportSchema = z.object({
  version: z.literal(REPORT_VERSION),
  created: z.string().describe('ISO 8601, UTC.'),
  command: z.string().optional().describe('As it can be typed again.'),
  input: z.string().optional(),
  inputBytes: count.optional().describe('Of the files that the input was read from.'),
  output: z
    .object({ files: z.array(z.string()), bytes: count })
    .optional()
    .describe('Absent where nothing was written.'),
  planned: z
    .object({ bytes: count.describe('Of the file that would be written.') })
    .optional()
    .describe('Of a dry run alone: nothing was run on inputs, compared or written.'),
  target: z.enum(targets),
  architecture: z.enum(architectures).optional().describe('The generation of devices that the result is meant for.'),
  seed: z.number().int(),
  verification: z.object({ level: z.enum(verifyLevels), verdict: verdict.optional() }),
  fidelity: fidelity.describe('The widest gate of the passes that were applied.'),
  outcome,
  cpus,
  warnings,
  repeats,
  passes: z.array(passReport),
  model: z.object({ before: modelReport, after: modelReport }),
  coverage: coverage
    .optional()
    .describe(
      'In which types the result is stored and computed, and what stays float. Absent where every pass is exact.',
    ),
  tuning,
  ranges: ranges.optional().describe('What the model may be run at. Absent where no dim of an input has a range.'),
  accuracy: accuracy.optional(),
  rollout,
  speed: speed.describe('Where dims have ranges, at the size with the least gain.').optional(),
  notTimed: z
    .string()
    .optional()
    .describe('Why there is no speed although times were not declined: both are the same bytes, a software device.'),
  cuts: z
    .array(z.string())
    .optional()
    .describe('What was left out of the proof for lack of time, each in words. Absent where nothing was.'),
  placement,
  aot,
  gates: z.array(gate),
  machine: z.object({ os: z.string(), arch: z.string(), cpu: z.string(), cores: count, memory: count }).optional(),
  versions: z.record(z.string(), z.string()),
  ms: z.number(),
  details: packedDetails.optional(),
  errors,
  profile,
  hashes,
  recipe,
  upgraded,
});

/** What happened to a model. */
export type Report = DeepReadonly<z.output<typeof reportSchema>>;
/** What one pass did, and what it left alone, with reasons. */
export type PassReport = Report['passes'][number];

/** The report's JSON schema (draft 2020-12). */
export const reportJsonSchema = (): object => z.toJSONSchema(reportSchema);
