/** How long original and result take: samples, the interval of their ratio, and the machine. */
import { bytesText, msRangeText, msText, ratioRangeText, ratioText } from '../../../ir/text/quantities.js';
import type { Report } from '../../../run/report/report.js';
import { speedRows } from '../../words/speed-rows.js';
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
  const { provider, ratio, interval, significant, decidedBy, cpu, wall, inputs, run, samples } = speed;
  const clock = cpu && decidedBy !== 'wall' ? cpu : wall;
  const rows: DotRow[] = (['original', 'result'] as const).map((side) => {
    const { median, low, high } = run[side];
    return samples
      ? { name: side, samples: samples[side], middle: clock?.times[side] ?? middleOf(samples[side]) }
      : { name: side, samples: [], middle: median, low, high };
  });
  const verdict = significant ? (ratio > 1 ? 'faster' : 'slower') : 'not significant';
  const ratios = {
    decides: `${ratioText(ratio)} ${ratioRangeText(interval)}`,
    clock: wall ? `${ratioText(wall.ratio)} by the clock ${ratioRangeText(wall.interval)}` : '',
    none: '',
  };
  const times = speedRows(speed).map(({ name, original, result, ranges, ratio: which }) => {
    const [first = '', second = ''] = ranges?.map((one) => ` ${msRangeText(one, one.median)}`) ?? [];
    return [name, `${msText(original)}${first}`, `${msText(result)}${second}`, ratios[which ?? 'none']];
  });
  return [
    about(
      `On ${provider}, against onnxruntime with its own optimizations on, in turn. ${cpu && decidedBy !== 'wall' ? `CPU time decides, ${cpu.pairs} pairs.` : `${run.result.runs} runs each.`} ${inputs}`,
    ),
    dotsChart(rows, `Times of a run: original ${msText(rows[0]?.middle ?? 0)}, result ${msText(rows[1]?.middle ?? 0)}`),
    ratioChart(ratio, interval, `Ratio ${ratioText(ratio)}, interval ${ratioRangeText(interval)}`),
    about(
      `${ratioText(ratio)} ${ratioRangeText(interval)}, ${verdict}. Above 1 the result is faster; the interval has 99 % confidence${samples ? '' : '. This report keeps no samples: lines are from the fastest to the slowest run'}.`,
    ),
    plainTable(['', 'original', 'result', 'ratio'], times, ' >>>'),
  ];
}

const middleOf = (samples: readonly number[]): number => [...samples].sort((a, b) => a - b)[samples.length >> 1] ?? 0;

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
