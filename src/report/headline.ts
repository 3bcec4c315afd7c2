/** A report in a few words: whether it is done, and what it brought. */
import { bytesText, numberText, ratioRangeText, ratioText } from '../ir/text/quantities.js';
import { largestError } from '../run/outcome.js';
import type { Report } from '../run/report/report.js';
import { signed } from './style.js';

export interface Headline {
  /** partly: a pass is not in the result; failed: a gate failed. */
  readonly state: 'done' | 'partly' | 'failed';
  /** `10.8 MB → 2.97 MB (−73 %)`, `1.23× (1.20–1.26)`, `error 0.13`: those that there are. */
  readonly parts: readonly string[];
}

export function headlineOf(report: Report): Headline {
  const { inputBytes, output, planned, speed, gates, outcome } = report;
  const bytes = (output ?? planned)?.bytes;
  const error = largestError(report);
  const isBack = (outcome?.takenBack.length ?? 0) > 0;
  return {
    state: gates.some(({ passed }) => !passed) ? 'failed' : isBack ? 'partly' : 'done',
    parts: [
      ...(inputBytes && bytes !== undefined ? [sizeText(inputBytes, bytes)] : []),
      ...(speed
        ? [`${ratioText(speed.ratio)} ${ratioRangeText(speed.interval)}${speed.significant ? '' : ', not significant'}`]
        : []),
      ...(error === undefined ? [] : [`error ${numberText(error)}`]),
    ],
  };
}

function sizeText(before: number, after: number): string {
  const percent = Math.round((100 * (after - before)) / before);
  return `${bytesText(before)} → ${bytesText(after)}${percent === 0 ? '' : ` (${signed(percent)} %)`}`;
}
