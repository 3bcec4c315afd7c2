/** Text from a file or a runtime, as a line for people may hold it. Data stays as it is: only what is shown passes here. */

/** Controls, what changes the direction of writing, what is invisible, line ends, halves of characters. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string): string => {
  const code = character.codePointAt(0) as number;
  if (code > 0xffff) return `\\u{${code.toString(16)}}`;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** The text in one line that acts on no terminal and hides nothing: what would is written out, as `\x1b`, `\n`, `\u202e`. */
export const visibleText = (text: string): string =>
  text.replaceAll(ACTIVE, (character) => short[character] ?? escaped(character));

/** Longer words, as names are, and longer texts lose their middle. */
const LONGEST_WORD = 160;
const LONGEST_TEXT = 2000;

const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most / 2)}…${text.slice(1 - most / 2)}`;

const longWord = new RegExp(`[^ ]{${LONGEST_WORD + 1},}`, 'g');

/** The same for a view: of what is very long the two ends. */
export const shownText = (text: string): string =>
  visibleText(shortened(text, LONGEST_TEXT)).replaceAll(longWord, (word) => shortened(word, LONGEST_WORD));

/** JSON that a terminal can show: the same data when it is parsed, with escapes for what JSON itself lets stand. */
export const jsonText = (value: unknown, indent = 2): string =>
  `${JSON.stringify(value, undefined, indent).replaceAll(ACTIVE, (character) =>
    character === '\n'
      ? character
      : Array.from(
          { length: character.length },
          (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
        ).join(''),
  )}\n`;

/** Data with every text in it, keys as well, as `text` makes it: how a view takes what it shows. */
export function withTexts<T>(data: T, text: (text: string) => string): T {
  if (typeof data === 'string') return text(data) as T;
  if (Array.isArray(data)) return data.map((one) => withTexts(one, text)) as T;
  if (typeof data !== 'object' || data === null || !isPlain(data)) return data;
  return Object.fromEntries(Object.entries(data).map(([key, one]) => [text(key), withTexts(one, text)])) as T;
}

const isPlain = (data: object): boolean => [Object.prototype, null].includes(Object.getPrototypeOf(data));
