/** How long original and result take, in lines for a terminal. */
import type { Report } from '../run/report.js';
import { msText, numberText, type Paint, table } from './style.js';

/** Times of both models, or why there are none. */
export function speedLines({ speed, notTimed }: Pick<Report, 'speed' | 'notTimed'>, p: Paint): string[] {
  if (!speed) return notTimed === undefined ? [] : [`${p.bold('speed')}  ${p.dim(notTimed)}`];
  const { run, create, first, cpu, wall, ratio, significant } = speed;
  const spread = ({ low, high }: { low: number; high: number }) => p.dim(`${numberText(low)}–${numberText(high)}`);
  const range = ({ low, high }: { low: number; high: number }) => p.dim(`(${low.toFixed(2)}–${high.toFixed(2)})`);
  const verdict = significant
    ? ratio > 1
      ? p.good(`${ratio.toFixed(2)}×`)
      : p.warn(`! ${ratio.toFixed(2)}×, slower`)
    : p.dim(`${ratio.toFixed(2)}×, not significant`);
  const arrow = p.dim('→');
  const rows = [
    ...(cpu
      ? [
          [
            p.dim(`CPU, ${cpu.threads === 'one' ? 'one thread' : 'all threads'}`),
            msText(cpu.times.original),
            '',
            arrow,
          ].concat([msText(cpu.times.result), '', `${verdict} ${range(speed.interval)}`]),
        ]
      : []),
    wall && cpu
      ? [p.dim('run'), msText(wall.times.original), '', arrow].concat([
          msText(wall.times.result),
          '',
          `${p.dim(`${wall.ratio.toFixed(2)}× by the clock`)} ${range(wall.interval)}`,
        ])
      : [p.dim('run'), msText(run.original.median), spread(run.original), arrow].concat([
          msText(run.result.median),
          spread(run.result),
          verdict,
        ]),
    [p.dim('first run'), msText(first.original), '', arrow, msText(first.result), ''],
    [p.dim('create'), msText(create.original), '', arrow, msText(create.result), ''],
  ];
  const sample = cpu ? `CPU time decides, ${cpu.pairs} pairs` : `${run.result.runs} runs each`;
  return [
    `${p.bold('speed')}  ${p.dim(`${speed.provider}, against onnxruntime with its own optimizations on, ${sample}`)}`,
    ...table(rows, ' >  >').map((line) => `  ${line}`),
  ];
}
