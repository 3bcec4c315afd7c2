/** What a config file and the command line can say about one job, declared once. */
import { z } from 'zod';
import { zodText } from './run/options.js';
import type { PassesLike } from './run/parse.js';
import { UsageError, unknownText } from './run/usage-error.js';
import { verifyLevels } from './run/verify.js';

const positive = z.number().positive();

export const configSchema = z.object({
  passes: z
    .custom<PassesLike>(
      (value) => typeof value === 'string' || Array.isArray(value),
      'expected text or a list of passes',
    )
    .describe('Passes in order: name:option=value, separated by commas.'),
  target: z.enum(['auto', 'cpu', 'cuda', 'webgpu']).describe('The provider the result is meant for.'),
  verify: z.enum(verifyLevels).describe('How often the numbers are compared. rewrite is pass today.'),
  validate: z.boolean().describe('Compare accuracy and speed of original and result at the end.'),
  inputs: z.string().describe('A folder of test_data_set_* with the inputs to run on.'),
  shapes: z.record(z.string(), z.array(z.number().int().nonnegative())).describe('The shape of an input.'),
  dims: z.record(z.string(), z.number().int().nonnegative()).describe('The value of a symbolic dim.'),
  seed: z.number().int().describe('Of the generated inputs.'),
  maxError: positive.describe('The largest relative L2 error an output may have.'),
  minCosine: z.number().min(-1).max(1).describe('The least cosine similarity an output may have.'),
  minSpeedup: positive.describe('The least ratio of the original time to the result time.'),
  failOnFallback: z.boolean().describe('Fail where another provider than the target runs a node.'),
  externalData: z.boolean().describe('Write the weights to a file beside the model.'),
  allowOutsideData: z.boolean().describe('Let the model read external data outside its own folder.'),
});

/** One job's settings; what is left out has a default. */
export type Config = Partial<z.output<typeof configSchema>>;

/** A config that was written by hand. Throws UsageError naming what is wrong with it. */
export function checkConfig(value: unknown, place: string): Config {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${place}: expected an object of settings; found ${Array.isArray(value) ? 'a list' : value}`);
  const names = Object.keys(configSchema.shape);
  for (const name of Object.keys(value))
    if (!names.includes(name)) throw new UsageError(`${place}: ${unknownText('setting', name, names)}`);
  const checked = configSchema.partial().safeParse(value);
  if (!checked.success) throw new UsageError(`${place}: ${zodText(checked.error)}`);
  return checked.data;
}
