/** The commands for other programs: a server, completion in shells. */
import type { Command } from './command.js';
import { valued } from './flags.js';

export const shells = ['bash', 'zsh', 'fish'] as const;

export const serviceCommands: readonly Command[] = [
  {
    name: 'mcp',
    positionals: [],
    summary:
      'Serve inspect, plan, optimize, explain and compare to a client of the Model Context Protocol, over stdin and stdout.',
    flags: {
      root: valued('<folder>', 'The folder that all paths are below.', { defaultDescription: 'this folder' }),
    },
  },
  {
    name: 'completion',
    positionals: ['shell'],
    summary: `Print completion for a shell: ${shells.join(', ')}. E.g. source <(optimize completion bash)`,
    flags: {},
  },
];
