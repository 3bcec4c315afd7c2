/** How long original and result take, in lines for a terminal. */
import { msRangeText, msText, ratioRangeText, ratioText } from '../ir/text/quantities.js';
import type { Report } from '../run/report/report.js';
import { hanging, type Paint, table } from './style.js';

interface ModelTimes {
  readonly original: number;
  readonly result: number;
}

/** Times of both models, or why there are none. */
export function speedLines({ speed, notTimed }: Pick<Report, 'speed' | 'notTimed'>, p: Paint, width: number): string[] {
  if (!speed) return notTimed === undefined ? [] : [`${p.bold('speed')}  ${p.dim(notTimed)}`];
  const { provider, run, create, first, cpu, wall, ratio, interval, significant } = speed;
  const row = (name: string, { original, result }: ModelTimes, verdict = '', ranges = ['', '']) => [
    ...[p.dim(name), msText(original), p.dim(ranges[0] as string), p.dim('→')],
    ...[msText(result), p.dim(ranges[1] as string), verdict],
  ];
  const { original, result } = run;
  const medians = { original: original.median, result: result.median };
  const ranges = [original, result].map((one) => msRangeText(one, one.median));
  const verdict = significant
    ? ratio > 1
      ? p.good(ratioText(ratio))
      : p.warn(`! ${ratioText(ratio)}, slower`)
    : p.dim(`${ratioText(ratio)}, not significant`);
  const whole = `${verdict} ${p.dim(ratioRangeText(interval))}`;
  const byTheClock = wall && p.dim(`${ratioText(wall.ratio)} by the clock ${ratioRangeText(wall.interval)}`);
  const rows = [
    ...(cpu ? [row(`CPU, ${cpu.threads === 'one' ? 'one thread' : 'all threads'}`, cpu.times, whole)] : []),
    wall && cpu ? row('run', wall.times, byTheClock) : row('run', medians, cpu ? verdict : whole, ranges),
    row('first run', first),
    row('create', create),
  ];
  const sample = cpu ? `CPU time decides, ${cpu.pairs} pairs` : `${result.runs} runs each`;
  return [
    ...hanging(
      `${p.bold('speed')}  ${p.dim(`${provider}, against onnxruntime with its own optimizations on, ${sample}`)}`,
      width,
    ),
    ...table(rows, ' >  >').map((line) => `  ${line}`),
  ];
}
