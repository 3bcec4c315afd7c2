/** The words of a command line, sorted: which belong to flags, and which to none. */
import { append } from '../../src/ir/collections/lists.js';
import { UsageError } from '../../src/ir/text/usage-error.js';
import type { Flag } from './flags.js';

/** What stands on a command line. */
interface SortedWords {
  /** By flag, what it was given, in order: texts, or whether it is on. */
  readonly given: ReadonlyMap<string, readonly (string | boolean)[]>;
  /** The words of no flag, and all behind `--`. */
  readonly free: readonly string[];
  /** The first word that looks like a flag and is none, without its value. */
  readonly unknown: string | undefined;
}

/** A word that looks like a flag: `-` is a stream, and `-1` a number. */
const LOOKS_LIKE_FLAG = /^-\D/;
const TRUTH = /^(true|false)$/;

/** Sorts words: `--out path`, `--out=path`, `-o path`, `-opath`, `-qo path`, `--no-validate`. Throws UsageError where a value is missing or no truth. */
export function sortWords(flags: Readonly<Record<string, Flag>>, words: readonly string[]): SortedWords {
  const names = new Map(
    Object.entries(flags).flatMap(([name, { alias }]) => [name, alias ?? []].flat().map((one) => [one, name])),
  );
  const given = new Map<string, (string | boolean)[]>();
  const free: string[] = [];
  let unknown: string | undefined;
  const left = [...words];

  /** Gives a flag, spelled this way, the text that is attached to it, or the next word. */
  const give = (name: string, spelled: string, attached: string | undefined): void => {
    const values = given.get(name) ?? [];
    given.set(name, values);
    if (flags[name]?.type === 'boolean') {
      const text = attached ?? (TRUTH.test(left[0] ?? '') ? (left.shift() as string) : 'true');
      if (!TRUTH.test(text)) throw new UsageError(`${spelled}: expected true or false; found "${text}"`);
      values.push(text === 'true');
      return;
    }
    const text = attached ?? (isFlag(left[0] ?? '--') ? undefined : left.shift());
    if (text === undefined || text.startsWith('--')) throw new UsageError(`${spelled}: expected a value; found none`);
    values.push(text);
  };
  const isFlag = (word: string): boolean =>
    word.startsWith('--') || (LOOKS_LIKE_FLAG.test(word) && names.has(word.charAt(1)));

  const readLong = (word: string): void => {
    const [, name = '', , attached] = /^--([^=]*)(=(.*))?$/s.exec(word) ?? [];
    const denied = name.startsWith('no-') ? name.slice('no-'.length) : '';
    if (Object.hasOwn(flags, name)) give(name, `--${name}`, attached);
    else if (Object.hasOwn(flags, denied) && attached === undefined)
      given.set(denied, [...(given.get(denied) ?? []), false]);
    else unknown ??= `--${name}`;
  };
  /** `-q`, `-o path`, `-opath`, `-o=path`, `-qo path`. */
  const readShort = (word: string): void => {
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      const name = names.get(letter);
      if (name === undefined) {
        unknown ??= word.replace(/=.*/s, '');
        return;
      }
      const rest = word.slice(at + 1).replace(/^=/, '');
      const takesRest = rest !== '' && (flags[name]?.type !== 'boolean' || word.charAt(at + 1) === '=');
      give(name, `-${letter}`, takesRest ? rest : undefined);
      if (takesRest) return;
    }
  };
  for (let word = left.shift(); word !== undefined; word = left.shift())
    if (word === '--') append(free, left.splice(0));
    else if (!LOOKS_LIKE_FLAG.test(word)) free.push(word);
    else if (word.startsWith('--')) readLong(word);
    else readShort(word);
  return { given, free, unknown };
}
