/** The flags of the command line, as data; the texts and choices of settings are those of a config. */
import type { Options } from 'yargs';
import { z } from 'zod';
import { type PassSetting, passSettings } from '../passes/settings.js';
import { type Config, checkConfig, configSchema, flagOf } from '../src/settings/config.js';
import { dims, dimsOrBatch, limits, names, number, shapes } from './flag-values.js';

/** A flag as yargs takes it, and what yargs does not know of it. */
export interface Flag extends Pick<Options, 'alias' | 'choices' | 'defaultDescription' | 'requiresArg' | 'type'> {
  readonly describe: string;
  /** What its value looks like. */
  readonly takes?: string;
  /** The value that its text stands for; without it the text itself. */
  readonly read?: (written: string) => unknown;
  /** The same for a flag that may be repeated. */
  readonly readAll?: (written: readonly string[]) => unknown;
}

/** Flags and positionals as they were parsed, by name. */
export type Flags = Readonly<Record<string, unknown>>;

type Setting = keyof Config;

const about = (setting: Setting): string => configSchema.shape[setting].description ?? '';
const isSo = (describe: string) => ({ type: 'boolean', describe }) as const;
export const oneOf = (choices: readonly string[], describe: string) =>
  ({ type: 'string', requiresArg: true, choices, describe }) as const;
export const valued = (takes: string, describe: string, more: Partial<Flag> = {}): Flag => ({
  ...{ type: 'string', requiresArg: true, takes, describe },
  ...more,
});
const numeric = (setting: Setting): Flag => valued('<number>', about(setting), { read: number });

export const jsonFlag = { json: isSo('Print JSON on stdout and nothing else.') };
export const quietFlag = { quiet: { ...isSo('Print errors only.'), alias: 'q' } };

/** How a model is read, for commands that do no more. */
export const readFlags = {
  budget: valued('<name=number,…>', `${about('budget')} E.g. folding-bytes=4000000,dims-terms=128`, { read: limits }),
  'allow-outside-data': isSo(about('allowOutsideData')),
};

/** How a part of a model is written. */
export const partFlags = {
  out: valued('<path>', 'Path of the result.', { alias: 'o' }),
  force: isSo('Let a result overwrite its input.'),
  ...readFlags,
  ...jsonFlag,
  ...quietFlag,
};

const target = oneOf(configSchema.shape.target.options, about('target'));
const provider = oneOf(configSchema.shape.provider.options, about('provider'));
const shape = valued('<name=sizes>', `${about('shapes')} May be repeated. E.g. image=1,3,224,224`, { readAll: shapes });
const dim = valued('<name=size>', `${about('dims')} May be repeated. E.g. batch=4 or seq=1..512 or height=64..128:8`, {
  readAll: dims,
});
const inputs = valued('<path>', about('inputs'));
const seed = numeric('seed');

/** What two models are run on. */
export const bisectFlags = {
  ...{ target: { ...target, defaultDescription: 'cpu' }, inputs, shape, dim, seed },
  ...readFlags,
};

/** What models are run on, and what is asked of the numbers: shared by optimize and compare. */
export const inputFlags = {
  ...{ target, provider, inputs, rollout: numeric('rollout'), shape, dim, seed, speed: isSo(about('speed')) },
  'time-budget': valued('<time>', about('timeBudget')),
  'max-error': numeric('maxError'),
  'min-cosine': numeric('minCosine'),
  'min-speedup': numeric('minSpeedup'),
  ...readFlags,
};

const configFlag = (what: string) => ({
  config: valued(
    '<path>',
    `${what} Default: the nearest onnx-passes.config.json, .js or .ts, or "onnx-passes" in a package.json, in this folder or above; none with --no-config.`,
  ),
});

const pluginFlag = {
  plugin: valued('<file>', `${about('plugins')} May be repeated. E.g. ./my-rule.ts`, { readAll: (files) => files }),
};

/** The plugins of a command that takes no other setting of a config. */
export const pluginFlags = { ...pluginFlag, ...configFlag('A file of settings: its plugins are taken.') };

/** The flags of settings that are an option of one pass: one word of several, a list of names, or text. */
const passFlags = Object.fromEntries(
  Object.entries(passSettings).map(([setting, { schema, example }]: [string, PassSetting]) => {
    const describe = [schema.description, example && `E.g. ${example}`].filter(Boolean).join(' ');
    if (schema instanceof z.ZodEnum) return [flagOf(setting), oneOf(schema.options.map(String), describe)] as const;
    const isList = schema instanceof z.ZodArray;
    return [flagOf(setting), valued(isList ? '<a,b,…>' : '<size>', describe, isList ? { read: names } : {})] as const;
  }),
);

