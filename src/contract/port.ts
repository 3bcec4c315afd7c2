/** One port of a contract. */
import { z } from 'zod';

export const portSchema = z.object({
  name: z.string(),
  type: z
    .string()
    .describe(
      'Element type, floats with their width; unknown where no rule tells; sequence, map, optional where it is no tensor.',
    ),
  dims: z
    .array(z.union([z.number().int(), z.string(), z.null()]))
    .nullable()
    .describe(
      'A size, the name of a dim that a run tells, or null for one without a name. null: the rank is not known.',
    ),
  optional: z.boolean().optional().describe('An input that may be left out: it has a default.'),
  same: z.string().optional().describe('The input or earlier output whose value this output is.'),
  constant: z.boolean().optional().describe('An output that is the same in every run.'),
});

export type ContractPort = z.output<typeof portSchema>;
