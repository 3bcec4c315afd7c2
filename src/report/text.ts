/** The report on a terminal. */
import { bytesText, msText } from '../ir/text/quantities.js';
import { shownText, withTexts } from '../ir/text/shown-text.js';
import type { Report } from '../run/report/report.js';
import { hanging, type Paint, paint, signed, table } from './style.js';
import { type ComparisonReport, comparisonBlocks } from './text/comparison.js';
import { passLines } from './text/passes.js';
import { type TextOptions, textOptionsIn } from './text-options.js';
import { isNoProof } from './words/accuracy.js';
import { aotTexts } from './words/aot.js';
import { coverageLines, withoutLeft } from './words/coverage.js';
import { repeatTexts } from './words/repeats.js';
import { wholeTuningTexts } from './words/tuning.js';

/** The report in lines for people. */
export function reportText(given: Report, options: TextOptions = {}): string {
  const { isColoured, width, coverage } = textOptionsIn(options, 'reportText');
  const report = withTexts(given, shownText);
  const p = paint(isColoured);
  return joined([
    warningLines(report, p, width),
    passLines(coverage ? withoutLeft(report) : report.passes, p, width),
    [...modelLines(report, p), ...repeatTexts(report).flatMap((text) => hanging(p.dim(text), width))],
    coverage ? coverageLines(report, p, width) : [],
    wholeTuningTexts(report).flatMap((text) => hanging(p.dim(text), width)),
    ...comparisonBlocks(report, p, width, [...aotLines(report, p), ...endLines(report, p)]),
  ]);
}

/** Two models compared, in lines for people. */
export function comparisonText(given: ComparisonReport, options: TextOptions = {}): string {
  const { isColoured, width } = textOptionsIn(options, 'comparisonText');
  return joined(comparisonBlocks(withTexts(given, shownText), paint(isColoured), width));
}

const joined = (blocks: readonly (readonly string[])[]): string =>
  `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;

/** More warnings are counted alone; the JSON has them all. */
const MOST_WARNINGS = 3;

function warningLines({ warnings = [] }: Report, p: Paint, width: number): string[] {
  const shown = warnings.slice(0, MOST_WARNINGS);
  const rest = warnings.length - shown.length;
  const texts = [...shown.map(({ text }) => text), ...(rest > 0 ? [`and ${rest} more like these`] : [])];
  return texts.flatMap((text) => hanging(p.warn(`! ${text}`), width));
}

function modelLines({ model: { before, after }, inputBytes, output, planned }: Report, p: Paint): string[] {
  const rows: string[][] = [];
  const row = (name: string, a: string, b: string, more = '') =>
    rows.push(a === b ? [p.dim(name), a, '', '', more] : [p.dim(name), a, p.dim('→'), b, more]);
  row('nodes', String(before.nodes), String(after.nodes), share(before.nodes, after.nodes, p));
  row('weights', bytesText(before.bytes), bytesText(after.bytes), share(before.bytes, after.bytes, p));
  const bytes = (output ?? planned)?.bytes;
  if (inputBytes && bytes !== undefined)
    row('file', bytesText(inputBytes), bytesText(bytes), share(inputBytes, bytes, p));
  row('opset', opsetText(before.opsets), opsetText(after.opsets));
  return table(rows);
}

const share = (before: number, after: number, p: Paint): string => {
  const percent = before > 0 ? Math.round((100 * (after - before)) / before) : 0;
  return percent === 0 ? '' : p.dim(`${signed(percent)} %`);
};

const opsetText = (opsets: Readonly<Record<string, number>>): string =>
  Object.entries(opsets)
    .map(([domain, version]) => (domain === 'ai.onnx' ? String(version) : `${domain} ${version}`))
    .join(', ');

const aotLines = ({ aot }: Report, p: Paint): string[] =>
  aot ? aotTexts(aot).map((text) => p.dim(`aot: ${text}`)) : [];

function endLines({ cpus, output, planned, ms, verification, accuracy, gates, outcome }: Report, p: Paint): string[] {
  const lines: string[] = [];
  const back = outcome?.takenBack.map(({ pass }) => pass) ?? [];
  if (back.length) lines.push(`${p.bad('✗')} not in the result: ${back.join(', ')}, rolled back`);
  const { verdict, level } = verification;
  if (cpus?.exact === false) lines.push(p.warn(cpus.text));
  const isSaid = gates.some(({ detail }) => detail.endsWith(verdict?.detail ?? ''));
  if (verdict?.outcome === 'unknown' && !isSaid) lines.push(p.warn(`not verified: ${verdict.detail}`));
  if (planned) lines.push(p.dim('a dry run: the model was not run, and nothing was written'));
  else if (level === 'none' && !accuracy) lines.push(p.dim('not verified: nothing was run'));
  if (output)
    lines.push(
      `${p.good('✓')} wrote ${output.files.join(', ')} ${p.dim(`(${bytesText(output.bytes)}, ${msText(ms)})`)}`,
    );
  else if (gates.some(isNoProof)) lines.push(`${p.bad('✗')} nothing written; --no-validate takes it unproven`);
  else if (gates.some(({ passed }) => !passed)) lines.push(`${p.bad('✗')} nothing written`);
  return lines;
}
