/** The flags of the command line: their texts and choices are the settings' own. */

import type { Options } from 'yargs';
import { type Config, checkConfig, configSchema, flagOf } from '../src/config.js';
import { named } from '../src/ir/named.js';
import { UsageError } from '../src/ir/usage-error.js';
import { type Flags, limitsIn, namesIn, single } from './parsed.js';

type Setting = keyof Config;

const about = (setting: Setting): string => configSchema.shape[setting].description ?? '';
const flag = <T extends Options>(setting: Setting, options: T) => ({ ...options, describe: about(setting) });
export const text = { type: 'string', requiresArg: true } as const;
const number = { type: 'number', requiresArg: true } as const;
const truth = { type: 'boolean' } as const;

export const jsonFlag = { json: { type: 'boolean', describe: 'Print JSON on stdout and nothing else.' } } as const;
export const quietFlag = { quiet: { type: 'boolean', alias: 'q', describe: 'Print errors only.' } } as const;

/** What models are run on, and what is asked of the numbers: shared by optimize and compare. */
export const inputFlags = {
  target: flag('target', { ...text, choices: configSchema.shape.target.options }),
  inputs: flag('inputs', text),
  rollout: flag('rollout', number),
  shape: { ...text, describe: `${about('shapes')} May be repeated. E.g. image=1,3,224,224` },
  dim: { ...text, describe: `${about('dims')} May be repeated. E.g. batch=4` },
  seed: flag('seed', number),
  speed: flag('speed', truth),
  'time-budget': flag('timeBudget', text),
  'max-error': flag('maxError', number),
  'min-cosine': flag('minCosine', number),
  'min-speedup': flag('minSpeedup', number),
  budget: { ...flag('budget', text), describe: `${about('budget')} E.g. folding-bytes=4000000,dims-terms=128` },
  'allow-outside-data': flag('allowOutsideData', truth),
} as const;

/** Those that say what two models are run on, alone. */
const { target, inputs, shape, dim, seed } = inputFlags;
export const bisectFlags = {
  target: { ...target, defaultDescription: 'cpu' },
  inputs,
  shape,
  dim,
  seed,
  budget: inputFlags.budget,
  'allow-outside-data': inputFlags['allow-outside-data'],
} as const;

/** How a model is read, for commands that do no more. */
export const readFlags = {
  budget: inputFlags.budget,
  'allow-outside-data': inputFlags['allow-outside-data'],
} as const;

export const jobFlags = {
  out: { ...text, alias: 'o', describe: 'Path of the result.', defaultDescription: 'model.opt.onnx' },
  passes: flag('passes', { ...text, alias: 'p' }),
  outputs: { ...flag('outputs', text), describe: `${about('outputs')} E.g. logits,hidden_states.*` },
  'target-cpu': { ...flag('targetCpu', text), describe: `${about('targetCpu')} E.g. avx2,vnni,arm` },
  'attn-op': flag('attnOp', { ...text, choices: configSchema.shape.attnOp.options }),
  contract: flag('contract', { ...truth, defaultDescription: 'where flatten-outputs runs; never with --no-contract' }),
  verify: flag('verify', {
    ...text,
    choices: configSchema.shape.verify.options,
    defaultDescription: 'pass, or end above 64 MB',
  }),
  tune: flag('tune', truth),
  validate: {
    ...truth,
    defaultDescription: 'true',
    describe:
      'Compare nothing with the original at the end, which any --verify does; without --verify run nothing at all.',
  },
  ...inputFlags,
  shape: {
    ...text,
    describe:
      'Freeze the shape of an input: the result declares it, and is compared at it. May be repeated. E.g. image=1,3,224,224',
  },
  dim: {
    ...text,
    describe:
      'Freeze a symbolic dim of the inputs: the result declares the size, and is compared at it. May be repeated. E.g. batch=4',
  },
  require: { ...flag('require', text), describe: `${about('require')} E.g. int8,bf16` },
  'allow-rollback': flag('allowRollback', truth),
  'fail-on-fallback': flag('failOnFallback', truth),
  'keep-functions': flag('keepFunctions', truth),
  'external-data': flag('externalData', truth),
  force: { ...truth, describe: 'Let the result overwrite its input, and its contract a file that is none.' },
  config: { ...text, describe: 'A file of settings: onnx-passes.config.js, .ts or .json.' },
  report: { ...text, describe: 'Write the report to a file: .json or .md.' },
  ...jsonFlag,
  ...quietFlag,
} as const;

/** The settings that flags state; those not given are absent. Throws UsageError for a value that is none. */
export function configFromFlags(flags: Flags): Config {
  const settings: Record<string, unknown> = {};
  const set = (name: Setting, value: unknown) => {
    if (value !== undefined) settings[name] = value;
  };
  for (const name of Object.keys(configSchema.shape) as Setting[]) {
    const flagName = flagOf(name);
    const written = single(flags, flagName);
    set(name, isNumber(flagName) && written !== undefined ? numberIn(flagName, String(written)) : written);
  }
  set(
    'shapes',
    pairs(flags, 'shape', (written) => written.split(',').map(Number)),
  );
  set('dims', pairs(flags, 'dim', Number));
  set('budget', limitsIn(flags));
  set('outputs', namesIn(flags, 'outputs'));
  set('require', namesIn(flags, 'require'));
  set('targetCpu', namesIn(flags, 'target-cpu'));
  return checkConfig(settings, 'flags', (setting) => `--${flagOf(setting)}`);
}

const isNumber = (flagName: string): boolean =>
  (jobFlags as Readonly<Record<string, Options>>)[flagName]?.type === 'number';

function numberIn(flagName: string, written: string): number {
  const value = written.trim() === '' ? Number.NaN : Number(written);
  if (Number.isNaN(value)) throw new UsageError(`--${flagName}: expected a number; found "${written}"`);
  return value;
}

/** `--dim batch=4 --dim seq=8` by name. A name may hold `=`: the last one counts. */
function pairs<T extends number | number[]>(flags: Flags, flag: string, read: (written: string) => T) {
  const given = flags[flag];
  if (given === undefined) return undefined;
  const found = named<T>();
  for (const written of Array.isArray(given) ? given : [given]) {
    const at = String(written).lastIndexOf('=');
    const value = read(String(written).slice(at + 1));
    const isSize = (n: number) => Number.isSafeInteger(n) && n >= 0;
    if (at <= 0 || ![value].flat().every((n) => isSize(n as number)) || String(written).endsWith('='))
      throw new UsageError(`--${flag}: expected name=${flag === 'dim' ? '4' : '1,3,224,224'}; found "${written}"`);
    found[String(written).slice(0, at)] = value;
  }
  return found;
}
