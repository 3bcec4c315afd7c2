/** The words of a command line, parsed by yargs. */
import type { Options } from 'yargs';
import { nearest, UsageError, unknownText } from '../../src/ir/text/usage-error.js';
import type { Command } from './command.js';
import { commands } from './commands.js';
import type { Flag, Flags } from './flags.js';

/** The flags and positionals by name. Throws UsageError where one is unknown, missing, too many or of no value that it can have. */
export async function parse(command: Command, words: readonly string[]): Promise<Flags> {
  const { default: yargs } = await import('yargs');
  const {
    _,
    '--': rest,
    ...flags
  } = await yargs([...words])
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-positional-numbers': false,
      'populate--': true,
      'strip-aliased': true,
      // So they stay as they were typed, and the error can say so.
      'unknown-options-as-args': true,
    })
    .options(Object.fromEntries(Object.entries(command.flags).map(([name, flag]) => [name, optionOf(name, flag)])))
    .fail((message, error) => {
      // What yargs itself refuses is a slip on the command line; anything else is ours.
      throw error && error.name !== 'YError' ? error : new UsageError(usageText(message ?? error.message));
    })
    .parseAsync();
  const free = _.map(String);
  const unknown = free.find((word) => /^-\D/.test(word));
  if (unknown !== undefined) throw new UsageError(unknownFlagText(command, unknown.replace(/=.*/s, '')));
  checkTruths(command, words);
  return { ...flags, ...positionalsIn(command, [...free, ...((rest as string[] | undefined) ?? [])]) };
}

/** A flag for yargs, which reads its value and puts the flag's name before what is wrong with it. */
function optionOf(name: string, { takes, read = (text) => text, readAll, ...options }: Flag): Options {
  const coerce = (given: unknown): unknown => {
    const all = [given].flat();
    if (all.length > 1 && !readAll) throw new UsageError(`--${name}: expected it once; found ${all.length} times`);
    // `--no-config`: a flag that is turned off.
    if (options.type === 'boolean' || given === false) return given;
    const texts = all.map(String);
    if (texts.some((text) => text.startsWith('--'))) throw new UsageError(`--${name}: expected a value; found none`);
    try {
      return readAll ? readAll(texts) : read(texts[0] as string);
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`--${name}: ${error.message}`) : error;
    }
  };
  return { ...options, coerce };
}

/** yargs' messages as this command says them. */
function usageText(message: string): string {
  const choice = /Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message);
  if (choice)
    return `--${choice[1]}: expected ${choice[3]?.replaceAll('"', '').replaceAll(', ', ' | ')}; found ${choice[2]}`;
  const missing = /Not enough arguments following: (\S+)/.exec(message);
  if (missing) return `${missing[1]?.length === 1 ? '-' : '--'}${missing[1]}: expected a value; found none`;
  return message.replaceAll(/\s*\n\s*/g, ' ');
}

function unknownFlagText({ flags, name }: Command, flag: string): string {
  const all = [...Object.keys(flags), ...('validate' in flags ? ['no-validate'] : [])].map((one) => `--${one}`);
  const elsewhere = commands.find((other) => other.name !== name && Object.hasOwn(other.flags, flag.slice(2)));
  const hint = elsewhere ? ` (a flag of optimize ${elsewhere.name || '<model>'})` : '';
  return unknownText('flag', flag, all) + hint;
}

/** yargs takes `--tune=yes` for false. */
function checkTruths({ flags }: Command, words: readonly string[]): void {
  for (const word of words.slice(0, words.indexOf('--') >>> 0)) {
    const [, flag = '', value] = /^--?([^=]+)=(?!true$|false$)(.*)$/s.exec(word) ?? [];
    if (Object.entries(flags).some(([name, { type, alias }]) => type === 'boolean' && [name, alias].includes(flag)))
      throw new UsageError(`--${flag}: expected true or false; found "${value}"`);
  }
}

/** The words that belong to no flag, by the names of the command's positionals. */
function positionalsIn({ name, positionals, isRepeated, optional }: Command, given: readonly string[]): Flags {
  const missing = positionals.slice(given.length);
  if (missing.length) throw new UsageError(`expected <${missing.join('> <')}>; found none. See: optimize --help`);
  const all = [...positionals, ...(optional ? [optional] : [])];
  const extra = given[all.length];
  const found = Object.fromEntries(all.map((one, i) => [one, given[i]]));
  if (extra === undefined && !isRepeated) return found;
  // A word too many may mean that the first one is a misspelled command.
  const others = commands.map((other) => other.name).filter(Boolean);
  const meant = extra !== undefined && name === '' ? nearest(given[0] as string, others) : undefined;
  if (isRepeated && meant === undefined) return { ...found, [`${all.at(-1)}s`]: given };
  const hint = meant ? `. Did you mean: optimize ${meant} ${extra}?` : '';
  throw new UsageError(`expected one ${all.at(-1) ?? 'command'}; found "${extra}" as well${hint}`);
}
