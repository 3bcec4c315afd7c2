/** The types that a result is stored and computed in, and what stays float, with bytes: for the terminal and for Markdown. */
import { bytesText, countText, percentText } from '../../ir/text/quantities.js';
import type { Report } from '../../run/report/report.js';
import { code } from '../markdown/escape.js';
import { counted, hanging, type Paint, table } from '../style.js';

type ReportedCoverage = NonNullable<Report['coverage']>;
type LeftInReport = ReportedCoverage['left'][number];

/** Groups of so few bytes among all that is left are counted together on a terminal. */
const SMALL_SHARE = 0.001;

/** The passes without what the coverage tells again, there with its bytes: weights that they left in float, by reason. */
export function withoutLeft({ passes, coverage }: Report): Report['passes'] {
  const told = new Set(coverage?.left.map(({ reason }) => reason));
  return passes.map((pass) => ({ ...pass, skips: pass.skips.filter(({ reason }) => !told.has(reason)) }));
}

/** `int8 96.1 %, float32 3.9 %`: shares of the types, the largest first. */
export function sharesText(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const total = all.reduce((sum, [, n]) => sum + n, 0);
  return total === 0 ? 'none' : all.map(([type, n]) => `${type} ${percentText(n / total)}`).join(', ');
}

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

/** What was counted, and at which sizes. */
function countedText({ computed, sizes, notCounted }: ReportedCoverage): string {
  const shapes = Object.entries(sizes).map(([name, dims]) => `${name} ${dims.join('×') || 'scalar'}`);
  const more = shapes.length > 2 ? ` and ${counted(shapes.length - 2, 'input')} more` : '';
  const unknown = Object.entries(notCounted).map(([op, n]) => `${n} ${op}`);
  const missing = unknown.length ? `; not counted: ${unknown.join(', ')}` : '';
  const at = shapes.length ? ` at ${shapes.slice(0, 2).join(', ')}${more}` : '';
  return `${countText(sum(computed.after))} multiply-adds${at}${missing}`;
}

const leftText = ({ type, bytes, reason, weights }: LeftInReport): string[] => [
  bytesText(bytes),
  type,
  reason,
  weights.length === 1 ? (weights[0]?.name ?? '') : `${weights.length}, e.g. ${weights[0]?.name}`,
];

/** Lines for the terminal. */
export function coverageLines({ coverage, model: { before, after } }: Report, p: Paint, width: number): string[] {
  if (!coverage) return [`${p.bold('coverage')}  ${p.dim('every pass is exact: types stay as they are')}`];
  const { computed, left } = coverage;
  const total = left.reduce((bytes, one) => bytes + one.bytes, 0);
  const large = left.filter(({ bytes }) => bytes >= SMALL_SHARE * total);
  const small = left.slice(large.length);
  const rest = small.reduce((bytes, one) => bytes + one.bytes, 0);
  return [
    `${p.bold('coverage')}  ${p.dim(countedText(coverage))}`,
    ...table([
      [p.dim('stored'), sharesText(before.bytesByType), p.dim('→'), sharesText(after.bytesByType)],
      [p.dim('computed'), sharesText(computed.before), p.dim('→'), sharesText(computed.after)],
    ]).map((line) => `  ${line}`),
    ...(left.length ? [`  left in float: ${bytesText(total)} of ${bytesText(after.bytes)}`] : []),
    ...large.flatMap((one) => {
      const [bytes, type, reason, weights] = leftText(one);
      return hanging(`${bytes} ${type}: ${reason} ${p.dim(`(${weights})`)}`, width, '    ');
    }),
    ...(small.length ? [p.dim(`    ${bytesText(rest)}: ${counted(small.length, 'more reason')}`)] : []),
  ];
}

/** Blocks of Markdown: the table of types, and all that is left. `asTable` makes a table of titles and rows. */
export function coverageMarkdown(
  { coverage, model: { before, after } }: Report,
  asTable: (titles: readonly string[], rows: readonly (readonly string[])[]) => string[],
): string[][] {
  if (!coverage) return [];
  const { computed, left } = coverage;
  return [
    asTable(
      ['', 'before', 'after'],
      [
        ['stored', sharesText(before.bytesByType), sharesText(after.bytesByType)],
        ['computed', sharesText(computed.before), sharesText(computed.after)],
      ],
    ),
    [`${countedText(coverage)}.`],
    left.length
      ? asTable(
          ['left in float', 'type', 'reason', 'weights'],
          left.map(({ type, bytes, reason, weights }) => [
            bytesText(bytes),
            type,
            reason,
            `${weights.length}, e.g. ${code(weights[0]?.name ?? '')}`,
          ]),
        )
      : [],
  ];
}
