/**
 * Measures compile time and memory by the number of layers, with repeats compiled once and with each compiled: `npm run bench:regional`.
 *
 * A measurement is one pipeline in its own process, from a model in memory to the result in memory, with all passes. Each
 * rewrite is verified, and nothing is compared at the end. Layers are narrow, so that weights take little of the time.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { encoder } from '../fixtures/encoder.js';
import { closeRuntime } from '../src/on-demand.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { optimize } from '../src/optimize.js';
import { plotOf } from '../src/report/plan/plot.js';
import { machineState } from './machine.js';
import { root } from './usage.js';

const PASSES = 'simplify,fuse,int8';
const LAYERS = [12, 24, 48, 96, 384];
const model = (layers: number) =>
  encoder({
    layers,
    hidden: 64,
    heads: 2,
    intermediate: 128,
    vocabulary: 100,
    positions: 64,
    seed: 0,
    norm: 'decomposed',
  });

interface Sample {
  readonly ms: number;
  /** User and system time of the process, without the runtime's child. */
  readonly cpuMs: number;
  /** CPU time of a second run in the process: the code is compiled, and the runtime's child has started. */
  readonly warmCpuMs: number;
  /** Largest resident set of the process, without the runtime's child. */
  readonly peakBytes: number;
  readonly nodes: number;
}

const { values } = parseArgs({
  options: {
    one: { type: 'string' },
    each: { type: 'boolean', default: false },
    passes: { type: 'string', default: PASSES },
    rounds: { type: 'string', default: '5' },
  },
});

/** Takes one measurement in this process. */
async function measure(layers: number, passes: string, regional: boolean): Promise<Sample> {
  // Generated weights are computed at each read. A model that is written and read back has them in a file.
  const before = await readModel(await writeModel(model(layers)));
  const run = async () => {
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    const { report } = await optimize(before, passes, { target: 'cpu', verify: 'rewrite', regional });
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - started, cpuMs: (user + system) / 1000, nodes: report.model.after.nodes };
  };
  const cold = await run();
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const { cpuMs: warmCpuMs } = await run();
  await closeRuntime();
  return { ...cold, warmCpuMs, peakBytes };
}

interface Row {
  readonly layers: number;
  readonly isRegional: boolean;
  readonly samples: readonly Sample[];
}

/** The least sample: other work on the machine only makes samples longer. */
const least = ({ samples }: Row, key: keyof Sample): number => Math.min(...samples.map((sample) => sample[key]));

/** Takes one sample of each row in each round, so that what slows the machine slows all rows. */
async function measureAll(rounds: number): Promise<Row[]> {
  const rows: (Row & { samples: Sample[] })[] = LAYERS.flatMap((layers) =>
    [false, true].map((isRegional) => ({ layers, isRegional, samples: [] })),
  );
  for (let round = 0; round < rounds; round++)
    for (const { layers, isRegional, samples } of rows) {
      const words = [process.argv[1] as string, '--one', String(layers), '--passes', values.passes];
      if (!isRegional) words.push('--each');
      const { stdout } = await promisify(execFile)(process.execPath, words);
      samples.push(JSON.parse(stdout));
    }
  return rows;
}

function tableOf(rows: readonly Row[]): string {
  const number = (value: number) => value.toFixed(0);
  const lines = LAYERS.map((layers) => {
    const [all, once] = [false, true].map((is) => rows.find((row) => row.layers === layers && row.isRegional === is));
    if (!all || !once) return '';
    const cells = [all, once].flatMap((row) => [
      number(least(row, 'ms')),
      number(least(row, 'cpuMs')),
      number(least(row, 'warmCpuMs')),
      number(least(row, 'peakBytes') / 1e6),
    ]);
    const less = (key: keyof Sample) => `${(least(all, key) / least(once, key)).toFixed(1)}×`;
    const ratio = `${less('ms')}; ${less('cpuMs')}, ${less('warmCpuMs')}`;
    return `| ${[layers, ...cells, ratio, number(least(all, 'nodes')), number(least(once, 'nodes'))].join(' | ')} |`;
  });
  return [
    '| layers | ms | CPU ms | warm | MB | regional: ms | CPU ms | warm | MB | less ms; less CPU, cold and warm | nodes | regional: nodes |',
    `|${' --- |'.repeat(12)}`,
    ...lines,
  ].join('\n');
}

/** Describes the growth of compile time from 12 layers to 96. */
function growthOf(rows: readonly Row[]): string {
  const [small, large] = [12, 96].map((layers) => rows.find((row) => row.layers === layers && row.isRegional));
  if (!small || !large) return '';
  const times = (['ms', 'cpuMs'] as const).map((key) => (least(large, key) / least(small, key)).toFixed(2));
  return `With \`regional\`, 96 layers take ${times[0]} times as long as 12, and ${times[1]} times the CPU time.`;
}

async function main(): Promise<void> {
  const machine = await machineState();
  const rows = await measureAll(Number(values.rounds));
  const date = new Date().toISOString();
  const head = `${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${machine.load.toFixed(1)} · ${machine.os}`;
  const sample = `The least of ${values.rounds} process(es) each; encoder, hidden size 64, \`${values.passes}\`, --verify rewrite, no comparison at the end. Cold: the start of the runtime's process and of JavaScript is in it; warm: a second run in the same process.`;
  const table = `# regional\n\n${head}\n\n${sample}\n\n${tableOf(rows)}\n\n${growthOf(rows)}\n\n![compile time by layers](${date.slice(0, 10)}-regional.svg)\n`;
  const folder = join(root, 'bench/results');
  await mkdir(folder, { recursive: true });
  const base = join(folder, `${date.slice(0, 10)}-regional`);
  const lines = [false, true].map((is) => ({
    name: is ? 'with regional' : 'without',
    points: rows.filter(({ isRegional }) => isRegional === is).map((row) => [row.layers, least(row, 'cpuMs')] as const),
  }));
  await writeFile(
    `${base}.json`,
    `${JSON.stringify({ version: 1, date, machine, passes: values.passes, rows }, undefined, 2)}\n`,
  );
  await writeFile(`${base}.md`, table);
  await writeFile(`${base}.svg`, plotOf(lines, { x: 'layers', y: 'CPU ms', title: 'Compile time by layers' }));
  process.stdout.write(`${table}\nwritten to ${base}.json, .md and .svg\n`);
}

if (values.one === undefined) await main();
else process.stdout.write(JSON.stringify(await measure(Number(values.one), values.passes, !values.each)));
