/** The commands, as data: what --help shows and yargs parses. What each does is in its own thread: see runs.ts. */
import { HOST, targetNames } from '../../src/ir/targets/targets.js';
import {
  bisectFlags,
  doctorFlags,
  inputFlags,
  jsonFlag,
  mergeFlags,
  partFlags,
  planFlags,
  pluginFlags,
  quietFlag,
  readFlags,
} from './flag-sets.js';
import { number, valueNames } from './flag-values.js';
import { type Flag, oneOf, valued } from './flags.js';
import { jobFlags } from './job-flags.js';

export interface Command {
  /** Empty for the command that needs no word. */
  readonly name: string;
  readonly positionals: readonly string[];
  /** True where the last positional may be given several times: all of them come as a list under its plural. */
  readonly isRepeated?: boolean;
  /** One more word that may stand behind them. */
  readonly optional?: string;
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
}

export const commands: readonly Command[] = [
  {
    name: '',
    positionals: ['model'],
    isRepeated: true,
    summary:
      'Run passes over a model (- for stdin), a folder of models or several files, verify, and write the result.',
    flags: jobFlags,
  },
  {
    name: 'inspect',
    positionals: ['model'],
    summary: 'Show what a model is made of.',
    flags: {
      values: { type: 'boolean', describe: 'List every value of every scope: its type, and its contents where known.' },
      ...readFlags,
      ...jsonFlag,
    },
  },
  {
    name: 'explain',
    positionals: ['model'],
    summary: 'Say of every attention, norm and activation why it is fused, or where the match ended.',
    flags: {
      rule: valued('<name>', 'Only sites of this kind or rule, e.g. attention, gelu, layer-norm.'),
      at: valued('<node>', 'Only the site at the node of this name.'),
      passes: valued('<a,b,…>', 'Passes that run first, e.g. simplify.', { alias: 'p' }),
      ...pluginFlags,
      target: {
        ...oneOf(targetNames, 'The provider whose kernels are meant.'),
        defaultDescription: HOST,
      },
      ...readFlags,
      ...jsonFlag,
    },
  },
  {
    name: 'plan',
    positionals: ['model'],
    summary: 'Show what fewer bits cost: sizes from the smallest on, each with its error, time and command.',
    flags: { ...planFlags, ...jsonFlag },
  },
  {
    name: 'compare',
    positionals: ['original', 'result'],
    summary: 'Compare the numbers and the speed of two models.',
    flags: {
      ...inputFlags,
      'by-block': { type: 'boolean', describe: 'Say where they begin to differ instead, as bisect does.' },
      ...jsonFlag,
      ...quietFlag,
    },
  },
  {
    name: 'bisect',
    positionals: ['original', 'result'],
    summary: 'Show the error by depth, and the first block and node where a result drifts.',
    flags: { ...bisectFlags, ...jsonFlag },
  },
  {
    name: 'extract',
    positionals: ['model'],
    summary: 'Write the part of a model between some of its values.',
    flags: {
      from: valued('<value,…>', 'Values that are fed. May be repeated.', {
        readAll: valueNames,
        defaultDescription: 'the inputs',
      }),
      to: valued('<value,…>', 'Values that are given. May be repeated.', {
        readAll: valueNames,
        defaultDescription: 'the outputs',
      }),
      ...partFlags,
      out: { ...partFlags.out, defaultDescription: 'model.part.onnx' },
    },
  },
  {
    name: 'split',
    positionals: ['model'],
    summary: 'Write a model as a chain of models, cut between repeated blocks, with a contract of what feeds what.',
    flags: {
      blocks: valued('<number>', 'The number of models, of about equal weight.', {
        read: number,
        defaultDescription: '2',
      }),
      ...partFlags,
      out: { ...partFlags.out, describe: 'Folder of the results.', defaultDescription: 'model.parts' },
    },
  },
  {
    name: 'merge-decoders',
    positionals: ['decoder', 'decoder-with-past'],
    summary:
      'Write one file of two decoders, without past and with: an If on use_cache_branch, and one pool of weights.',
    flags: { ...mergeFlags, ...jsonFlag, ...quietFlag },
  },
  {
    name: 'first-block-cache',
    positionals: ['model'],
    summary: 'Write a denoiser as probe and rest, so that steps that change little are skipped (lossy).',
    flags: {
      threshold: valued(
        '<number>',
        'Change of what the first block adds, below which a step is skipped; for the report.',
        { read: number, defaultDescription: '0.1' },
      ),
      steps: valued('<number>', 'Steps of the run that the report is of.', { read: number, defaultDescription: '12' }),
      seed: inputFlags.seed,
      end: valued('<value>', 'The sum that ends the first block.', {
        defaultDescription: 'that of the first repeated block',
      }),
      ...partFlags,
      out: { ...partFlags.out, describe: 'Folder of the results.', defaultDescription: 'model.steps' },
    },
  },
  {
    name: 'passes',
    positionals: [],
    optional: 'pass',
    summary: 'List the passes and their options, or one of them.',
    flags: { ...pluginFlags, ...jsonFlag },
  },
  {
    name: 'doctor',
    positionals: [],
    summary: 'Say which providers work here, and why the others do not.',
    flags: doctorFlags,
  },
];

/** The command that a command line means, and the words after its name. */
export function commandOf(words: readonly string[]): { command: Command; rest: readonly string[] } {
  const named = commands.find(({ name }) => name !== '' && name === words[0]);
  return named ? { command: named, rest: words.slice(1) } : { command: commands[0] as Command, rest: words };
}
