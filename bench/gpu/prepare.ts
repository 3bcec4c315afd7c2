/** What is done before the clock of a model runs: models are written and optimized, and rewrites proven, all cores at once. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { writeModel } from '../../src/onnx/write.js';
import type { Provider } from '../../src/runtime/isolate.js';
import type { Clock, Row } from './clock.js';
import { isFloat32, type Plan, plansFor, stepOf } from './plans.js';

export interface Place {
  /** The command's file, and where models are written. */
  readonly cli: string;
  readonly work: string;
  readonly provider: Provider;
  /** As the command takes it: `cuda:sm90`. */
  readonly target: string;
  readonly workers: number;
}

interface Said {
  readonly exit: number;
  readonly said: string;
  readonly ms: number;
}

/** The command, in a process of its own. */
export function optimize({ cli }: Place, words: readonly string[], timeout: number): Promise<Said> {
  return new Promise((done) => {
    const began = performance.now();
    execFile(process.execPath, [cli, ...words], { timeout, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const exit = error ? (typeof error.code === 'number' ? error.code : 124) : 0;
      done({ exit, said: `${stdout}\n${stderr}`.slice(-3000), ms: performance.now() - began });
    });
  });
}

/** Runs jobs, so many at a time, in their order. */
async function inTurn<T>(jobs: readonly (() => Promise<T>)[], workers: number): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async () => {
    for (let at = next++; at < jobs.length; at = next++) results[at] = await (jobs[at] as () => Promise<T>)();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

export const sizesOf = (dims: Plan['fixed'] = {}): string[] =>
  Object.entries(dims).flatMap(([name, size]) => ['--dim', `${name}=${size}`]);

/** Writes a model and what each step makes of it. */
export async function prepare(plan: Plan, place: Place, clock: Clock): Promise<Row[]> {
  const original = join(place.work, `${plan.name}.onnx`);
  await writeModel(plan.build(), original);
  clock.say(`${plan.name}: ${(statSync(original).size / 1e6).toFixed(0)} MB written`);
  const lists = [...new Set(plan.steps.map((step) => stepOf(step).passes))].filter(Boolean);
  const made = await inTurn(
    lists.map((passes, index) => async () => {
      const path = join(place.work, `${plan.name}-${index}.onnx`);
      const words = [original, '-o', path, '--passes', passes, '--target', place.target, ...sizesOf(plan.fixed)];
      const said = await optimize(place, [...words, '--verify', 'none', '--no-validate', '--force'], 300_000);
      return { path, ...said, ...(said.exit === 0 && { bytes: statSync(path).size }) };
    }),
    place.workers,
  );
  clock.say(`${plan.name}: optimized`);
  return plan.steps.map((step): Row => {
    if (isFloat32(step)) return { step, path: original };
    const { path, ...optimized } = made[lists.indexOf(stepOf(step).passes)] as (typeof made)[number];
    const isMade = optimized.exit === 0;
    return { step, optimize: optimized, ...(isMade ? { path } : { error: `optimize: exit ${optimized.exit}` }) };
  });
}

/** Every distinct rewrite of the miniatures, run on the device beside what it replaces, and passes that round against the model before. */
export async function proveRewrites(place: Place, clock: Clock, until: number): Promise<void> {
  const jobs = plansFor('mini').flatMap((plan) => {
    const whole = plan.steps.at(-1)?.includes('channels-last') ? 'exact,channels-last' : 'exact';
    const lists = plan.isProvenByPass ? [whole, 'half'] : [whole];
    return lists.map((passes) => () => proveOne(plan, passes, place, clock, until));
  });
  for (const plan of plansFor('mini')) await writeModel(plan.build(), join(place.work, `mini-${plan.name}.onnx`));
  clock.record.rewrites = await inTurn(jobs, place.workers);
  clock.save('rewrites');
}

async function proveOne(plan: Plan, passes: string, place: Place, clock: Clock, until: number) {
  const rest = { model: plan.name, passes };
  if (clock.seconds > until) {
    clock.record.leftOut.push(`rewrites of ${plan.name}, ${passes}`);
    return { ...rest, exit: undefined, ms: 0, said: '' };
  }
  const path = join(place.work, `mini-${plan.name}.onnx`);
  const result = join(place.work, `mini-${plan.name}-${passes.replaceAll(/\W+/g, '-')}.onnx`);
  const verify = passes === 'half' ? 'pass' : 'rewrite';
  const words = [
    path,
    '-o',
    result,
    '--passes',
    passes,
    '--target',
    place.provider,
    '--verify',
    verify,
    ...sizesOf(plan.dims),
  ];
  const said = await optimize(place, [...words, '--no-validate', '--force'], 90_000);
  clock.say(`rewrites of ${plan.name}, ${passes}: exit ${said.exit}`);
  return { ...rest, ...said };
}
