/** The commands, as data: what --help shows and yargs parses. What each does is in its own thread: see runs.ts. */
import { HOST, targetNames } from '../../src/ir/targets/targets.js';
import type { Command } from './command.js';
import {
  bisectFlags,
  doctorFlags,
  inputFlags,
  jsonFlag,
  planFlags,
  pluginFlags,
  quietFlag,
  readFlags,
} from './flag-sets.js';
import { oneOf, valued } from './flags.js';
import { jobFlags, runFlags } from './job-flags.js';
import { partCommands } from './part-commands.js';
import { reportCommands } from './report-commands.js';
import { serviceCommands } from './service-commands.js';

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
    name: 'run',
    positionals: [],
    optional: 'job',
    summary: 'Do the jobs of a config (models and variants, each with its passes), or one of them.',
    flags: runFlags,
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
    name: 'diff',
    positionals: ['original', 'result'],
    summary: 'Show what differs between two models: nodes by block and rewrite, weights, ports; nothing is run.',
    flags: { ...readFlags, ...jsonFlag },
  },
  ...partCommands,
  ...reportCommands,
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
  ...serviceCommands,
];

/** The command that a command line means, and the words after its name, which may be of two words. */
export function commandOf(words: readonly string[]): { command: Command; rest: readonly string[] } {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const command = name !== '' && commands.find((one) => one.name === name);
    if (command && words.length >= length) return { command, rest: words.slice(length) };
  }
  // Who starts the package by its own name types that of the command behind it: `npx onnx-passes optimize model.onnx`.
  return words[0] === 'optimize' ? commandOf(words.slice(1)) : { command: commands[0] as Command, rest: words };
}
