/** Sections of Markdown that are folded, and the lines that there is room for. */
import { append } from '../../ir/collections/lists.js';

/** A part that is opened on demand: blocks of lines, between which a line is left. */
export interface FoldedSection {
  readonly title: string;
  readonly blocks: readonly (readonly string[])[];
  /** True for a part that is short and must not be cut, as code. */
  readonly isWhole?: boolean;
}

/** Of a folded section beside its own: two around it, and the one behind `<summary>`. */
const AROUND = 3;

/** A table; `|` in a cell is escaped. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), `|${' --- |'.repeat(titles.length)}`, ...rows.map(line)];
}

/** Blocks with an empty line between them; empty blocks are left out. */
export const linesOf = (blocks: FoldedSection['blocks']): string[] =>
  blocks.filter((lines) => lines.length > 0).flatMap((lines, i) => (i > 0 ? ['', ...lines] : lines));

/** The sections in at most `room` lines: those that need little get it, the others share the rest and say what they leave out. */
export function folded(sections: readonly FoldedSection[], room: number): string[] {
  const all = sections
    .map(({ title, blocks, isWhole = false }) => ({ title, lines: linesOf(blocks), isWhole }))
    .filter(({ lines }) => lines.length > 0);
  let left = room - AROUND * all.length;
  const shares = new Map<object, number>();
  const byNeed = [...all].sort((a, b) => Number(b.isWhole) - Number(a.isWhole) || a.lines.length - b.lines.length);
  byNeed.forEach((one, i) => {
    const share = Math.min(one.lines.length, one.isWhole ? left : Math.floor(left / (all.length - i)));
    shares.set(one, share);
    left -= share;
  });
  const found: string[] = [];
  for (const one of all)
    append(found, [
      `<details><summary>${one.title}</summary>`,
      '',
      ...clipped(one.lines, shares.get(one) as number),
      '</details>',
    ]);
  return found;
}

function clipped(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const shown = lines.slice(0, Math.max(0, most - 2));
  while (shown.at(-1) === '') shown.pop();
  const left = lines.slice(shown.length).filter((line) => line !== '').length;
  return [...shown, '', `… ${left} more lines in the JSON report: \`optimize report\` shows them.`];
}
