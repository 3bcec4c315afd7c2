/** The folded sections of a report in Markdown. */
import { bytesText, cosineText, msText, numberText } from '../../ir/text/quantities.js';
import { shownText } from '../../ir/text/shown-text.js';
import type { Report } from '../../run/report/report.js';
import { signed } from '../style.js';
import { rewritesText } from '../text/passes.js';
import { arithmeticText, inputsText, ownText } from '../words/accuracy.js';
import { branchTexts } from '../words/branch.js';
import { coverageMarkdown, withoutLeft } from '../words/coverage.js';
import { meaningText } from '../words/meaning.js';
import { rangesText, sizeRows } from '../words/ranges.js';
import { repeatTexts } from '../words/repeats.js';
import { rolloutText, rolloutTitle } from '../words/rollout.js';
import { tuningTexts, wholeTuningTexts } from '../words/tuning.js';
import { code } from './escape.js';
import { type FoldedSection, table } from './fold.js';

const listed = (texts: readonly string[]): string[] => texts.map((text) => `- ${text}`);

/** A row each for passes that did something or were taken back; the others are named below. */
export const passesSection = ({ passes }: Report): FoldedSection => ({
  title: 'Passes',
  blocks: [
    table(
      ['pass', 'status', 'nodes', 'weights', 'error', 'time'],
      passes.filter(didSomething).map((pass) => [
        code(pass.name),
        pass.status,
        Object.entries(pass.ops)
          .map(([op, n]) => `${signed(n)} ${op}`)
          .join(', '),
        pass.bytes.before === pass.bytes.after
          ? ''
          : `${bytesText(pass.bytes.before)} → ${bytesText(pass.bytes.after)}`,
        pass.status === 'applied' && typeof pass.error === 'number' ? numberText(pass.error) : '',
        msText(pass.ms),
      ]),
    ),
    unchangedText(passes.filter((pass) => !didSomething(pass))),
  ],
});

const didSomething = ({ status }: Report['passes'][number]): boolean => status !== 'unchanged';

const unchangedText = (passes: Report['passes']): string[] =>
  passes.length > 0 ? [`Left the model as it is: ${passes.map(({ name }) => code(name)).join(', ')}.`] : [];

/** What passes say, what they left alone and why, those of most places first. */
export const notesSection = (report: Report): FoldedSection => ({
  title: 'What was left alone, and notes',
  blocks: [
    listed([
      ...[...(report.warnings ?? []), ...(report.cpus?.exact === false ? [report.cpus] : [])].map(({ text }) => text),
      ...withoutLeft(report).flatMap((pass) => {
        const name = code(pass.name);
        const { notes, skips, verdict, rewrites, status } = pass;
        return [
          ...(verdict && status === 'rolled back' ? [`${name} was rolled back: ${verdict.detail}`] : []),
          ...notes.map(({ text, at }) => `${name}: ${text}${at ? ` (${at})` : ''}`),
          ...(rewrites ? [`${name}: ${rewritesText(rewrites)}`] : []),
          ...tuningTexts(pass).map((text) => `${name}: ${text}`),
          ...skips.map((skip) => `${name} left ${skip.count}: ${skip.reason}${places(skip.places)}`),
        ];
      }),
      ...repeatTexts(report),
      ...wholeTuningTexts(report),
    ]),
  ],
});

export const coverageSection = (report: Report): FoldedSection => ({
  title: 'Coverage',
  blocks: coverageMarkdown(report, table),
});

/** Outputs, steps on own outputs, sizes: how far the numbers are apart. */
export function accuracySection({ accuracy, rollout, ranges, seed }: Report): FoldedSection {
  const blocks: string[][] = [];
  if (accuracy && accuracy.inputs.length > 0)
    blocks.push([`On ${accuracy.provider}, ${inputsText(accuracy.inputs, seed)}${arithmeticText(accuracy)}.`]);
  if (rollout) blocks.push([`${rolloutTitle(rollout)}: ${rolloutText(rollout)}. Inputs: ${rollout.inputs}.`]);
  if (accuracy) blocks.push(outputTable(accuracy));
  blocks.push(
    listed([
      ...(rollout?.notes ?? []),
      ...(accuracy?.failures ?? []),
      ...(accuracy?.notCompared ?? []).map(({ name, reason }) => `not compared: ${name ? `${name}, ` : ''}${reason}`),
      ...(accuracy?.warnings ?? []),
      ...(accuracy ? [...branchTexts(accuracy), ...ownText(accuracy), ...accuracy.notes] : []),
    ]),
  );
  if (ranges) {
    const { titles, rows } = sizeRows(ranges);
    blocks.push([`One model for ${rangesText(ranges.dims)}.`], rows.length > 0 ? table(titles, rows) : []);
  }
  if (accuracy && accuracy.inputs.length > 0) blocks.push([inputsList(accuracy.inputs)]);
  return { title: 'Accuracy', blocks };
}

const outputTable = ({ outputs }: NonNullable<Report['accuracy']>): string[] =>
  outputs.length === 0
    ? []
    : table(
        ['output', 'max abs', 'max rel', 'rel L2', 'cosine', 'SNR dB', 'meaning'],
        outputs.map((o) => [
          code(o.name),
          ...[o.maxAbs, o.maxRel, o.relativeL2].map(numberText),
          cosineText(o.cosine),
          o.snr === null || !Number.isFinite(o.snr) ? '∞' : numberText(o.snr),
          meaningText(o),
        ]),
      );

/** The command as it was typed, in which nothing is escaped; where and with what it ran. */
export function originSection(report: Report, command: string | undefined): FoldedSection {
  const { target, architecture, verification, seed, machine, versions, created } = report;
  return {
    title: 'How it was made',
    isWhole: true,
    blocks: [
      command ? ['```', shownText(command), '```'] : [],
      [
        [
          `Target ${[target, architecture].filter(Boolean).join(':')}, verification ${verification.level}, seed ${seed}.`,
          machine ? `${machine.cpu} (${machine.cores} cores, ${machine.os} ${machine.arch}).` : '',
          `${Object.entries(versions)
            .map(([name, version]) => `${name} ${version}`)
            .join(', ')}. ${created}`,
        ]
          .filter(Boolean)
          .join(' '),
      ],
    ],
  };
}

const MOST_INPUTS = 3;

/** `Inputs: x[1,3]; x[2,3] and 4 more.` */
const inputsList = (inputs: readonly string[]): string => {
  const more = inputs.length > MOST_INPUTS ? ` and ${inputs.length - MOST_INPUTS} more` : '';
  return `Inputs: ${inputs.slice(0, MOST_INPUTS).join('; ')}${more}.`;
};

const places = (names: readonly string[]): string =>
  names.length === 0
    ? ''
    : `, e.g. ${names
        .slice(0, 3)
        .map((name) => code(name))
        .join(', ')}`;
