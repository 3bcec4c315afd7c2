/** The report as Markdown: for a pull request or a wiki. */
import { bytesText, cosineText, msText, numberText, ratioRangeText, ratioText } from '../ir/text/quantities.js';
import { shownText, withTexts } from '../ir/text/shown-text.js';
import type { Report } from '../run/report/report.js';
import { arithmeticText, inputsText, isOpenGate, ownText } from './accuracy-text.js';
import { aotTexts } from './aot.js';
import { branchTexts } from './branch-text.js';
import { coverageMarkdown, withoutLeft } from './coverage.js';
import { code, markdownText } from './markdown-text.js';
import { meaningText } from './meaning-text.js';
import { causeTexts, placementText } from './placement-text.js';
import { rangesText, sizeRows } from './ranges.js';
import { repeatTexts } from './repeats.js';
import { rolloutText, rolloutTitle } from './rollout.js';
import { signed } from './style.js';
import { rewritesText } from './text.js';
import { tuningTexts, wholeTuningTexts } from './tuning.js';

/** The report in Markdown, tables and all. */
export function reportMarkdown(given: Report): string {
  const report = withTexts(given, markdownText);
  const { model, passes, accuracy, speed, gates, machine, versions, seed, verification } = report;
  const blocks: string[][] = [
    [`# ${report.input ?? 'Model'}`],
    given.command ? ['```', shownText(given.command), '```'] : [],
    table(
      ['', 'before', 'after'],
      [
        ['nodes', String(model.before.nodes), String(model.after.nodes)],
        ['weights', bytesText(model.before.bytes), bytesText(model.after.bytes)],
        ...(report.inputBytes && report.output
          ? [['file', bytesText(report.inputBytes), bytesText(report.output.bytes)]]
          : []),
        ['opsets', opsets(model.before.opsets), opsets(model.after.opsets)],
      ],
    ),
    ['## Passes'],
    table(
      ['pass', 'status', 'nodes', 'weights', 'error', 'time'],
      passes.map((pass) => [
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
    report.outcome?.takenBack.length
      ? [`Not in the result: ${report.outcome.takenBack.map(({ pass }) => code(pass)).join(', ')}, rolled back.`]
      : [],
    repeatTexts(report).map((text) => `- ${text}`),
    wholeTuningTexts(report).map((text) => `- ${text}`),
    [...(report.warnings ?? []), ...(report.cpus?.exact === false ? [report.cpus] : [])].map(({ text }) => `- ${text}`),
    withoutLeft(report).flatMap((pass) => {
      const { name, notes, skips, verdict, rewrites, status } = pass;
      return [
        ...(verdict && status === 'rolled back' ? [`- ${code(name)} was rolled back: ${verdict.detail}`] : []),
        ...notes.map(({ text, at }) => `- ${code(name)}: ${text}${at ? ` (${at})` : ''}`),
        ...(rewrites ? [`- ${code(name)}: ${rewritesText(rewrites)}`] : []),
        ...tuningTexts(pass).map((text) => `- ${code(name)}: ${text}`),
        ...skips.map((skip) => `- ${code(name)} left ${skip.count}: ${skip.reason}${places(skip.places)}`),
      ];
    }),
    ...coverageMarkdown(report, table),
  ];
  if (accuracy)
    blocks.push(
      ['## Accuracy'],
      [`On ${accuracy.provider}, ${inputsText(accuracy.inputs, seed)}${arithmeticText(accuracy)}.`],
      // Closed until it is asked for: sets are many.
      accuracy.inputs.length
        ? ['<details><summary>Inputs</summary>', '', ...accuracy.inputs.map((text) => `- ${text}`), '', '</details>']
        : [],
      [
        ...accuracy.failures,
        ...accuracy.notCompared.map(({ name, reason }) => `not compared: ${name ? `${name}, ` : ''}${reason}`),
        ...(accuracy.warnings ?? []),
        ...branchTexts(accuracy),
        ...ownText(accuracy),
        ...accuracy.notes,
      ].map((text) => `- ${text}`),
      table(
        ['output', 'max abs', 'max rel', 'rel L2', 'cosine', 'SNR dB', 'meaning'],
        accuracy.outputs.map((o) => [
          code(o.name),
          ...[o.maxAbs, o.maxRel, o.relativeL2].map(numberText),
          cosineText(o.cosine),
          o.snr === null || !Number.isFinite(o.snr) ? '∞' : numberText(o.snr),
          meaningText(o),
        ]),
      ),
    );
  if (report.rollout) {
    const { inputs, notes } = report.rollout;
    blocks.push(
      ['## Rollout'],
      [`${rolloutTitle(report.rollout)}: ${rolloutText(report.rollout)}. Inputs: ${inputs}.`],
      notes.map((note) => `- ${note}`),
    );
  }
  if (report.ranges) {
    const { titles, rows } = sizeRows(report.ranges);
    blocks.push(
      ['## Sizes'],
      [`One model for ${rangesText(report.ranges.dims)}.`],
      rows.length > 0 ? table(titles, rows) : [],
    );
  }
  if (speed) {
    const { run, first, create, cpu, wall } = speed;
    const verdict = `${ratioText(speed.ratio)}${speed.significant ? '' : ', not significant'}`;
    const interval = `${verdict} ${ratioRangeText(speed.interval)}`;
    const sample = cpu ? `CPU time decides, ${cpu.pairs} pairs` : `${run.result.runs} interleaved runs each`;
    blocks.push(
      ['## Speed'],
      [`On ${speed.provider}, ${sample}, onnxruntime's own optimizations on.`],
      table(
        ['', 'original', 'result', ''],
        [
          ...(cpu
            ? [
                [
                  `CPU time, ${cpu.threads} thread${cpu.threads === 'all' ? 's' : ''}`,
                  msText(cpu.times.original),
                  msText(cpu.times.result),
                  interval,
                ],
              ]
            : []),
          cpu && wall
            ? ['run', msText(wall.times.original), msText(wall.times.result), `${ratioText(wall.ratio)} by the clock`]
            : ['run (median)', msText(run.original.median), msText(run.result.median), interval],
          ['first run', msText(first.original), msText(first.result), ''],
          ['session creation', msText(create.original), msText(create.result), ''],
        ],
      ),
    );
  }
  if (report.aot)
    blocks.push(
      ['## Ahead of time'],
      aotTexts(report.aot).map((text) => `- ${text}`),
    );
  if (report.placement) {
    // A command is code, in which nothing is escaped.
    const cures = given.placement?.causes?.map(({ cure }) => cure && `; cure: \`${shownText(cure)}\``) ?? [];
    const causes = causeTexts(report.placement).map(({ text }, i) => `- ${text}${cures[i] ?? ''}`);
    blocks.push(['## Placement'], [`${placementText(report.placement).text}.`], causes);
  }
  if (report.notTimed !== undefined) blocks.push(['## Speed'], [`${report.notTimed}.`]);
  if (report.cuts) blocks.push([`Left out for lack of time (\`--time-budget\`): ${report.cuts.join('; ')}.`]);
  blocks.push(
    gates.map((gate) => `- ${markOf(gate, accuracy)}: ${gate.name}, ${gate.detail}`),
    [
      [
        `Target ${[report.target, report.architecture].filter(Boolean).join(':')}, verification ${verification.level}, seed ${seed}.`,
        machine ? `${machine.cpu} (${machine.cores} cores, ${machine.os} ${machine.arch}).` : '',
        `${Object.entries(versions)
          .map(([name, version]) => `${name} ${version}`)
          .join(', ')}. ${report.created}`,
      ]
        .filter(Boolean)
        .join(' '),
    ],
  );
  return `${blocks
    .filter((lines) => lines.length)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const opsets = (versions: Readonly<Record<string, number>>): string =>
  Object.entries(versions)
    .map(([domain, version]) => `${domain} ${version}`)
    .join(', ');

const places = (names: readonly string[]): string =>
  names.length === 0
    ? ''
    : `, e.g. ${names
        .slice(0, 3)
        .map((name) => code(name))
        .join(', ')}`;

/** A table; `|` in a cell is escaped. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), `|${' --- |'.repeat(titles.length)}`, ...rows.map(line)];
}

const markOf = (gate: Report['gates'][number], accuracy: Report['accuracy']): string =>
  isOpenGate(gate, accuracy) ? 'open' : gate.passed ? 'passed' : '**failed**';
