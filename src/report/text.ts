/** The report on a terminal. */
import { append, maxOf } from '../ir/collections/lists.js';
import { bytesText, cosineText, decibelText, msText, numberText, percentText } from '../ir/text/quantities.js';
import { shownText, withTexts } from '../ir/text/shown-text.js';
import type { PassReport, Report } from '../run/report/report.js';
import { arithmeticText, inputsText, isOpenGate, ownText } from './accuracy-text.js';
import { aotTexts } from './aot.js';
import { branchTexts } from './branch-text.js';
import { coverageLines, withoutLeft } from './coverage.js';
import { meaningText, type ReportedOutput } from './meaning-text.js';
import { causeTexts, placementText } from './placement-text.js';
import { rangeLines } from './ranges.js';
import { repeatTexts } from './repeats.js';
import { rolloutText, rolloutTitle } from './rollout.js';
import { speedLines } from './speed-text.js';
import { counted, hanging, type Paint, paint, shortened, signed, table } from './style.js';
import { type TextOptions, textOptionsIn } from './text-options.js';
import { tuningTexts, wholeTuningTexts } from './tuning.js';

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

/** The part of a report that compares two models. */
export type ComparisonReport = Pick<
  Report,
  'accuracy' | 'rollout' | 'ranges' | 'speed' | 'notTimed' | 'placement' | 'gates' | 'cuts' | 'seed'
>;

/** Two models compared, in lines for people. */
export function comparisonText(given: ComparisonReport, options: TextOptions = {}): string {
  const { isColoured, width } = textOptionsIn(options, 'comparisonText');
  return joined(comparisonBlocks(withTexts(given, shownText), paint(isColoured), width));
}

/** The blocks about the comparison; `ending` goes below the last of them. */
const comparisonBlocks = (report: ComparisonReport, p: Paint, width: number, ending: string[] = []): string[][] => [
  accuracyLines(report, p, width),
  rolloutLines(report, p, width),
  rangeLines(report, p, width),
  speedLines(report, p, width),
  [...placementLines(report, p), ...cutLines(report, p), ...gateLines(report, p), ...ending].flatMap((line) =>
    hanging(line, width),
  ),
];

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

function passLines(passes: readonly PassReport[], p: Paint, width: number): string[] {
  const names = maxOf(
    passes.map(({ name }) => name.length),
    0,
  );
  // A mark, the name, what changed, the time: two spaces between them.
  const costs = passes.map(costText);
  const room = width - names - 1 - 7 - 6 - (costs.some(Boolean) ? 15 : 0);
  const heads = table(
    passes.map((pass, i) => [
      markOf(pass, p),
      p.bold(pass.name),
      changeText(pass, room),
      ...(costs.some(Boolean) ? [costs[i] as string] : []),
      p.dim(msText(pass.ms)),
    ]),
    costs.some(Boolean) ? '    >' : '   >',
  );
  return passes.flatMap((pass, i) => [heads[i] as string, ...detailLines(pass, p, width)]);
}

/** What a pass that changes numbers on purpose, or changed them more than float32 sums do, cost. */
const costText = ({ error, fidelity, status }: PassReport): string =>
  status === 'applied' && typeof error === 'number' && (fidelity !== 'exact' || error > FLOAT32_NOISE)
    ? `error ${numberText(error)}`
    : '';

const FLOAT32_NOISE = 1e-4;

const markOf = (pass: PassReport, p: Paint): string => {
  if (pass.status === 'applied') return p.good('✓');
  return pass.status === 'unchanged' && !isRefuted(pass) ? p.dim('·') : p.bad('✗');
};

/** True where something was found, and none of it was made because it gave other numbers. */
const isRefuted = ({ status, rewrites }: PassReport): boolean =>
  status === 'unchanged' && rewrites !== undefined && rewrites.refuted.length > 0;

/** True where the pass says of the whole model why it does nothing to it. */
const isLeft = ({ skips }: PassReport): boolean => skips.some(isOfWhole);

const isOfWhole = ({ places }: PassReport['skips'][number]): boolean => places.length === 0;

/** What a pass did, in one line of at most `room`: the ops that came and went, and the bytes. */
function changeText(pass: PassReport, room: number): string {
  const { status, ops, nodes, bytes } = pass;
  if (status === 'unchanged') return isRefuted(pass) ? 'refuted' : isLeft(pass) ? 'left as it is' : 'nothing to do';
  if (status === 'rolled back') return 'rolled back';
  const [before, after] = [bytesText(bytes.before), bytesText(bytes.after)];
  const size = before === after ? '' : `${before} → ${after}`;
  const all = Object.entries(ops).map(([op, n]) => `${signed(n)} ${op.replace(/^com\.microsoft\./, '')}`);
  const whole = [...all, size].filter(Boolean).join('  ');
  if (whole.length <= room) return whole || 'rewired';
  const end = [`… ${nodes.before} → ${nodes.after} nodes`, size].filter(Boolean).join('  ');
  const shown = all.filter((_, i) => all.slice(0, i + 1).join('  ').length + 2 + end.length <= room);
  return [...shown, end].join('  ');
}

function detailLines(pass: PassReport, p: Paint, width: number): string[] {
  const { notes, skips, sites = [], verdict, rewrites, status } = pass;
  const lines: string[] = [];
  if (verdict && status === 'rolled back') lines.push(p.bad(verdict.detail));
  if (verdict?.outcome === 'unknown') lines.push(p.warn(`not verified: ${verdict.detail}`));
  for (const [text, count] of tally(notes.map((note) => note.text)))
    lines.push(count > 1 ? `${text} (×${count})` : text);
  if (rewrites) lines.push(rewrites.refuted.length ? p.bad(rewritesText(rewrites)) : rewritesText(rewrites));
  append(lines, tuningTexts(pass));
  for (const skip of skips) {
    const { reason, count, places } = skip;
    const help = sites.find((site) => site.reason === reason)?.help;
    const place = places[0] ? `, e.g. ${places[0]}` : '';
    const text = `${reason}${place}${help ? `. ${help}` : ''}`;
    lines.push(p.dim(isOfWhole(skip) ? text : `left ×${count}: ${text}`));
  }
  return lines.flatMap((line) => hanging(line, width, '   '));
}

/** `12 rewrites (2 different), compared with what they replace`, and what was refuted or could not be run. */
export function rewritesText({ count, distinct, refuted, notCompared }: NonNullable<PassReport['rewrites']>): string {
  const open = notCompared.reduce((sum, one) => sum + one.count, 0);
  const [first] = refuted;
  return [
    `${counted(count, 'rewrite')} (${distinct} different), compared with what ${count === 1 ? 'it replaces' : 'they replace'}`,
    ...(first ? [`${refuted.length} refuted and not made: ${first.rule}, ${first.detail}`] : []),
    ...(open ? [`${open} not compared: ${notCompared[0]?.reason}`] : []),
  ].join('; ');
}

function tally(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
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

function accuracyLines({ accuracy, seed }: ComparisonReport, p: Paint, width: number): string[] {
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
    ...[...ownText(accuracy), ...accuracy.notes].map((text) => p.dim(text)),
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
  // Where nothing could be compared and that counts, the gate of the proof says why, once.
  gates
    .filter(({ name, passed }) => !(name === 'accuracy' && passed && gates.some(isNoProof)))
    .map((gate) => {
      const mark = isOpenGate(gate, accuracy) ? p.warn('?') : gate.passed ? p.good('✓') : p.bad('✗');
      return `${mark} ${gate.name}: ${gate.detail}`;
    });

const isNoProof = ({ name, passed }: Report['gates'][number]): boolean => name === 'proof' && !passed;

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
