/** How long original and result take, in lines for a terminal. */
import { msRangeText, msText, ratioRangeText, ratioText } from '../../ir/text/quantities.js';
import type { Report } from '../../run/report/report.js';
import { hanging, type Paint, table } from '../style.js';
import { speedRows } from '../words/speed-rows.js';

/** Times of both models, or why there are none. */
export function speedLines({ speed, notTimed }: Pick<Report, 'speed' | 'notTimed'>, p: Paint, width: number): string[] {
  if (!speed) return notTimed === undefined ? [] : [`${p.bold('speed')}  ${p.dim(notTimed)}`];
  const { provider, run, cpu, wall, ratio, interval, significant } = speed;
  const verdict = significant
    ? ratio > 1
      ? p.good(ratioText(ratio))
      : p.warn(`! ${ratioText(ratio)}, slower`)
    : p.dim(`${ratioText(ratio)}, not significant`);
  const whole = `${verdict} ${p.dim(ratioRangeText(interval))}`;
  const byTheClock = wall && p.dim(`${ratioText(wall.ratio)} by the clock ${ratioRangeText(wall.interval)}`);
  const rows = speedRows(speed).map(({ name, original, result, ranges, ratio: which }) => {
    const [low = '', high = ''] = ranges?.map((one) => msRangeText(one, one.median)) ?? [];
    const said = which === 'decides' ? whole : which === 'clock' ? byTheClock : '';
    return [p.dim(name), msText(original), p.dim(low), p.dim('→'), msText(result), p.dim(high), said || ''];
  });
  const sample = cpu ? `CPU time decides, ${cpu.pairs} pairs` : `${run.result.runs} runs each`;
  return [
    ...hanging(
      `${p.bold('speed')}  ${p.dim(`${provider}, against onnxruntime with its own optimizations on, ${sample}`)}`,
      width,
    ),
    ...table(rows, ' >  >').map((line) => `  ${line}`),
  ];
}
