/** A config file: the settings of every job, files that it extends, and jobs of its own. */
import { z } from 'zod';
import { optionsIn } from '../ir/options/options.js';
import { recordOf } from '../ir/options/record-schema.js';
import { configSchema } from './config.js';

const paths = (what: string) => {
  const message = `expected ${what}, or a list of them`;
  return z.union([z.string(message), z.array(z.string(message)).min(1, message)], message);
};

const jobSchema = z.strictObject({
  ...configSchema.partial().shape,
  model: paths('the path of a model or a pattern').describe('The models, from the folder of the config.'),
  out: z
    .string('expected a path')
    .optional()
    .describe('The result: a file, or a folder where there are several models or variants.'),
  variants: z
    .array(z.string('expected name=passes'), 'expected a list of name=passes')
    .optional()
    .describe('Several results of each model, as --variants takes them.'),
  report: z.string('expected a path').optional().describe('The file of the report: .json, .md or .html.'),
});

const fileSchema = configSchema.extend({
  extends: paths('the path of a config').describe(
    'Configs whose settings hold where this one has none, the last one first.',
  ),
  jobs: recordOf(jobSchema, 'expected jobs by name').describe('What optimize run does, by name.'),
});

/** A job of a config file. */
export type ConfigJob = z.output<typeof jobSchema>;
/** A config file as it is checked. */
export type ConfigFile = Partial<z.output<typeof fileSchema>>;

/** Checks a config file. Throws UsageError with the faulty setting. */
export const checkConfigFile = (value: unknown, place: string): ConfigFile =>
  optionsIn(fileSchema, value, place, { noun: 'setting' });

/** The config as it is, with types: for `onnx-passes.config.ts`. */
export const defineConfig = (config: Partial<z.input<typeof fileSchema>>): Partial<z.input<typeof fileSchema>> =>
  config;
