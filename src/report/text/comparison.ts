import { cosineText, decibelText, numberText, percentText } from '../../ir/text/quantities.js';
import type { Report } from '../../run/report/report.js';
import { hanging, type Paint, shortened, table } from '../style.js';
import { arithmeticText, inputsText, isOpenGate, ownText } from '../words/accuracy.js';
import { branchTexts } from '../words/branch.js';
import { sourceText } from '../words/error-source.js';
import { meaningText, type ReportedOutput } from '../words/meaning.js';
import { causeTexts, placementText } from '../words/placement.js';
import { rangeLines } from '../words/ranges.js';
import { rolloutText, rolloutTitle } from '../words/rollout.js';
import { speedLines } from './speed.js';

/** The part of a report that compares two models. */
export type ComparisonReport = Partial<Pick<Report, 'fidelity'>> &
  Pick<
    Report,
    'accuracy' | 'errors' | 'rollout' | 'ranges' | 'speed' | 'notTimed' | 'placement' | 'gates' | 'cuts' | 'seed'
  >;

/** The blocks about the comparison; `ending` goes below the last of them. */
export const comparisonBlocks = (
  report: ComparisonReport,
  p: Paint,
  width: number,
  ending: string[] = [],
): string[][] => [
  accuracyLines(report, p, width),
  rolloutLines(report, p, width),
  rangeLines(report, p, width),
  speedLines(report, p, width),
  [...placementLines(report, p), ...cutLines(report, p), ...gateLines(report, p), ...ending].flatMap((line) =>
    hanging(line, width),
  ),
];

function accuracyLines(report: ComparisonReport, p: Paint, width: number): string[] {
  const { accuracy, seed } = report;
  // Where nothing was run, the line of the gate says why.
  if (!accuracy || accuracy.inputs.length === 0) return [];
  const { outputs, inputs, provider } = accuracy;
  const isMeant = outputs.some((output) => meaningText(output));
  const rows = outputs.map((output) => [
    shortened(output.name, NAME_WIDTH),
    numberText(output.maxAbs),
    numberText(output.relativeL2),
    cosineText(output.cosine),
    decibelText(output.snr),
    ...(isMeant ? [meaningText(output)] : []),
    remarkOf(output, p),
  ]);
  const titles = ['', 'max abs', 'rel L2', 'cosine', 'SNR', ...(isMeant ? ['meaning'] : []), ''].map((title) =>
    p.dim(title),
  );
  const remarks = [
    ...accuracy.failures.map((text) => p.bad(text)),
    ...accuracy.notCompared.map(({ name, reason }) => p.warn(`not compared: ${name ? `${name}, ` : ''}${reason}`)),
    ...(accuracy.warnings ?? []).map((text) => p.warn(`! ${text}`)),
    ...branchTexts(accuracy).map((text) => p.warn(text)),
    ...[sourceText(report) ?? [], ...ownText(accuracy), ...accuracy.notes].flat().map((text) => p.dim(text)),
  ].flatMap((line) => hanging(line, width, '  '));
  const about = p.dim(`${provider}, ${inputsText(inputs, seed)}${arithmeticText(accuracy)}`);
  return [
    ...hanging(`${p.bold('accuracy')}  ${about}`, width),
    ...(rows.length ? table([titles, ...rows], ' >>>>>').map((line) => `  ${line}`) : []),
    ...remarks,
  ];
}

/** Columns that the name of an output may take. */
const NAME_WIDTH = 48;

function rolloutLines({ rollout }: ComparisonReport, p: Paint, width: number): string[] {
  if (!rollout) return [];
  return [
    ...hanging(`${p.bold('rollout')}  ${p.dim(rolloutTitle(rollout))}`, width),
    ...hanging(rolloutText(rollout), width, '  '),
    ...rollout.notes.flatMap((note) => hanging(p.warn(note), width, '  ')),
  ];
}

function remarkOf({ equal, nonFinite, nonFiniteMismatches }: ReportedOutput, p: Paint): string {
  if (nonFiniteMismatches) return p.bad(`NaN/Inf ${nonFinite.original} → ${nonFinite.result}`);
  return typeof equal === 'number' && equal < 1 ? p.warn(`${percentText(equal)} equal`) : '';
}

function placementLines({ placement }: ComparisonReport, p: Paint): string[] {
  if (!placement) return [];
  const causes = causeTexts(placement).flatMap(({ text, cure }) => [
    p.warn(`  ${text}`),
    ...(cure ? [p.dim(`    cure: ${cure}`)] : []),
  ]);
  const { text, isWhole } = placementText(placement);
  return [(isWhole ? p.dim : p.warn)(text), ...causes];
}

const cutLines = ({ cuts = [] }: ComparisonReport, p: Paint): string[] =>
  cuts.length === 0 ? [] : [p.warn(`! left out for lack of time (--time-budget): ${cuts.join('; ')}`)];

const gateLines = ({ gates, accuracy }: ComparisonReport, p: Paint): string[] =>
  gates.map((gate) => {
    const mark = isOpenGate(gate, accuracy) ? p.warn('?') : gate.passed ? p.good('✓') : p.bad('✗');
    return `${mark} ${gate.name}: ${gate.detail}`;
  });