/** What a plan is made on. */
export const planFlags = {
  passes: valued('<a,b,…>', 'Passes that run before.', { alias: 'p', defaultDescription: 'exact' }),
  ...pluginFlag,
  ...{ target, inputs, shape, dim, seed, speed: isSo('Time each size. Default: yes.') },
  'time-budget': valued('<time>', about('timeBudget')),
  plot: valued('<path>', 'Write error over size to a file: .svg.'),
  ...readFlags,
};

const freezes = 'the result declares it, and is compared at it. May be repeated. E.g.';

/** What is asked of a folder alone. */
export const folderFlags = {
  part: valued(
    '<name:passes=a,b,…>',
    'Of a folder: passes of one part; none copies it. May be repeated. E.g. vae_decoder:passes=exact',
    { readAll: (texts) => texts },
  ),
  jobs: valued('<number>', 'Of a folder: how many parts are worked on at a time.', {
    alias: 'j',
    read: number,
    defaultDescription: '1',
  }),
  'dry-run': isSo('Of a folder: say what would be done with each part and why, and do nothing.'),
};

/** What a merged decoder is written to. */
export const mergeFlags = {
  out: valued('<path>', 'Path of the result.', {
    alias: 'o',
    defaultDescription: 'decoder_model_merged.onnx beside the decoder',
  }),
  validate: {
    ...isSo('Do not run both, token by token, before the result is written.'),
    defaultDescription: 'true',
  },
  force: isSo('Let the result overwrite one of the two.'),
};

export const jobFlags = {
  out: valued('<path>', 'Path of the result.', { alias: 'o', defaultDescription: 'model.opt.onnx' }),
  passes: valued('<a,b,…>', about('passes'), { alias: 'p' }),
  ...pluginFlag,
  ...passFlags,
  'target-cpu': valued('<a,b,…>', `${about('targetCpu')} E.g. avx2,vnni,arm`, { read: names }),
  contract: {
    ...isSo(about('contract')),
    defaultDescription: 'where flatten-outputs runs; never with --no-contract',
  },
  verify: {
    ...oneOf(configSchema.shape.verify.options, about('verify')),
    defaultDescription: 'pass, or end above 64 MB',
  },
  tune: isSo(about('tune')),
  'tune-budget': valued('<time>', about('tuneBudget')),
  'tune-cache': valued('<path>', about('tuneCache'), {
    defaultDescription: "onnx-passes/tune.json in the user's cache folder",
  }),
  aot: isSo(about('aot')),
  validate: {
    ...isSo(
      'Compare nothing with the original at the end, which any --verify does; without --verify run nothing at all.',
    ),
    defaultDescription: 'true',
  },
  ...inputFlags,
  shape: { ...shape, describe: `Freeze the shape of an input: ${freezes} image=1,3,224,224` },
  dim: {
    ...dim,
    readAll: dimsOrBatch,
    describe: `Freeze the size of a symbolic dim of the inputs: ${freezes} batch=4. A range keeps it symbolic, and the result is compared, timed and tuned at its ends and between: seq=1..512, height=64..128:8. Of a file whose batch is fixed at 1, batch=N makes it symbolic and calls it N`,
  },
  require: valued('<a,b,…>', `${about('require')} E.g. int8,bf16`, { read: names }),
  'allow-rollback': isSo(about('allowRollback')),
  'fail-on-fallback': isSo(about('failOnFallback')),
  regional: {
    ...isSo(about('regional')),
    defaultDescription: 'where that leaves out two fifths of the nodes; never with --no-regional',
  },
  'keep-functions': isSo(about('keepFunctions')),
  'external-data': isSo(about('externalData')),
  'data-name': valued('<name>', `${about('dataName')} E.g. model.onnx_data`),
  shard: valued('<bytes>', `${about('shard')} E.g. 2GB`),
  force: isSo('Let the result overwrite its input, and its contract a file that is none.'),
  ...configFlag('A file of settings.'),
  variants: valued(
    '<a=passes …>',
    'Write several results into the folder --out: name=passes, or transformers-js for the names that its loader expects. May be repeated. E.g. small=quarter',
    {
      readAll: (written) => written.flatMap((text) => text.split(/\s+/).filter(Boolean)),
    },
  ),
  ...folderFlags,
  coverage: isSo(
    'Show in which types the result is stored and computed, and what stays float, with bytes and reasons.',
  ),
  report: valued('<path>', 'Write the report to a file: .json or .md.'),
  ...jsonFlag,
  ...quietFlag,
};

/** The flag that states a setting. */
const nameOf = (setting: string): string =>
  ({ shapes: 'shape', dims: 'dim', plugins: 'plugin' })[setting] ?? flagOf(setting);

/** The settings that flags state; those not given are absent. Throws UsageError for a value that a setting cannot have. */
export function configFromFlags(flags: Flags): Config {
  const given = Object.keys(configSchema.shape).flatMap((setting) => {
    const value = flags[nameOf(setting)];
    return value === undefined ? [] : [[setting, value] as const];
  });
  return checkConfig(Object.fromEntries(given), 'flags', (setting) => `--${nameOf(setting)}`);
}
