/** How numbers and columns look in a terminal. */

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

const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
const widthOf = (text: string): number => text.replaceAll(escapes, '').length;

/** Rows in aligned columns; a column of numbers is aligned to the right by `>` at its place. No space is left at the ends. */
export function table(rows: readonly (readonly string[])[], align = '', gap = 2): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
    });
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const space = ' '.repeat((widths[i] as number) - widthOf(cell));
        return align[i] === '>' ? space + cell : cell + space;
      })
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

/** Text broken at spaces into lines of at most `width`. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return line ? [...lines, line] : lines;
}

/** `0.31 ms`, `12.3 ms`, `4.1 s`. */
export const msText = (ms: number): string =>
  ms >= 10_000 ? `${(ms / 1000).toFixed(0)} s` : ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${numberText(ms)} ms`;

/** A measured number in three digits: `0.0123`, `12.3`, `1.2e-7`; `–` for none. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(1);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(2);
}

/** `+12 Attention`, `−36 MatMul`. */
export const signed = (n: number): string => (n > 0 ? `+${n}` : `−${-n}`);

/** `1 node`, `2 nodes`. */
export const counted = (n: number, noun: string, nouns = `${noun}s`): string => `${n} ${n === 1 ? noun : nouns}`;
