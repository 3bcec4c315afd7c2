/** The tools of the MCP server: commands, whose arguments are their flags and whose results their JSON. */
import { UsageError, unknownText } from '../../../src/ir/text/usage-error.js';
import type { Command } from '../../parse/command.js';
import { commands } from '../../parse/commands.js';
import type { Flag } from '../../parse/flags.js';

/** A command as a tool; its inputs as JSON schema. */
export interface Tool {
  readonly name: string;
  readonly command: Command;
  readonly description: string;
  readonly inputSchema: { readonly type: 'object'; readonly [key: string]: unknown };
}

/** Flags that load code, or are about how a terminal shows a result. */
const left = [
  'allow-outside-data',
  'watch',
  'plugin',
  'config',
  'json',
  'quiet',
  'summary',
  'coverage',
  'tune-cache',
  'variants',
  'part',
  'jobs',
  'plot',
  'trace',
];
/** Flags whose values are paths. */
export const pathFlags: readonly string[] = ['out', 'inputs', 'report'];

const asTools = { inspect: 'inspect', plan: 'plan', optimize: '', explain: 'explain', compare: 'compare' } as const;

export const tools: readonly Tool[] = Object.entries(asTools).map(([name, of]) => {
  const command = commands.find((one) => one.name === of) as Command;
  const flags = flagsOf(command);
  return {
    name,
    command,
    description: `${command.summary} The result is the JSON of optimize ${of || '<model>'} --json. Paths are below the folder of the server.`,
    inputSchema: {
      type: 'object',
      properties: {
        ...Object.fromEntries(
          command.positionals.map((one) => [one, { type: 'string', description: `Path of the ${one}.` }]),
        ),
        ...Object.fromEntries(flags.map(([flag, about]) => [flag, schemaOf(about)])),
      },
      required: [...command.positionals],
      additionalProperties: false,
    },
  };
});

function flagsOf({ flags }: Command): readonly (readonly [string, Flag])[] {
  return Object.entries(flags).filter(([name]) => !left.includes(name));
}

function schemaOf({ type, choices, describe, readAll, defaultDescription }: Flag): object {
  const description = defaultDescription ? `${describe} Default: ${defaultDescription}.` : describe;
  if (type === 'boolean') return { type, description };
  const one = { type: ['string', 'number'], ...(choices && { enum: choices }) };
  return readAll ? { anyOf: [one, { type: 'array', items: one }], description } : { ...one, description };
}

/** The command line that arguments stand for, without the name of the command. Throws UsageError for an argument that the tool does not have. */
export function wordsFor({ command }: Tool, given: Readonly<Record<string, unknown>>): string[] {
  const flags = Object.fromEntries(flagsOf(command));
  const names = [...command.positionals, ...Object.keys(flags)];
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new UsageError(unknownText('argument', name, names));
  const paths = command.positionals.map((name) => {
    if (typeof given[name] !== 'string')
      throw new UsageError(`${name}: expected the path of a file; found ${given[name]}`);
    return given[name];
  });
  const words = Object.entries(flags).flatMap(([name, { type }]) => {
    const value = given[name];
    if (value === undefined) return [];
    if (type === 'boolean') return [value === false ? `--no-${name}` : `--${name}=${value}`];
    return [value].flat().map((one) => `--${name}=${one}`);
  });
  const fixed = [...('config' in command.flags ? ['--no-config'] : []), '--json'];
  return [...words, ...fixed, '--', ...paths];
}
