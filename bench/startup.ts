/** CPU time of `optimize --help`, and of an empty Node program: `npm run bench:startup`. Build first. */
import { join } from 'node:path';
import { median } from '../src/validate/speed/statistics.js';
import { writeBudget } from './budget.js';
import { root, usageOf } from './usage.js';

/** Milliseconds of CPU time that `--help` may take. */
const BUDGET = 150;
const ROUNDS = 15;

const programs = { node: ['-e', '0'], 'optimize --help': [join(root, 'dist/cli.js'), '--help'] };
const samples: Record<string, number[]> = { node: [], 'optimize --help': [] };
for (let round = 0; round < ROUNDS; round++)
  for (const [name, program] of Object.entries(programs)) samples[name]?.push((await usageOf(program)).cpuMs);

await writeBudget('startup', {
  unit: 'ms of CPU',
  rows: Object.entries(samples).map(([name, list]) => ({
    name,
    value: median(list),
    spread: [Math.min(...list), Math.max(...list)],
    budget: name === 'node' ? undefined : BUDGET,
  })),
  sample: `median of ${ROUNDS} starts, alternating; spread is from the least to the most`,
});
