/** The difference of two reports on a terminal and in Markdown. */
import { bytesText, numberText, ratioRangeText, ratioText } from '../../ir/text/quantities.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import { code, markdownText } from '../markdown/escape.js';
import { table as markdownTable } from '../markdown/fold.js';
import { hanging, paint, signed, table } from '../style.js';
import { type TextOptions, textOptionsIn } from '../text-options.js';
import type { ReportDiff } from './report-diff.js';

/** Lines for the terminal. */
export function diffText(given: ReportDiff, options: TextOptions = {}): string {
  const { isColoured, width } = textOptionsIn(options, 'diffText');
  const diff = withTexts(given, shownText);
  const p = paint(isColoured);
  const rows = rowsOf(diff).map(([name, before, after, change]) => [
    p.dim(name),
    before,
    p.dim('→'),
    after,
    p.dim(change),
  ]);
  const gates = diff.gates.map(({ name, passed, detail }) => `${passed ? p.good('✓') : p.bad('✗')} ${name}: ${detail}`);
  return `${[
    ...diff.warnings.flatMap((text) => hanging(p.warn(`! ${text}`), width)),
    ...table(rows, ' > >'),
    ...passTexts(diff).map((text) => `  ${text}`),
    ...diff.broken.flatMap(({ name, detail }) => hanging(`${p.bad('✗')} ${name}: ${detail}`, width)),
    ...gates.flatMap((text) => hanging(text, width)),
  ].join('\n')}\n`;
}

/** The same for a pull request. */
export function diffMarkdown(given: ReportDiff): string {
  const diff = withTexts(given, markdownText);
  const isBad = diff.broken.length > 0 || diff.gates.some(({ passed }) => !passed);
  const blocks = [
    [`# ${isBad ? '❌' : '✅'} ${diff.input.after}`],
    diff.warnings.map((text) => `- ⚠️ ${text}`),
    markdownTable(['', 'baseline', 'this', ''], rowsOf(diff)),
    diff.passes.map(({ name, before, after }) => `- ${code(name)}: ${before} → ${after}`),
    diff.broken.map(({ name, detail }) => `- **failed**: ${name}, ${detail}`),
    diff.gates.map(({ name, passed, detail }) => `- ${passed ? 'passed' : '**failed**'}: ${name}, ${detail}`),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

type Line = [name: string, before: string, after: string, change: string];

function rowsOf({ bytes, nodes, error, speed }: ReportDiff): Line[] {
  const percent = (pair: { before: number; after: number }): string => {
    const share = Math.round((100 * (pair.after - pair.before)) / Math.max(1, pair.before));
    return share === 0 ? '' : `${signed(share)} %`;
  };
  return [
    ...(bytes ? [['file', bytesText(bytes.before), bytesText(bytes.after), percent(bytes)] satisfies Line] : []),
    ['nodes', String(nodes.before), String(nodes.after), percent(nodes)],
    ...(error ? [['error', numberText(error.before), numberText(error.after), ''] satisfies Line] : []),
    ...(speed
      ? [
          [
            'speed-up',
            ratioText(speed.before),
            ratioText(speed.after),
            `${ratioText(speed.change)} ${ratioRangeText(speed.interval)}${speed.significant ? '' : ', not significant'}`,
          ] satisfies Line,
        ]
      : []),
  ];
}

const passTexts = ({ passes }: ReportDiff): string[] =>
  table(passes.map(({ name, before, after }) => [name, before, '→', after]));
