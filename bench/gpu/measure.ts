/** Measures all steps of one model in turn, each in a process of its own. */
import { execFileSync } from 'node:child_process';
import { feedsOf } from '../../fixtures/feeds.js';
import { type Provider, RuntimeProcess, type Session, type Tensors } from '../../src/runtime/isolate.js';
import { compareTensors } from '../../src/validate/judge/accuracy.js';
import { measurePlacement } from '../../src/validate/placement.js';
import { ratioOf, timingOf } from '../statistics.js';
import { attentionKernels } from './attention-kernels.js';
import type { Clock, Row } from './clock.js';
import { BASELINES, type Plan, stepOf } from './plans.js';

interface Live {
  readonly row: Row;
  readonly runtime: RuntimeProcess;
  readonly session: Session;
  readonly samples: number[];
  readonly runs: number;
}

export interface MeasureOptions {
  readonly provider: Provider;
  readonly rounds: number;
  /** The script that asks for attention kernels; undefined where it lies beside this file. */
  readonly script?: string | undefined;
  /** False where the device computes nothing: nothing is timed or compared. */
  readonly computes: boolean;
}

export async function measure(plan: Plan, rows: readonly Row[], options: MeasureOptions, clock: Clock): Promise<void> {
  const feeds = feedsOf(plan.build(), plan.dims, 0) as unknown as Tensors;
  const live: Live[] = [];
  try {
    await loadAll(plan, rows, feeds, live, options, clock);
    if (options.computes) await takeTurns(live, feeds, options, clock);
    for (const { row, runtime } of live) {
      if (options.provider === 'cpu' || clock.isOver(`placement of ${plan.name}, ${row.step}`)) continue;
      const placed = measurePlacement(runtime, row.path as string, options.provider, feeds);
      row.placement = await placed.catch((error: Error) => error.message.slice(0, 300));
      clock.save();
    }
  } finally {
    for (const { runtime } of live) await runtime.close();
  }
  if (options.provider !== 'cuda') return;
  for (const row of rows) {
    if (!row.path || row.error || clock.isOver(`attention kernels of ${plan.name}, ${row.step}`)) continue;
    const [found] = attentionKernels([{ path: row.path, dims: plan.dims }], stepOf(row.step).env, options.script);
    if (found) row.attention = found.counts;
  }
  clock.save();
}

/** Loads each step, runs it once, and compares what it gives with float32 without TF32. */
async function loadAll(
  { name }: Plan,
  rows: readonly Row[],
  feeds: Tensors,
  live: Live[],
  { provider, computes }: MeasureOptions,
  clock: Clock,
): Promise<void> {
  let reference: Tensors | undefined;
  for (const row of rows) {
    if (!row.path || clock.isOver(`${name}, ${row.step}`)) continue;
    const before = usedMemory();
    const runtime = await RuntimeProcess.start({ timeoutMs: 150_000, env: stepOf(row.step).env });
    try {
      const session = await runtime.load(row.path, { provider, optimize: true });
      const { outputs, ms } = await session.run(feeds);
      if (computes) Object.assign(row, { createMs: session.createMs, firstMs: ms });
      const used = usedMemory();
      if (before !== undefined && used !== undefined) row.memory = used - before;
      reference ??= outputs;
      if (computes) row.accuracy = accuracyOf(reference, outputs);
      const times = computes ? (await session.time(feeds, 3)).ms : [ms];
      const runs = Math.min(100, Math.max(1, Math.ceil(120 / Math.min(...times))));
      live.push({ row, runtime, session, samples: [], runs });
      clock.say(`${name}, ${row.step || 'float32'}: created in ${session.createMs.toFixed(0)} ms, runs`);
    } catch (error) {
      row.error = (error as Error).message.slice(0, 600);
      clock.say(`${name}, ${row.step}: ${row.error}`);
      await runtime.close();
    }
    clock.save();
  }
}

/** The two outputs that are furthest off. */
const accuracyOf = (expected: Tensors, found: Tensors): Row['accuracy'] =>
  Object.entries(expected)
    .flatMap(([output, tensor]) => {
      const own = found[output];
      if (!own) return [];
      const { relativeL2, cosine, nonFinite } = compareTensors(output, tensor, own);
      return [{ output, relativeL2, cosine, nonFinite: nonFinite.result }];
    })
    .sort((a, b) => b.relativeL2 - a.relativeL2)
    .slice(0, 2);

/** Round after round one sample of each, in an order that rotates. */
async function takeTurns(
  live: readonly Live[],
  feeds: Tensors,
  { rounds }: MeasureOptions,
  clock: Clock,
): Promise<void> {
  for (let round = 0; round < rounds && clock.seconds < clock.budget; round++)
    for (let i = 0; i < live.length; i++) {
      const { session, samples, runs } = live[(round + i) % live.length] as Live;
      const times = (await session.time(feeds, runs + 1)).ms.slice(1);
      samples.push(times.reduce((sum, ms) => sum + ms, 0) / times.length);
    }
  const samplesOf = (step: string) => live.find(({ row }) => row.step === step)?.samples;
  const [tf32, float32] = [samplesOf(BASELINES.tf32), samplesOf(BASELINES.float32)];
  for (const { row, samples, runs } of live) {
    if (samples.length === 0) continue;
    const { median, low, high } = timingOf(samples, runs);
    row.run = { median, low, high, runsPerSample: runs };
    if (tf32 && row.step !== BASELINES.tf32) row.overTf32 = ratioOf(tf32, samples);
    if (float32 && row.step !== BASELINES.float32) row.overFloat32 = ratioOf(float32, samples);
  }
  clock.save();
}

/** Bytes in use on the first card, by its driver; undefined without one. */
function usedMemory(): number | undefined {
  try {
    const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
    const said = execFileSync('nvidia-smi', query, {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(said.split('\n')[0]) * 2 ** 20;
  } catch {
    return undefined;
  }
}
