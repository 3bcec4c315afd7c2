/** Flags that commands share, and those of the smaller commands. */
import { targets } from '../../src/ir/targets/targets.js';
import { configSchema } from '../../src/settings/config.js';
import { dims, limits, number, shapes } from './flag-values.js';
import { about, isSo, numeric, oneOf, valued } from './flags.js';

export const jsonFlag = { json: isSo('Print JSON on stdout and nothing else.') };
export const quietFlag = { quiet: { ...isSo('Print errors only.'), alias: 'q' } };

export const summaryFlag = {
  summary: isSo('Add it as Markdown to the summary of a step of a GitHub workflow ($GITHUB_STEP_SUMMARY).'),
};

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
export const shape = valued('<name=sizes>', `${about('shapes')} May be repeated. E.g. image=1,3,224,224`, {
  readAll: shapes,
});
export const dim = valued(
  '<name=size>',
  `${about('dims')} May be repeated. E.g. batch=4 or seq=1..512 or height=64..128:8`,
  {
    readAll: dims,
  },
);
const inputs = valued('<path>', about('inputs'));
const seed = numeric('seed');

/** What is asked of a machine. */
export const doctorFlags = {
  probe: isSo(
    "Measure which kernels the installed runtime has, some minutes a provider. They are kept in the user's cache folder, and from then on decide in place of the shipped tables.",
  ),
  target: {
    ...oneOf(targets, 'The provider that --probe measures.'),
    defaultDescription: 'each that takes nodes here',
  },
  ...jsonFlag,
};

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

export const configFlag = (what: string) => ({
  config: valued(
    '<path>',
    `${what} Default: the nearest onnx-passes.config.json, .js or .ts, or "onnx-passes" in a package.json, in this folder or above; none with --no-config.`,
  ),
});

export const pluginFlag = {
  plugin: valued('<file>', `${about('plugins')} May be repeated. E.g. ./my-rule.ts`, { readAll: (files) => files }),
};

/** The plugins of a command that takes no other setting of a config. */
export const pluginFlags = { ...pluginFlag, ...configFlag('A file of settings: its plugins are taken.') };

/** What a plan is made on. */
export const planFlags = {
  passes: valued('<a,b,…>', 'Passes that run before.', { alias: 'p', defaultDescription: 'exact' }),
  ...pluginFlag,
  ...{ target, inputs, shape, dim, seed, speed: isSo('Time each size. Default: yes.') },
  'time-budget': valued('<time>', about('timeBudget')),
  plot: valued('<path>', 'Write error over size to a file: .svg.'),
  ...readFlags,
};

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
  'dry-run': isSo(
    'Say what the passes would do and the size of the result, and write nothing; the model is not run. Of a folder: what would be done with each part, and why.',
  ),
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
