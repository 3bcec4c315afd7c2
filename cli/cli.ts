#!/usr/bin/env node
/** The command `optimize`: finds the command that is meant, has its flags parsed, runs it. */
import type { Options } from 'yargs';
import { named } from '../src/ir/named.js';
import { nearest, UsageError, unknownText } from '../src/ir/usage-error.js';
import { version } from '../src/version.js';
import { type Command, commandOf, commands } from './commands.js';
import { fail } from './fail.js';
import { listen, oversee } from './oversee.js';
import type { Flags } from './parsed.js';
import { stderr, stdout } from './terminal.js';

async function main(words: readonly string[]): Promise<number> {
  const { command, rest } = commandOf(words);
  if (words.includes('--version')) {
    stdout.write(`${version}\n`);
    return 0;
  }
  const isAsked = rest.includes('--help') || rest.includes('-h');
  if (isAsked || words.length === 0) {
    const stream = isAsked ? stdout : stderr;
    stream.write((await import('./help.js')).helpText(command, stream));
    return isAsked ? 0 : 1;
  }
  return oversee(command.name, await parse(command, rest), words);
}

/** The flags and positionals by name. Throws UsageError where one is unknown, missing or too many. */
async function parse(command: Command, words: readonly string[]): Promise<Flags> {
  refuseInherited(command, words);
  const { default: yargs } = await import('yargs');
  const parsed = await yargs([...words])
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({ 'camel-case-expansion': false, 'dot-notation': false, 'parse-positional-numbers': false })
    .options(Object.fromEntries(Object.entries(command.flags).map(([name, flag]) => [name, asText(flag)])))
    .fail((message, error) => {
      // What yargs itself refuses is a slip on the command line; anything else is ours.
      throw error && error.name !== 'YError' ? error : new UsageError(usageText(message ?? error.message));
    })
    .parseAsync();
  checkFlags(command, words, parsed);
  checkTruths(command, words);
  const { positionals } = command;
  const given = parsed._.map(String);
  if (given.length < positionals.length)
    throw new UsageError(`expected <${positionals.slice(given.length).join('> <')}>; found none. See: optimize --help`);
  const names = [...positionals, ...(command.optional ? [command.optional] : [])];
  const extra = given[names.length];
  if (extra !== undefined) throw new UsageError(extraText(command, given, extra));
  return { ...parsed, ...Object.fromEntries(names.map((name, i) => [name, given[i]])) };
}

/** yargs makes NaN of a number that is none: as text it can be shown. */
const asText = (flag: Options): Options => (flag.type === 'number' ? { ...flag, type: 'string' } : flag);

/** yargs' messages as this command says them. */
function usageText(message: string): string {
  const choice = /Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message);
  if (choice)
    return `--${choice[1]}: expected ${choice[3]?.replaceAll('"', '').replaceAll(', ', ' | ')}; found ${choice[2]}`;
  const missing = /Not enough arguments following: (\S+)/.exec(message);
  if (missing) return `${missing[1]?.length === 1 ? '-' : '--'}${missing[1]}: expected a value; found none`;
  return message.replaceAll(/\s*\n\s*/g, ' ');
}

/** A word too many may mean that the first one is a misspelled command. */
function extraText({ name, positionals, optional }: Command, given: readonly string[], extra: string): string {
  const meant =
    name === '' ? nearest(given[0] as string, commands.map((other) => other.name).filter(Boolean)) : undefined;
  const hint = meant ? `. Did you mean: optimize ${meant} ${extra}?` : '';
  return `expected one ${optional ?? positionals.at(-1) ?? 'command'}; found "${extra}" as well${hint}`;
}

/** yargs takes `--constructor` and its like for something of its own. */
function refuseInherited(command: Command, words: readonly string[]): void {
  for (const word of words) {
    if (word === '--') return;
    const [, flag] = /^--(?:no-)?([^=]+)/.exec(word) ?? [];
    if (flag !== undefined && flag in Object.prototype) checkFlags(command, words, named([[flag, true]]));
  }
}

/** yargs takes any flag: one that the command does not have is a slip, and the nearest is named. */
function checkFlags({ flags, name }: Command, words: readonly string[], parsed: Flags): void {
  const known = new Set(Object.entries(flags).flatMap(([flag, { alias }]) => [flag, ...[alias ?? []].flat()]));
  for (const flag of Object.keys(parsed)) {
    if (known.has(flag) || flag === '_' || flag === '$0') continue;
    const dashes = flag.length === 1 ? '-' : '--';
    const written =
      words.some((word) => word.startsWith(`${dashes}no-`)) && parsed[flag] === false ? `no-${flag}` : flag;
    const all = [...Object.keys(flags), ...('validate' in flags ? ['no-validate'] : [])];
    const elsewhere = commands.find((other) => other.name !== name && Object.hasOwn(other.flags, flag));
    const hint = elsewhere && !all.includes(flag) ? ` (a flag of optimize ${elsewhere.name || '<model>'})` : '';
    throw new UsageError(
      unknownText(
        'flag',
        `${dashes}${written}`,
        all.map((one) => `--${one}`),
      ) + hint,
    );
  }
}

/** yargs takes `--tune=yes` for false. */
function checkTruths({ flags }: Command, words: readonly string[]): void {
  for (const word of words) {
    if (word === '--') return;
    const [, flag = '', value = ''] = /^--?([^=]+)=(.*)$/s.exec(word) ?? [];
    const isTruth = Object.entries(flags).some(
      ([name, { type, alias }]) => type === 'boolean' && [name, ...[alias ?? []].flat()].includes(flag),
    );
    if (isTruth && value !== 'true' && value !== 'false')
      throw new UsageError(`--${flag}: expected true or false; found "${value}"`);
  }
}

listen();
process.exitCode = await main(process.argv.slice(2)).catch(fail);
