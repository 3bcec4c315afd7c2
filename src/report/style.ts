/** Colours, columns and broken lines in a terminal. */
import truncatedWidth from 'fast-string-truncated-width';
import { wrapAnsi } from 'fast-wrap-ansi';
import { maxOf } from '../ir/collections/lists.js';

/** Paints text, or leaves it plain where colour is not wanted. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  name(text: string): string;
}

const codes = { bold: [1, 22], dim: [2, 22], good: [32, 39], bad: [31, 39], warn: [33, 39], name: [36, 39] } as const;

export const paint = (isColoured: boolean): Paint =>
  Object.fromEntries(
    Object.entries(codes).map(([style, [on, off]]) => [
      style,
      (text: string) => (isColoured && text ? `\x1b[${on}m${text}\x1b[${off}m` : text),
    ]),
  ) as unknown as Paint;

/** Whether a stream is to be coloured, by the conventions of NO_COLOR and FORCE_COLOR. */
export function isColoured(environment: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if (environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR && environment.FORCE_COLOR !== '0') return true;
  return isTerminal && environment.TERM !== 'dumb';
}

/** The columns that a text takes: two for a character of Chinese, Japanese or Korean and for an emoji, none for its colours. */
export const columnsOf = (text: string): number => truncatedWidth(text).width;

/** A text in at most `width` columns; a longer one loses its end. */
export function clipped(text: string, width: number): string {
  const { index, ellipsed } = truncatedWidth(text, { limit: width, ellipsis: '…' });
  return `${text.slice(0, index)}${ellipsed ? '…' : ''}`;
}

/** The same where a longer one loses its middle: names differ at their ends. */
export function shortened(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  const backwards = (some: string): string => [...some].reverse().join('');
  const half = Math.floor(width / 2);
  return clipped(text, half + 1) + backwards(clipped(backwards(text), width - half)).slice(1);
}

/** Rows in aligned columns; a column of numbers is aligned to the right by `>` at its place. No space is left at the ends. */
export function table(rows: readonly (readonly string[])[], align = '', gap = 2): string[] {
  const sizes = rows.map((row) => row.map(columnsOf));
  const most = Array.from(
    {
      length: maxOf(
        rows.map((row) => row.length),
        0,
      ),
    },
    (_, i) => maxOf(sizes.map((row) => row[i] ?? 0)),
  );
  return rows.map((row, at) =>
    row
      .map((cell, i) => {
        const space = ' '.repeat((most[i] as number) - (sizes[at]?.[i] as number));
        return align[i] === '>' ? space + cell : cell + space;
      })
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

/** Text broken at spaces into lines of at most `width` columns; a longer word, as a name is, stays whole. */
export const wrapped = (text: string, width: number): string[] => (text ? wrapAnsi(text, width).split('\n') : []);

/** The same for a paragraph: behind `indent`, and all lines but the first two columns further in. */
export const hanging = (text: string, width: number, indent = ''): string[] =>
  wrapped(text, width - indent.length - 2).map((line, i) => `${indent}${i ? '  ' : ''}${line}`);

/** Names and what they are, the texts broken beside the column of names; a name that is longer than most has a line of its own. */
export function beside(rows: readonly (readonly [name: string, text: string])[], width: number): string[] {
  const widths = rows.map(([name]) => columnsOf(name));
  const left = Math.min(34, maxOf(widths, 0));
  return rows.flatMap(([name, text], at) => {
    const pad = ' '.repeat(Math.max(0, left - (widths[at] as number)));
    const [first = '', ...others] = wrapped(text, width - left - 2).map(
      (line, i) => ' '.repeat(i ? left + 2 : 2) + line,
    );
    const isLong = (widths[at] as number) > left;
    return [...(isLong ? [name, ' '.repeat(left) + first] : [name + (first && pad + first)]), ...others];
  });
}

/** `+12 Attention`, `−36 MatMul`. */
export const signed = (n: number): string => (n > 0 ? `+${n}` : `−${-n}`);

/** `1 node`, `2 nodes`. */
export const counted = (n: number, noun: string, nouns = `${noun}s`): string => `${n} ${n === 1 ? noun : nouns}`;
