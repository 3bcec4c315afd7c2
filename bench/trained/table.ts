/** Outcomes on trained models as a Markdown table. */
import type { MachineState } from '../machine.js';
import type { Outcome, Truth } from './outcome.js';

const short = (value: number | undefined): string =>
  value === undefined ? '' : value === 0 ? '0' : value < 0.01 ? value.toExponential(1) : value.toPrecision(2);

const errorText = (truth: Truth | undefined): string =>
  truth ? (truth.error.mismatches ? `${truth.error.mismatches} not finite` : short(truth.error.pooled)) : '';

export function tableOf(
  outcomes: readonly Outcome[],
  machine: MachineState,
  date: string,
  missing: readonly string[],
): string {
  const wrong = outcomes.filter((outcome) => outcome.wrong);
  const models = new Set(outcomes.map(({ model }) => model));
  const wrongModels = new Set(wrong.map(({ model }) => model));
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `${[
    '# Verdicts on trained models',
    `${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores · ${machine.os} · ${versions.join(' · ')}`,
    `${wrong.length} of ${outcomes.length} verdicts judged wrong, of ${wrongModels.size} of ${models.size} models.${missing.length ? ` Not run, their packages are not there: ${missing.join(', ')}.` : ''}`,
    'Report: the relative L2 error that the report states, of the worst output. Real: the same on all real inputs together, original and result in onnxruntime with its own optimizations off. Bare: real, of what the passes make when nothing is verified, with what that decides. Wrong: a result whose real error is beyond three times the report (and 1e-5), or one taken back or refused whose bare error is within the limit and whose decisions agree.',
    [
      '| model | passes | inputs | verdict | report | real | decides | bare | decides | limit | wrong |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      ...outcomes.map(
        ({ model, passes, inputs, claim, written, unverified, limit, wrong: fault }) =>
          `| ${[
            model,
            passes,
            inputs,
            claim.verdict,
            short(claim.claimed),
            errorText(written),
            written?.agreement.text ?? '',
            unverified ? errorText(unverified) : 'does not run',
            unverified?.agreement.text ?? '',
            limit,
            (fault ?? '').replaceAll('|', '\\|'),
          ].join(' | ')} |`,
      ),
    ].join('\n'),
  ].join('\n\n')}\n`;
}
