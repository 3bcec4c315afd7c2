/** Times and placement of a report in Markdown. */
import { msText, ratioRangeText, ratioText } from '../../ir/text/quantities.js';
import { shownText } from '../../ir/text/shown-text.js';
import type { Report } from '../../run/report/report.js';
import { aotTexts } from '../aot.js';
import { causeTexts, placementText } from '../placement-text.js';
import { type FoldedSection, table } from './fold.js';

/** `cures` are commands as they are typed: code, in which nothing is escaped. */
export function speedSection(report: Report, cures: readonly (string | undefined)[]): FoldedSection {
  const { speed, notTimed, aot, placement } = report;
  return {
    title: placement && !speed && !aot && notTimed === undefined ? 'Placement' : 'Speed',
    blocks: [
      ...(speed ? speedBlocks(speed) : []),
      notTimed === undefined ? [] : [`${notTimed}.`],
      aot ? aotTexts(aot).map((text) => `- ${text}`) : [],
      placement ? [`${placementText(placement).text}.`] : [],
      placement
        ? causeTexts(placement).map(({ text }, i) => `- ${text}${cures[i] ? `; cure: \`${shownText(cures[i])}\`` : ''}`)
        : [],
    ],
  };
}

function speedBlocks({ provider, run, first, create, cpu, wall, ...speed }: NonNullable<Report['speed']>): string[][] {
  const verdict = `${ratioText(speed.ratio)}${speed.significant ? '' : ', not significant'}`;
  const interval = `${verdict} ${ratioRangeText(speed.interval)}`;
  const sample = cpu ? `CPU time decides, ${cpu.pairs} pairs` : `${run.result.runs} interleaved runs each`;
  const threads = cpu && `CPU time, ${cpu.threads} thread${cpu.threads === 'all' ? 's' : ''}`;
  return [
    [`On ${provider}, ${sample}, onnxruntime's own optimizations on.`],
    table(
      ['', 'original', 'result', ''],
      [
        ...(cpu && threads ? [[threads, msText(cpu.times.original), msText(cpu.times.result), interval]] : []),
        cpu && wall
          ? ['run', msText(wall.times.original), msText(wall.times.result), `${ratioText(wall.ratio)} by the clock`]
          : ['run (median)', msText(run.original.median), msText(run.result.median), interval],
        ['first run', msText(first.original), msText(first.result), ''],
        ['session creation', msText(create.original), msText(create.result), ''],
      ],
    ),
  ];
}
