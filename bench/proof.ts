/**
 * CPU time and memory of the default command, proof included, beside `--no-validate`: `npm run bench:proof`. Build first; Linux only. `--before folder`
 * measures an earlier build as well, in turn with this one. All processes of the command are counted.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encoder } from '../fixtures/encoder.js';
import { kinds } from '../fixtures/kinds.js';
import type { Model } from '../src/ir/model.js';
import { writeModel } from '../src/onnx/write.js';
import { RuntimeProcess } from '../src/runtime/isolate.js';
import { makeFeeds } from '../src/validate/inputs/feeds.js';
import { typicalSizes } from '../src/validate/inputs/sizes.js';
import { median } from '../src/validate/speed/statistics.js';
import { machineState } from './machine.js';
import { peakOf, type TreeUsage, treeUsage } from './tree-usage.js';
import { root } from './usage.js';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    output: { type: 'string', default: join(root, 'bench/results') },
  },
});

/** CPU milliseconds of one run at typical sizes, and the resident set of a process that has run it, all optimizations on. */
async function bareOf(model: Model, path: string): Promise<{ readonly runMs: number; readonly bytes: number }> {
  const runtime = await RuntimeProcess.start({ timeoutMs: 1_200_000 });
  try {
    const session = await runtime.load(path, { provider: 'cpu', optimize: true });
    const [sizes] = typicalSizes;
    const { tensors } = makeFeeds(model, { seed: 0, sizes: sizes as (typeof typicalSizes)[number], variant: 'full' });
    const { cpuMs } = await session.time(tensors, 3);
    return { runMs: median(cpuMs), bytes: peakOf(runtime.pid as number) };
  } finally {
    await runtime.close();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-proof-'));
const date = new Date().toISOString();
const builds = [...(values.before ? [['before', values.before] as const] : []), ['now', join(root, 'dist')] as const];
const loads: number[] = [];
const samples: Record<string, TreeUsage[]> = {};
const model = encoder({ ...kinds.encoder.sizes.base.size, seed: 0 });
const path = join(folder, 'model.onnx');
const { bytes } = await writeModel(model, path);
let bare: Awaited<ReturnType<typeof bareOf>>;
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [build, dist] of builds)
      for (const [kind, more] of [
        ['proven', []],
        ['not validated', ['--no-validate']],
      ] as const) {
        const words = [join(dist, 'cli.js'), path, '-o', join(folder, 'out.onnx'), '--quiet', '--force', ...more];
        (samples[`${build}, ${kind}`] ??= []).push(await treeUsage(process.execPath, words, folder));
      }
    loads.push((await machineState()).load);
    process.stderr.write(`round ${round + 1}\n`);
  }
  bare = await bareOf(model, path);
} finally {
  await rm(folder, { recursive: true, force: true });
}

const spread = (list: readonly number[], digits: number): string =>
  `${median(list).toFixed(digits)} (${Math.min(...list).toFixed(digits)} to ${Math.max(...list).toFixed(digits)})`;
const rows = builds.map(([build]) => {
  const [proven = [], plain = []] = [`${build}, proven`, `${build}, not validated`].map((key) => samples[key]);
  const seconds = (list: readonly TreeUsage[]): number[] => list.map(({ cpuMs }) => cpuMs / 1000);
  const goal = 3 * median(seconds(plain)) + (4 * bare.runMs) / 1000;
  const cells = [
    ...[build, spread(seconds(proven), 1), spread(seconds(plain), 1), goal.toFixed(1)],
    (median(seconds(proven)) / goal).toFixed(2),
    spread(
      proven.map(({ peakBytes }) => peakBytes / 1e6),
      0,
    ),
  ];
  return `| ${cells.join(' | ')} |`;
});
const machine = await machineState();
const table = `# What the proof of the default command takes

${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${spread(loads, 0)} · ${machine.os} · node ${process.version}

Seconds of CPU time of all processes of \`optimize model.onnx\`, passes \`exact\`, on ${(bytes / 1e6).toFixed(0)} MB of float32 (BERT-base's shape, random weights), median and range of ${values.rounds} rounds in turn. The goal is three times what \`--no-validate\` takes, and two runs of each model, of ${(bare.runMs / 1000).toFixed(2)} s. Memory is the largest sum of resident sets; two processes that hold a session of the original each, and nothing else, have ${((2 * bare.bytes) / 1e6).toFixed(0)} MB.

| build | proven, s | not validated, s | goal, s | × goal | peak MB |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
await mkdir(values.output, { recursive: true });
const base = join(values.output, `${date.slice(0, 10)}-proof`);
await writeFile(
  `${base}.json`,
  `${JSON.stringify({ version: 1, date, machine, loads, bytes, bare, samples }, undefined, 1)}\n`,
);
await writeFile(`${base}.md`, table);
process.stdout.write(table);
process.exit();
