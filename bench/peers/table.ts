/** A comparison with another quantizer as a Markdown table. */
import type { MachineState } from '../machine.js';
import type { Ratio } from '../result.js';

export interface Row {
  readonly name: string;
  readonly isPeer: boolean;
  readonly bytes: number | undefined;
  /** Relative L2 of the worst output over all sets; NaN is null in JSON. */
  readonly error: number | undefined;
  /** Float32's CPU time over this one's. */
  readonly cpu: Ratio | undefined;
  /** The same of least times by the clock. */
  readonly wall: Ratio | undefined;
  readonly failure: string | undefined;
}

export interface Comparison {
  readonly model: string;
  readonly about: string;
  readonly sets: number;
  /** Least and middle milliseconds of float32 by the clock, and its CPU time. */
  readonly float: { readonly least: number; readonly median: number; readonly cpu: number };
  readonly rows: readonly Row[];
}

export interface Comparisons {
  readonly date: string;
  readonly machine: MachineState;
  readonly peers: string | undefined;
  readonly rounds: number;
  readonly comparisons: readonly Comparison[];
}

const errorText = (error: number | undefined): string =>
  error === undefined || Number.isNaN(error) ? 'not finite' : error.toPrecision(3);
const ratioText = (ratio: Ratio | undefined): string =>
  ratio ? `${ratio.median.toFixed(2)}× (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})` : '';

/** The best speed and the least error of what the other tool made and runs, each of any of its settings. */
export function bestOf(rows: readonly Row[]): { speed: Row; error: Row } | undefined {
  const peers = rows.filter((row) => row.isPeer && !row.failure && row.cpu && row.error !== undefined);
  const [first] = peers;
  if (!first) return undefined;
  const speed = peers.reduce((a, b) => ((b.cpu?.median ?? 0) > (a.cpu?.median ?? 0) ? b : a), first);
  const error = peers.reduce((a, b) => ((b.error as number) < (a.error as number) ? b : a), first);
  return { speed, error };
}

function verdictOf(rows: readonly Row[]): string {
  const best = bestOf(rows);
  if (!best) return 'No setting of quantize_dynamic makes a model that runs.';
  const own = rows
    .filter((row) => !row.isPeer && !row.name.startsWith('float32') && row.cpu && row.error !== undefined)
    .map((row) => {
      const speed = (row.cpu as Ratio).median / (best.speed.cpu as Ratio).median;
      const error = (row.error as number) / (best.error.error as number);
      return `${row.name}: ${speed.toFixed(2)} of its best speed, ${error.toFixed(2)} of its least error`;
    });
  return `quantize_dynamic's best speed: ${best.speed.name}; its least error: ${best.error.name}. ${own.join('; ')}.`;
}

const tableOf = ({ model, about, sets, float, rows }: Comparison): string =>
  [
    `## ${model}`,
    `${about}, ${sets} sets of inputs; float32 takes ${float.least.toPrecision(3)} ms at least, ${float.median.toPrecision(3)} in the median, ${float.cpu.toPrecision(3)} of CPU time.`,
    [
      '| result | file | relative L2 | speed by CPU time | speed by the clock |',
      '| --- | --- | --- | --- | --- |',
      ...rows.map(
        ({ name, isPeer, bytes, error, cpu, wall, failure }) =>
          `| ${isPeer ? 'quantize_dynamic ' : ''}${name} | ${bytes === undefined ? '' : `${(bytes / 1e6).toPrecision(3)} MB`} | ${failure ? `fails: ${failure.replaceAll('|', '/').slice(0, 120)}` : errorText(error)} | ${ratioText(cpu)} | ${ratioText(wall)} |`,
      ),
    ].join('\n'),
    verdictOf(rows),
  ].join('\n\n');

export function textOf({ date, machine, peers, rounds, comparisons }: Comparisons): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `${[
    '# int8 beside quantize_dynamic',
    `${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${machine.load.toFixed(1)} · ${machine.os} · ${versions.join(' · ')}${peers ? ` · quantize_dynamic of onnxruntime ${peers} in Python` : ' · quantize_dynamic was not there'}`,
    `Each file runs in a process of its own with all of the runtime's optimizations and the threads that it takes by itself, ${rounds} rounds in turn. Speed is float32's time over the file's, round by round, with an interval of 99 % confidence: CPU time of all threads, which sleep while they wait, and the least time by the clock in each round, which the load of the machine moves. Error: the worst output over all sets together, against float32 without the runtime's optimizations.`,
    ...comparisons.map(tableOf),
  ].join('\n\n')}\n`;
}
