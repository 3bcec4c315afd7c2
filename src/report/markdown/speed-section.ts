/** Times and placement of a report in Markdown. */
import { msText, ratioRangeText, ratioText } from '../../ir/text/quantities.js';
import { shownText } from '../../ir/text/shown-text.js';
import type { Report } from '../../run/report/report.js';
import { aotTexts } from '../words/aot.js';
import { causeTexts, placementText } from '../words/placement.js';
import { speedRows } from '../words/speed-rows.js';
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

function speedBlocks(speed: NonNullable<Report['speed']>): string[][] {
  const { provider, cpu, wall, run } = speed;
  const verdict = `${ratioText(speed.ratio)}${speed.significant ? '' : ', not significant'}`;
  const ratios = {
    decides: `${verdict} ${ratioRangeText(speed.interval)}`,
    clock: wall ? `${ratioText(wall.ratio)} by the clock` : '',
    none: '',
  };
  const sample = cpu ? `CPU time decides, ${cpu.pairs} pairs` : `${run.result.runs} interleaved runs each`;
  return [
    [`On ${provider}, ${sample}, onnxruntime's own optimizations on.`],
    table(
      ['', 'original', 'result', ''],
      speedRows(speed).map(({ name, original, result, ratio }) => [
        name,
        msText(original),
        msText(result),
        ratios[ratio ?? 'none'],
      ]),
    ),
  ];
}
