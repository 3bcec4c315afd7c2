/** What a command line asks for: the values of its flags and positionals. */
import { nearest, UsageError, unknownText } from '../../src/ir/text/usage-error.js';
import type { Command } from './command.js';
import { commands } from './commands.js';
import type { Flag, Flags } from './flags.js';
import { sortWords } from './words.js';

/** The flags and positionals by name. Throws UsageError where one is unknown, missing, too many or of no value that it can have. */
export function parse(command: Command, words: readonly string[]): Flags {
  const { given, free, unknown } = sortWords(command.flags, words);
  const flags = [...given].map(
    ([name, values]) => [name, valueFor(name, command.flags[name] as Flag, values)] as const,
  );
  if (unknown !== undefined) throw new UsageError(unknownFlagText(command, unknown));
  return { ...Object.fromEntries(flags), ...positionalsIn(command, free) };
}

/** The value of a flag that was given these. Throws UsageError with the name of the flag before what is wrong. */
function valueFor(name: string, flag: Flag, given: readonly (string | boolean)[]): unknown {
  const { type, choices, read = (text) => text, readAll } = flag;
  if (type === 'boolean') return given.at(-1);
  if (given.length > 1 && !readAll) throw new UsageError(`--${name}: expected it once; found ${given.length} times`);
  // `--no-config`: a flag that is turned off.
  if (given[0] === false) return false;
  const texts = given.map(String);
  const other = texts.find((text) => choices && !choices.includes(text));
  if (other !== undefined) throw new UsageError(`--${name}: expected ${choices?.join(' | ')}; found "${other}"`);
  try {
    return readAll ? readAll(texts) : read(texts[0] as string);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`--${name}: ${error.message}`) : error;
  }
}

function unknownFlagText({ flags, name }: Command, flag: string): string {
  const all = [...Object.keys(flags), ...('validate' in flags ? ['no-validate'] : [])].map((one) => `--${one}`);
  const elsewhere = commands.find((other) => other.name !== name && Object.hasOwn(other.flags, flag.slice(2)));
  const hint = elsewhere ? ` (a flag of optimize ${elsewhere.name || '<model>'})` : '';
  return unknownText('flag', flag, all) + hint;
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
