/** How far the result is from the original: by output, step by step, and by depth. */
import { cosineText, decibelText, numberText } from '../../../ir/text/quantities.js';
import { shellWord } from '../../../ir/text/shell-word.js';
import type { Report } from '../../../run/report/report.js';
import { arithmeticText, inputsText, ownText } from '../../words/accuracy.js';
import { branchTexts } from '../../words/branch.js';
import { blockName, errorSource, sourceInputs } from '../../words/error-source.js';
import { meaningText } from '../../words/meaning.js';
import { rolloutText, rolloutTitle } from '../../words/rollout.js';
import { depthChart } from '../charts/depth.js';
import { worstOutput } from '../facts.js';
import { html, type MarkupPart } from '../markup.js';
import { about, command, missing, type PageSection, plainTable, sign } from './section.js';

export function errorSection(report: Report): PageSection {
  const worst = worstOutput(report);
  return {
    id: 'error',
    title: 'Error',
    ...(worst && { count: numberText(worst.relativeL2 ?? Number.POSITIVE_INFINITY) }),
    // Where nothing was compared, it is said once.
    body: [outputs(report), (report.errors || report.accuracy?.inputs.length) && byDepth(report), drift(report)],
  };
}

function outputs({ accuracy, seed }: Report): MarkupPart {
  if (!accuracy || accuracy.inputs.length === 0)
    return missing(
      'Nothing was compared with the original.',
      'A run without --no-validate compares both on the same inputs.',
    );
  const rows = accuracy.outputs.map((output) => [
    html`<span class="long">${output.name}</span>`,
    ...[output.relativeL2, output.maxAbs].map((error) => numberText(error ?? Number.POSITIVE_INFINITY)),
    cosineText(output.cosine),
    decibelText(output.snr),
    meaningText(output) || (typeof output.equal === 'number' ? `${numberText(100 * output.equal)} % equal` : ''),
    output.nonFiniteMismatches > 0 && `NaN or infinite: ${output.nonFinite.original} → ${output.nonFinite.result}`,
  ]);
  const remarks = [
    ...accuracy.failures.map((text) => ['bad', text] as const),
    ...[
      ...accuracy.notCompared.map(({ name, reason }) => `not compared: ${name ? `${name}, ` : ''}${reason}`),
      ...(accuracy.warnings ?? []),
      ...branchTexts(accuracy),
    ].map((text) => ['warn', text] as const),
    ...[...ownText(accuracy), ...accuracy.notes].map((text) => ['idle', text] as const),
  ];
  return [
    about(`Outputs on ${accuracy.provider}, ${inputsText(accuracy.inputs, seed)}${arithmeticText(accuracy)}.`),
    plainTable(['output', 'relative L2', 'largest', 'cosine', 'SNR', 'meaning', ''], rows, ' >>>>'),
    remarks.length > 0 &&
      html`<ul class="warnings">${remarks.map(([tone, text]) => html`<li>${sign(tone, tone === 'bad' ? 'failure' : tone === 'warn' ? 'warning' : 'note')} ${text}</li>`)}</ul>`,
  ];
}

/** A list of blocks that is longer is not drawn bar by bar. */
const MOST_BLOCKS = 400;

function byDepth(report: Report): MarkupPart {
  const { errors, accuracy, input, output } = report;
  const [source, measured] = [errorSource(report), sourceInputs(report)];
  const title = html`<h3>By depth</h3>`;
  if (!errors || errors.byBlock.length === 0) {
    const [original, result] = [input ?? 'model.onnx', output?.files[0]];
    const how = result
      ? ['It is shown by ', command(`optimize bisect ${shellWord(original)} ${shellWord(result)}`)]
      : 'A run that is compared with the original measures it.';
    return [
      title,
      missing(
        errors?.reason
          ? `The error was not measured by block: ${errors.reason}.`
          : 'The error was not measured by block.',
        how,
      ),
    ];
  }
  const { first } = errors;
  const isFirst = (one: (typeof errors.byBlock)[number]): boolean =>
    first !== undefined && one.block === first.block && one.repeat === first.repeat;
  const shown = errors.byBlock.slice(0, MOST_BLOCKS);
  const points = shown.map((one) => ({ name: blockName(one), error: one.relativeL2, isFirst: isFirst(one) }));
  return [
    title,
    first
      ? html`<p class="first-bad">${sign('warn', 'first bad block')} The error begins in <b>${blockName(first)}</b>: ${numberText(first.relativeL2 ?? Number.POSITIVE_INFINITY)} at <code>${first.at}</code>, ${numberText(first.inherited ?? Number.POSITIVE_INFINITY)} before it. <small>${first.nodes.slice(0, 6).join(', ')}</small></p>`
      : about('No block adds an error beyond the noise of sums.'),
    source && about(source),
    measured && about(measured),
    depthChart(
      points,
      accuracy?.gate.maxError,
      `Error by depth: ${points.length} parts from the inputs to the outputs`,
    ),
    errors.cut !== undefined && !source && about(`${errors.cut}.`),
  ];
}

function drift({ rollout }: Report): MarkupPart {
  if (!rollout) return undefined;
  const points = rollout.drift.map((error, step) => ({ name: `step ${step + 1}`, error }));
  return [
    html`<h3>Step by step</h3>`,
    about(`${rolloutTitle(rollout)}. ${rolloutText(rollout)}.`),
    points.length > 0 && depthChart(points, rollout.limit, `Drift by step, ${points.length} steps`),
    rollout.notes.map((note) => html`<p class="missing">${note}</p>`),
  ];
}
