/** The command: `npm run bench:gpu -- --size base --provider cuda`. Measures, prints the table, and writes both files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type KindName, kindNames, type SizeName, sizeNames } from '../fixtures/kinds.js';
import type { Target } from '../src/ir/targets/targets.js';
import { resolveTarget } from '../src/runtime/providers.js';
import { benchProvider } from './providers.js';
import { stepsFromText } from './steps.js';
import { tableOf } from './table.js';

const usage = `usage: npm run bench:gpu -- [--size ${sizeNames.join('|')}] [--provider auto|cpu|webgpu|cuda]
       [--models ${kindNames.join(',')}] [--steps 'bf16;bf16,fuse-attn'] [--rounds 15] [--sample-ms 200] [--seed 0] [--output bench/results]
`;

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'miniature' },
    provider: { type: 'string', default: 'auto' },
    models: { type: 'string', default: kindNames.join(',') },
    steps: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    'sample-ms': { type: 'string', default: '200' },
    seed: { type: 'string', default: '0' },
    output: { type: 'string', default: 'bench/results' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** Gives the word if it is allowed; otherwise ends the process with a message. */
function oneOf<Word extends string>(option: string, word: string, allowed: readonly Word[]): Word {
  if (!allowed.includes(word as Word)) {
    process.stderr.write(`--${option}: expected ${allowed.join(', ')}; found ${word}.\n\n${usage}`);
    process.exit(1);
  }
  return word as Word;
}

if (values.help) process.stdout.write(usage);
else {
  const size: SizeName = oneOf('size', values.size, sizeNames);
  const asked = oneOf('provider', values.provider, ['auto', 'cpu', 'webgpu', 'cuda'] as const);
  const provider: Target = asked === 'auto' ? await resolveTarget('auto') : asked;
  const result = await benchProvider({
    provider,
    size,
    kinds: values.models.split(',').map((name): KindName => oneOf('models', name, kindNames)),
    steps: values.steps === undefined ? undefined : stepsFromText(values.steps),
    seed: Number(values.seed),
    sampling: { rounds: Number(values.rounds), sampleMs: Number(values['sample-ms']) },
    onProgress: (text) => process.stderr.write(`${text}\n`),
  });
  const device = result.device
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .toLowerCase();
  const name = [result.date.slice(0, 10), ...(provider === 'cpu' ? [] : [provider]), device, size].join('-');
  await mkdir(values.output, { recursive: true });
  const table = tableOf(result);
  await writeFile(join(values.output, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  await writeFile(join(values.output, `${name}.md`), table);
  process.stdout.write(`${table}\nwritten to ${join(values.output, name)}.json and .md\n`);
}
