/** The report as Markdown for a pull request: what came of it first, the rest folded, in at most sixty lines. */
import { bytesText } from '../ir/text/quantities.js';
import { withTexts } from '../ir/text/shown-text.js';
import type { Report } from '../run/report/report.js';
import { headlineOf } from './headline.js';
import { code, markdownText } from './markdown/escape.js';
import { folded, linesOf, table } from './markdown/fold.js';
import { accuracySection, coverageSection, notesSection, originSection, passesSection } from './markdown/sections.js';
import { speedSection } from './markdown/speed-section.js';
import { isOpenGate } from './words/accuracy.js';
import { sourceText } from './words/error-source.js';

/** So that it can be read in the list of comments of a pull request, and in the summary of a job. */
const MOST_LINES = 60;
/** More failed gates are counted alone. */
const MOST_GATES = 6;

/** The report in Markdown. A section that has no room says how many lines it leaves out; the JSON report has them. */
export function reportMarkdown(given: Report): string {
  const report = withTexts(given, markdownText);
  const head = linesOf([
    [`# ${report.input ?? 'Model'}`],
    [verdictText(report)],
    sizeTable(report),
    gateLines(report),
    [sourceText(report) ?? []].flat(),
    report.cuts ? [`Left out for lack of time (\`--time-budget\`): ${report.cuts.join('; ')}.`] : [],
  ]);
  const sections = [
    passesSection(report),
    notesSection(report),
    accuracySection(report),
    speedSection(report, given.placement?.causes?.map(({ cure }) => cure) ?? []),
    coverageSection(report),
    originSection(report, given.command),
  ];
  return `${[...head, '', ...folded(sections, MOST_LINES - head.length - 1)].join('\n')}\n`;
}

const marks = { done: '✅', partly: '⚠️', failed: '❌' } as const;

/** `✅ **10.8 MB → 2.97 MB (−73 %), 1.23× (1.20–1.26), error 0.13**`, and what is not in the result. */
function verdictText(report: Report): string {
  const { state, parts } = headlineOf(report);
  const back = report.outcome?.takenBack.map(({ pass }) => code(pass)) ?? [];
  const end = report.planned ? 'A dry run: nothing was written.' : report.output ? '' : 'Nothing was written.';
  return [
    marks[state],
    parts.length > 0 ? `**${parts.join(', ')}**.` : '',
    back.length > 0 ? `Not in the result: ${back.join(', ')}, rolled back.` : '',
    end,
  ]
    .filter(Boolean)
    .join(' ');
}

const sizeTable = ({ model: { before, after }, inputBytes, output, planned }: Report): string[] => {
  const bytes = (output ?? planned)?.bytes;
  return table(
    ['', 'before', 'after'],
    [
      ['nodes', String(before.nodes), String(after.nodes)],
      ['weights', bytesText(before.bytes), bytesText(after.bytes)],
      ...(inputBytes && bytes !== undefined ? [['file', bytesText(inputBytes), bytesText(bytes)]] : []),
      ['opsets', opsets(before.opsets), opsets(after.opsets)],
    ],
  );
};

const opsets = (versions: Readonly<Record<string, number>>): string =>
  Object.entries(versions)
    .map(([domain, version]) => `${domain} ${version}`)
    .join(', ');

function gateLines({ gates, accuracy }: Report): string[] {
  const sorted = [...gates].sort((a, b) => Number(a.passed) - Number(b.passed));
  const lines = sorted
    .slice(0, MOST_GATES)
    .map(
      (gate) =>
        `- ${isOpenGate(gate, accuracy) ? 'open' : gate.passed ? 'passed' : '**failed**'}: ${gate.name}, ${gate.detail}`,
    );
  return gates.length > MOST_GATES ? [...lines, `- and ${gates.length - MOST_GATES} more`] : lines;
}
