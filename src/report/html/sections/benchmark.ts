/** How long original and result take: samples, the interval of their ratio, and the machine. */
import { bytesText, msRangeText, msText, ratioRangeText, ratioText } from '../../../ir/text/quantities.js';
import type { Report } from '../../../run/report/report.js';
import { type DotRow, dotsChart, ratioChart } from '../charts/dots.js';
import { html, type MarkupPart } from '../markup.js';
import { about, missing, type PageSection, plainTable } from './section.js';

type Speed = NonNullable<Report['speed']> & {
  readonly samples?: { readonly original: readonly number[]; readonly result: readonly number[] };
};

export function benchmarkSection(report: Report): PageSection {
  const { speed, notTimed } = report;
  return {
    id: 'benchmark',
    title: 'Benchmark',
    ...(speed && { count: ratioText(speed.ratio) }),
    body: speed
      ? timed(speed)
      : missing(
          `Nothing was timed${notTimed ? `: ${notTimed}` : ''}.`,
          'A run with --speed times original and result in turn.',
        ),
  };
}

function timed(speed: Speed): MarkupPart {
  const { provider, ratio, interval, significant, decidedBy, cpu, wall, inputs, run, create, first, samples } = speed;
  const clock = cpu && decidedBy !== 'wall' ? cpu : wall;
  const rows: DotRow[] = (['original', 'result'] as const).map((side) => {
    const { median, low, high } = run[side];
    return samples
      ? { name: side, samples: samples[side], middle: clock?.times[side] ?? middleOf(samples[side]) }
      : { name: side, samples: [], middle: median, low, high };
  });
  const verdict = significant ? (ratio > 1 ? 'faster' : 'slower') : 'not significant';
  const times = [
    ...(cpu ? [row(`CPU time, ${cpu.threads === 'one' ? 'one thread' : 'all threads'}`, cpu.times, cpu)] : []),
    ...(wall ? [row('by the clock', wall.times, wall)] : []),
    [
      'one run, median',
      ...(['original', 'result'] as const).map(
        (side) => `${msText(run[side].median)} ${msRangeText(run[side], run[side].median)}`,
      ),
      cpu || wall ? '' : ratioText(ratio),
    ],
    row('first run', first),
    row('session', create),
  ];
  return [
    about(
      `On ${provider}, against onnxruntime with its own optimizations on, in turn. ${cpu && decidedBy !== 'wall' ? `CPU time decides, ${cpu.pairs} pairs.` : `${run.result.runs} runs each.`} ${inputs}`,
    ),
    dotsChart(rows, `Times of a run: original ${msText(run.original.median)}, result ${msText(run.result.median)}`),
    ratioChart(ratio, interval, `Ratio ${ratioText(ratio)}, interval ${ratioRangeText(interval)}`),
    about(
      `${ratioText(ratio)} ${ratioRangeText(interval)}, ${verdict}. Above 1 the result is faster; the interval has 99 % confidence${samples ? '' : '. This report keeps no samples: lines are from the fastest to the slowest run'}.`,
    ),
    plainTable(['', 'original', 'result', 'ratio'], times, ' >>>'),
  ];
}

const middleOf = (samples: readonly number[]): number => [...samples].sort((a, b) => a - b)[samples.length >> 1] ?? 0;

const row = (
  name: string,
  { original, result }: { readonly original: number; readonly result: number },
  clock?: { readonly ratio: number; readonly interval: { readonly low: number; readonly high: number } },
): string[] => [
  name,
  msText(original),
  msText(result),
  clock ? `${ratioText(clock.ratio)} ${ratioRangeText(clock.interval)}` : '',
];

/** The machine in one line. */
export const machineText = ({ machine }: Report): string | undefined =>
  machine && `${machine.cpu}, ${machine.cores} cores, ${bytesText(machine.memory)}, ${machine.os} ${machine.arch}`;

/** Versions in one line. */
const versionsText = ({ versions }: Report): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');

/** What a recipe needs beside the command. */
export const machineRows = (report: Report): [string, MarkupPart][] => {
  const machine = machineText(report);
  return [
    ...(machine ? [['machine', machine] as [string, MarkupPart]] : []),
    ['versions', versionsText(report)],
    ['made', html`<time datetime="${report.created}">${report.created}</time>, ${msText(report.ms)}`],
  ];
};
