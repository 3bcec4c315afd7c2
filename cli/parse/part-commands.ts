/** The commands that write parts of models, and models of parts. */
import type { Command } from './command.js';
import { inputFlags, jsonFlag, mergeFlags, partFlags, quietFlag } from './flag-sets.js';
import { number, valueNames } from './flag-values.js';
import { valued } from './flags.js';

export const partCommands: readonly Command[] = [
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
];
