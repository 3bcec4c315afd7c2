/**
 * One run of ten minutes on a machine with a GPU: providers; each rewrite on the device; then six models, float32 with and without TF32 and step by step to
 * the whole stack, with placement, attention kernels and memory. `day.json` is written after every step. On hollow CUDA it is a rehearsal: what is placed and
 * which kernels are taken is real, nothing is timed or compared.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accelerators } from '../../src/ir/targets/targets.js';
import type { Provider } from '../../src/runtime/isolate.js';
import { probeProviders } from '../../src/runtime/providers.js';
import { machineState } from '../machine.js';
import { Clock } from './clock.js';
import { measure } from './measure.js';
import { plansFor, type Scale } from './plans.js';
import { type Place, prepare, proveRewrites } from './prepare.js';
import { tableOf } from './table.js';
import { tuneAll } from './tune.js';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'out' },
    cli: { type: 'string', default: 'dist/cli.js' },
    provider: { type: 'string', default: 'cuda' },
    architecture: { type: 'string', default: 'sm90' },
    scale: { type: 'string', default: 'full' },
    budget: { type: 'string', default: '510' },
    models: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    /** Where the script that asks for attention kernels lies, in a bundle. */
    script: { type: 'string' },
  },
});
const provider: Provider =
  values.provider === 'cpu' ? 'cpu' : (accelerators.find((one) => one === values.provider) ?? 'cuda');
const scale: Scale = values.scale === 'mini' ? 'mini' : 'full';
mkdirSync(values.out, { recursive: true });
const { architecture, scale: size, budget, rounds } = values;
const clock = new Clock(values.out, Number(budget), { provider, architecture, scale: size, budget, rounds });
const { record } = clock;
const place: Place = {
  cli: values.cli,
  work: mkdtempSync(join(tmpdir(), 'gpu-day-')),
  provider,
  target: provider === 'cuda' ? `cuda:${values.architecture}` : provider,
  workers: Math.max(2, Math.min(8, availableParallelism() - 2)),
};

record.machine = await machineState();
const probes = await probeProviders();
record.doctor = probes;
clock.save('doctor');
const own = probes.find((probe) => probe.provider === provider);
clock.say(
  probes.map((probe) => `${probe.provider}: ${probe.works ? (probe.device ?? 'works') : probe.reason}`).join(' · '),
);
if (!own?.works && !own?.places) {
  process.stdout.write(`${provider} does not work here: ${own?.reason}\n`);
  process.exit(3);
}
const small = scale === 'mini' ? 'models in miniature, and ' : '';
if (!own.works)
  record.rehearsal = `${small}${provider} takes nodes here but computes nothing (hollow CUDA): no times, no numbers`;
else if (small) record.rehearsal = `${small}${own.device ?? provider}: no times to quote`;

const names = values.models?.split(',');
const plans = plansFor(scale).filter(({ name }) => names?.includes(name) ?? true);
// Models are written and optimized while rewrites are proven, one behind the other.
let queue: Promise<unknown> = Promise.resolve();
const prepared = plans.map((plan) => {
  const rows = queue.then(() => prepare(plan, place, clock));
  queue = rows.catch(() => {});
  return { plan, rows };
});
await proveRewrites(place, clock, clock.budget / 4);
for (const { plan, rows } of prepared) {
  const { name, like, dims } = plan;
  const entry: (typeof record.models)[number] = { name, like, dims, rows: [] };
  record.models.push(entry);
  try {
    entry.rows = await rows;
    const options = { provider, rounds: Number(values.rounds), script: values.script, computes: own.works };
    await measure(plan, entry.rows, options, clock);
  } catch (error) {
    entry.error = (error as Error).message.slice(0, 600);
    clock.say(`${name}: ${entry.error}`);
  }
  clock.save(name);
}
// Nothing can be timed on a device that computes nothing.
if (own.works) await tuneAll(plans, place, clock);
const table = tableOf(record);
writeFileSync(join(values.out, 'day.md'), table);
process.stdout.write(table);
process.exit(0);
