/** Declares the settings of one job once, for the config file and the command line. */

import { z } from 'zod';
import { passSettingSchemas } from '../../passes/settings.js';
import { bytesOfFile, dimSize, fileName, limits, optionsIn, size, truth, whole } from '../ir/options/options.js';
import { recordOf } from '../ir/options/record-schema.js';
import { BROWSER, targetChoices } from '../ir/targets/targets.js';
import type { PassesLike } from '../run/parse.js';
import { targetCpus, targetCpuText } from '../run/target-cpu.js';
import { verifyLevels } from '../run/verify/verifier.js';
import type { Plugin } from './plugins.js';

/** One message for each setting, whichever of its conditions is broken. */
const aboveZero = 'expected a number above 0';
const cosine = 'expected a number from -1 to 1';
const positive = z.number(aboveZero).positive(aboveZero);
const duration = 'expected seconds above 0, or 90s, 2m or 1h';
const unitSeconds = { s: 1, m: 60, h: 3600 } as const;
/** Seconds, or text with a unit; the result is seconds. */
const seconds = z.union(
  [
    z.number(duration).positive(duration),
    z.string().transform((text, context) => {
      const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([smh])?\s*$/.exec(text) ?? [];
      const value = Number(number) * unitSeconds[(unit ?? 's') as keyof typeof unitSeconds];
      if (value > 0) return value;
      context.addIssue(duration);
      return z.NEVER;
    }),
  ],
  duration,
);

const aPlugin = 'expected a list of paths, passes, rules or presets';

/** The schema of a config: every setting, with its default and description. */
export const configSchema = z.object({
  passes: z
    .custom<PassesLike>(
      (value) => typeof value === 'string' || Array.isArray(value),
      'expected text or a list of passes',
    )
    .describe('Passes in order: name:option=value, separated by commas.'),
  target: z
    .enum(targetChoices, `expected ${targetChoices.join(' | ')}`)
    .describe('The provider the result is meant for.'),
  targetCpu: z
    .union([z.enum(targetCpus), z.array(z.enum(targetCpus)).min(1, targetCpuText)], targetCpuText)
    .describe(
      'The kinds of CPU that the result is meant for, where int8 has faster or finer forms for some. Default: all.',
    ),
  provider: z
    .enum([BROWSER], `expected ${BROWSER}`)
    .describe(
      'Where results for webgpu are compared and timed: web, onnxruntime-web in Chrome, Chromium or Edge (CHROME_PATH names one). Default: onnxruntime-node.',
    ),
  verify: z
    .enum(verifyLevels, `expected ${verifyLevels.join(' | ')}`)
    .describe(
      'What is run to prove the result: rewrite, every distinct rewrite cut out of the model; end, also the result against the original; pass, also after each pass.',
    ),
  tune: truth.describe(
    'Race each pass for speed on one instance of every repeated block, and leave it out where it is slower.',
  ),
  tuneBudget: seconds.describe(
    'How long tuning may measure in all: seconds, 60s or 5m. What is not measured then stays as it was asked for.',
  ),
  tuneCache: z
    .string('expected a path')
    .describe('A file that keeps what --tune measured, for later runs, other models and machines of the same kind.'),
  validate: truth.describe('Compare accuracy and speed of original and result at the end.'),
  speed: truth.describe(
    'Time original and result, and long runs more often than usual. Default: yes, except on a software device, whose times say nothing of a GPU.',
  ),
  timeBudget: seconds.describe(
    'How long running models to prove the result may take in all: seconds, 90s or 2m. What is left out for it is said.',
  ),
  inputs: z
    .string('expected a path')
    .describe(
      'The inputs to run on: test_data_set_* of .pb, .npz, .npy by the name of the input, .json, or a folder of several.',
    ),
  rollout: size.describe(
    'How many steps original and result run on their own outputs, where outputs feed inputs (state, cache, latent); 0 for none. Default: 4, fewer where they take long.',
  ),
  shapes: recordOf(z.array(size, 'expected a list of sizes'), 'expected shapes by name').describe(
    'The shape of an input.',
  ),
  dims: recordOf(dimSize, 'expected sizes by name').describe('The size of a symbolic dim, or the range of its sizes.'),
  seed: z.number(whole).int(whole).describe('Of the generated inputs.'),
  maxError: positive.describe('The largest relative L2 error an output may have.'),
  minCosine: z
    .number(cosine)
    .min(-1, cosine)
    .max(1, cosine)
    .describe('The least cosine similarity an output may have.'),
  minSpeedup: positive.describe('The least ratio of the original time to the result time.'),
  require: z
    .array(z.string('expected a list of names'), 'expected a list of names')
    .describe('Names of passes that must be in the result.'),
  allowRollback: truth.describe('Take a result for done though a pass broke its gate and is not in it.'),
  failOnFallback: truth.describe('Fail where another provider than the target runs a node.'),
  parts: recordOf(z.strictObject({ passes: z.string('expected passes') }), 'expected settings by part').describe(
    'Of a folder: passes of single parts by name or path; none copies one.',
  ),
  plugins: z
    .array(
      z.custom<Plugin>((one) => one !== null && ['string', 'object', 'function'].includes(typeof one), aPlugin),
      aPlugin,
    )
    .describe('Files that export passes, rules and presets of your own, for --passes to name.'),
  regional: truth.describe('Compile repeated blocks once, from five repeats on: the result is the same.'),
  keepFunctions: truth.describe('Write repeated blocks as local functions.'),
  externalData: truth.describe('Write the weights to a file beside the model, out.onnx.<digest of its content>.data.'),
  dataName: fileName.describe(
    'The name of the file of weights, as a loader expects it. Where it replaces another, there is no model for a moment.',
  ),
  shard: bytesOfFile.describe(
    'The most bytes of one file of weights: beyond them there are several. The others are named by --data-name with _1, _2 ….',
  ),
  ...passSettingSchemas,
  aot: truth.describe(
    "Also write what onnxruntime's own optimizer makes of the result for its target, out.aot-cpu.onnx, compared with the result: a session of it is created faster.",
  ),
  contract: truth.describe('Write what goes in and out beside the result: out.contract.json and out.d.ts.'),
  budget: limits.describe('How much work the numbers of a model may ask for, by name.'),
  allowOutsideData: truth.describe('Let the model read external data outside its own folder.'),
});

/** One job's settings. A missing one has a default. */
export type Config = Partial<z.output<typeof configSchema>>;

/** `minSpeedup` is `min-speedup` on the command line. */
export const flagOf = (setting: string): string => setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Checks a config that was written by hand. Throws UsageError with the faulty setting; `nameOf` gives a setting's name
 * as its author wrote it.
 */
export function checkConfig(
  value: unknown,
  place: string,
  nameOf = (setting: string): string => `${place}: ${setting}`,
): Config {
  return optionsIn(configSchema, value, place, { noun: 'setting', nameOf });
}
