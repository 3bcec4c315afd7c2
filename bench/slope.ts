/**
 * CPU time of `optimize … --no-validate` for each byte of weights, as a ratio to `cp`: `npm run bench:slope`. Build first. The fixed part is that of the
 * same model at width 64. `--before folder` measures an earlier build as well, in turn with this one.
 */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encoder } from '../fixtures/encoder.js';
import { kinds } from '../fixtures/kinds.js';
import { writeModel } from '../src/onnx/write.js';
import { quantile } from '../src/validate/speed/statistics.js';
import { machineState } from './machine.js';
import { root, type Usage, usageOf } from './usage.js';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    passes: { type: 'string', default: 'exact half fp16 int8' },
    /** Behind the names of the files that are written. */
    suffix: { type: 'string', default: '' },
    output: { type: 'string', default: join(root, 'bench/results') },
  },
});

/** Of each byte, as ratios to `cp`. */
const GOALS: Readonly<Record<string, number>> = { exact: 1.2, half: 1.5, fp16: 1.5, int8: 2, int4: 4 };

const COPY = `const { copyFileSync } = require('node:fs');
const [, from, to] = process.argv;
copyFileSync(from, to);`;

const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-slope-'));
const date = new Date().toISOString();
const samples = new Map<string, Usage[]>();
const loads: number[] = [];
const builds = [...(values.before ? [['before', values.before] as const] : []), ['now', join(root, 'dist')] as const];
const passes = values.passes.split(' ');
let bytes = 0;
try {
  const { size } = kinds.encoder.sizes.base;
  const models = { whole: join(folder, 'whole.onnx'), narrow: join(folder, 'narrow.onnx') };
  bytes = (await writeModel(encoder({ ...size, seed: 0 }), models.whole)).bytes;
  const narrow = { ...size, hidden: 64, heads: 4, intermediate: 256, vocabulary: 512, positions: 64, seed: 0 };
  await writeModel(encoder(narrow), models.narrow);
  const out = join(folder, 'out.onnx');
  const sample = async (name: string, program: readonly string[]): Promise<void> => {
    // A virtual machine pays for a page when it takes it from its host: files are written to pages that were in use just before.
    await copyFile(models.whole, out);
    await rm(out);
    const list = samples.get(name) ?? [];
    samples.set(name, list);
    list.push(await usageOf(program));
    await rm(out, { force: true });
  };
  for (let round = 0; round < Number(values.rounds); round++) {
    await sample('copy', ['-e', COPY, models.whole, out]);
    await sample('node', ['-e', '0']);
    for (const one of passes)
      for (const [build, dist] of builds)
        for (const [kind, path] of Object.entries(models))
          await sample(`${one} ${build} ${kind}`, [
            ...[join(dist, 'cli.js'), path, '-o', out, '--passes', one],
            ...['--no-validate', '--target', 'cpu', '--quiet'],
          ]);
    loads.push((await machineState()).load);
    process.stderr.write(`round ${round + 1}\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const of = (name: string, what: 'cpuMs' | 'peakBytes' = 'cpuMs'): number[] =>
  (samples.get(name) ?? []).map((one) => one[what]);
/** The difference of two samples, round by round. */
const over = (name: string, fixed: string): number[] => of(name).map((ms, at) => ms - (of(fixed)[at] as number));
const three = (list: readonly number[], digits: number): string =>
  `${quantile(list, 0.5).toFixed(digits)} (${Math.min(...list).toFixed(digits)} to ${Math.max(...list).toFixed(digits)})`;
const copy = over('copy', 'node');
const rows = passes.flatMap((one) =>
  builds.map(([build]) => {
    const slope = over(`${one} ${build} whole`, `${one} ${build} narrow`);
    const cells = [
      ...[one, build, three(of(`${one} ${build} whole`), 0), three(of(`${one} ${build} narrow`), 0), three(slope, 0)],
      (quantile(slope, 0.5) / quantile(copy, 0.5)).toFixed(1),
      GOALS[one] ?? '',
      three(
        of(`${one} ${build} whole`, 'peakBytes').map((size) => size / 1e6),
        0,
      ),
    ];
    return `| ${cells.join(' | ')} |`;
  }),
);
const machine = await machineState();
const table = `# CPU time for each byte of weights

${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${three(loads, 1)} · ${machine.os} · node ${process.version}

Milliseconds of CPU time, user and system, of \`optimize --no-validate\` on ${(bytes / 1e6).toFixed(0)} MB of float32 (BERT-base's shape, random weights), median and range of ${values.rounds} rounds in turn. The slope is what the same model at width 64 does not take. A copy of the file takes ${three(copy, 0)} ms.

| passes | build | whole | width 64 | slope | × copy | goal | peak MB |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
await mkdir(values.output, { recursive: true });
const base = join(values.output, `${date.slice(0, 10)}-slope${values.suffix}`);
const result = { version: 1, date, machine, loads, bytes, samples: Object.fromEntries(samples) };
await writeFile(`${base}.json`, `${JSON.stringify(result, undefined, 1)}\n`);
await writeFile(`${base}.md`, table);
process.stdout.write(table);
