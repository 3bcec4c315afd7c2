/**
 * CPU time of starts: an empty Node program, the import of the library, `--help`, and `exact` on a model of few numbers, as a command and in a process
 * that has done it before: `npm run bench:startup`. Build first. `--before folder` measures an earlier build as well, in turn with this one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { encoder } from '../fixtures/encoder.js';
import { kinds } from '../fixtures/kinds.js';
import { writeModel } from '../src/onnx/write.js';
import { median } from '../src/validate/speed/statistics.js';
import { writeBudget } from './budget.js';
import { root, usageOf } from './usage.js';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    /** Behind the names of the files that are written. */
    suffix: { type: 'string', default: '' },
  },
});

/** Milliseconds of CPU time. */
const BUDGETS: Readonly<Record<string, number>> = { '--help': 150, exact: 600, 'exact again': 30 };
/** Of the import, above Node itself. */
const IMPORT = 60;
/** A model is optimized this often before the time of the next ten counts. */
const WARM = 30;

const samples = new Map<string, number[]>();
const add = (name: string, ms: number): void => void samples.set(name, [...(samples.get(name) ?? []), ms]);

const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-startup-'));
const builds = [['now', join(root, 'dist')], ...(values.before ? [['before', values.before] as const] : [])] as const;
try {
  const narrow = { hidden: 64, heads: 4, intermediate: 256, vocabulary: 512, positions: 64, seed: 0 };
  const [deep, three, out] = ['deep.onnx', 'three.onnx', 'out.onnx'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeModel(encoder({ ...kinds.encoder.sizes.base.size, ...narrow }), deep);
  await writeModel(encoder({ ...kinds.encoder.sizes.base.size, ...narrow, layers: 3 }), three);
  const programs = (dist: string): Readonly<Record<string, readonly string[]>> => {
    const library = pathToFileURL(join(dist, 'index.js')).href;
    const again = `const { optimize, readModel } = await import('${library}');
      const run = async (times) => {
        for (; times > 0; times--) await optimize(await readModel(${JSON.stringify(three)}), 'exact', { verify: 'none', target: 'cpu' });
      };
      await run(${WARM});`;
    return {
      import: ['--input-type=module', '-e', `import '${library}'`],
      '--help': [join(dist, 'cli.js'), '--help'],
      exact: [
        ...[join(dist, 'cli.js'), deep, '-o', out, '--passes', 'exact'],
        ...['--no-validate', '--target', 'cpu', '--quiet'],
      ],
      'exact again': ['--input-type=module', '-e', `${again} await run(10);`],
      'exact before': ['--input-type=module', '-e', again],
    };
  };
  for (let round = 0; round < Number(values.rounds); round++) {
    add('node', (await usageOf(['--input-type=module', '-e', '0'])).cpuMs);
    for (const [build, dist] of builds) {
      for (const [name, program] of Object.entries(programs(dist))) {
        add(`${name}, ${build}`, (await usageOf(program)).cpuMs);
        await rm(out, { force: true });
      }
      const [all, before] = ['exact again', 'exact before'].map((name) => samples.get(`${name}, ${build}`)?.pop());
      samples.delete(`exact before, ${build}`);
      add(`exact again, ${build}`, ((all as number) - (before as number)) / 10);
    }
    process.stderr.write(`round ${round + 1}\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const node = median(samples.get('node') ?? []);
await writeBudget(`startup${values.suffix}`, {
  unit: 'ms of CPU',
  rows: [...samples].map(([name, list]) => {
    const [what = ''] = name.split(', ');
    const isNow = name.endsWith(', now');
    return {
      name,
      value: median(list),
      spread: [Math.min(...list), Math.max(...list)],
      budget: isNow ? (what === 'import' ? Math.round(node + IMPORT) : BUDGETS[what]) : undefined,
      note: what === 'node' || what === 'exact again' ? '' : `${(median(list) - node).toFixed(0)} above Node`,
    };
  }),
  sample: `median of ${values.rounds} starts, in turn; spread is from the least to the most. exact: twelve layers of width 64; again: three layers, in a process that has done it ${WARM} times`,
});
