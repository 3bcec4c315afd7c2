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

/** A section that has room for fewer lines is named only: of a table it would show the titles. */
const LEAST = 6;

/**
 * The sections in at most `room` lines, the most telling first: those that need little get it, the others share the rest and say what they leave
 * out. Where that is too little for each, the last are named only.
 */
export function folded(sections: readonly FoldedSection[], room: number): string[] {
  const shown = sections
    .map(({ title, blocks, isWhole = false }) => ({ title, lines: linesOf(blocks), isWhole }))
    .filter(({ lines }) => lines.length > 0);
  const named: string[] = [];
  let shares = sharesOf(shown, room);
  while (shown.some((one, i) => (shares[i] as number) < Math.min(LEAST, one.lines.length))) {
    const last = shown.findLastIndex(({ isWhole }) => !isWhole);
    if (last < 1) break;
    for (const { title } of shown.splice(last, 1)) named.unshift(title);
    shares = sharesOf(shown, room - 2);
  }
  const found: string[] = [];
  shown.forEach(({ title, lines }, i) => {
    append(found, [`<details><summary>${title}</summary>`, '', ...clipped(lines, shares[i] as number), '</details>']);
  });
  if (named.length > 0)
    append(found, ['', `In the JSON report, which \`optimize report\` shows: ${named.join(', ')}.`]);
  return found;
}

interface Lines {
  readonly lines: readonly string[];
  readonly isWhole: boolean;
}

/** The lines that each part gets of so many. */
function sharesOf(parts: readonly Lines[], room: number): number[] {
  let left = room - AROUND * parts.length;
  const shares = new Map<Lines, number>();
  const byNeed = [...parts].sort((a, b) => Number(b.isWhole) - Number(a.isWhole) || a.lines.length - b.lines.length);
  byNeed.forEach((one, i) => {
    const share = Math.min(one.lines.length, one.isWhole ? left : Math.floor(left / (parts.length - i)));
    shares.set(one, share);
    left -= share;
  });
  return parts.map((one) => shares.get(one) as number);
}

function clipped(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const shown = lines.slice(0, Math.max(0, most - 2));
  while (shown.at(-1) === '') shown.pop();
  const left = lines.slice(shown.length).filter((line) => line !== '').length;
  return [...shown, '', `… ${left} more lines in the JSON report: \`optimize report\` shows them.`];
}
