/**
 * Which of two models is faster. Both run as users run them, with all of the runtime's own optimizations on, each in
 * its process; blocks of runs alternate as original, result, result, original, so that a machine that warms up or is
 * shared slows both alike. Each block's first run is not counted: it waits for the other process's threads to rest.
 */
import type { Provider, RuntimeProcess, Session, Tensors } from '../runtime/isolate.js';
import type { Feeds } from './feeds.js';
import { ENOUGH, isSignificant, median, medianInterval, quantile } from './statistics.js';

/** Milliseconds: the median, its quartiles, and how many runs they come from. */
export interface Timing {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

export interface BothSides<T> {
  readonly original: T;
  readonly result: T;
}

export interface SpeedReport {
  readonly provider: Provider;
  /** Median of the original over median of the result: above 1 is faster. */
  readonly ratio: number;
  /** The ratio's interval of 95 % confidence, over the alternating blocks. */
  readonly interval: { readonly low: number; readonly high: number };
  /** False: the difference is inside the noise. */
  readonly significant: boolean;
  /** Steady state. */
  readonly run: BothSides<Timing>;
  /** Creating the session, in milliseconds: the median of the tries. */
  readonly create: BothSides<number>;
  /** The first run of a session. */
  readonly first: BothSides<number>;
  /** The inputs that were run, in words. */
  readonly inputs: string;
}

/** A model that can be loaded, and the process to load it in. */
export interface Contender {
  readonly runtime: RuntimeProcess;
  readonly model: string | Uint8Array;
}

export interface SpeedOptions {
  /** About how long the steady state may be measured; default 4 seconds. One slow run may take longer. */
  readonly budgetMs?: number;
  /** How many times the budget it may take to have rounds enough to prove something; default 5. */
  readonly patience?: number;
  readonly seed?: number;
}

/** A block lasts at least about this long: shorter ones measure the clock. */
const BLOCK_MS = 20;
const BLOCK_RUNS = 100;
const LONG_MS = 200;

/** Rounds of blocks: enough to prove something where there is patience for that. */
function roundsIn(budgetMs: number, patience: number, roundMs: number): number {
  const least = ENOUGH * roundMs <= patience * budgetMs ? ENOUGH : 2;
  return Math.max(least, Math.min(16, Math.floor(budgetMs / roundMs)));
}

/** Measures both on one set of inputs. Rejects with RuntimeError where one of them does not run. */
export async function measureSpeed(
  contenders: BothSides<Contender>,
  provider: Provider,
  { tensors: feeds, about }: Feeds,
  { budgetMs = 4000, patience = 5, seed = 0 }: SpeedOptions = {},
): Promise<SpeedReport> {
  const started = await startBoth(contenders, provider, feeds, budgetMs);
  const [a, b] = started.sessions;
  const runMs = median(await a.time(feeds, 2)) + median(await b.time(feeds, 2));
  const count = Math.max(1, Math.min(BLOCK_RUNS, Math.ceil((2 * BLOCK_MS) / Math.max(runMs, 0.01))));
  // A run that takes long outlasts the other process's threads by itself.
  const uncounted = runMs > LONG_MS ? 0 : 1;
  const roundMs = runMs * 2 * (count + uncounted);
  const rounds = roundsIn(budgetMs, patience, roundMs);
  const times: { a: number[]; b: number[] } = { a: [], b: [] };
  const logRatios: number[] = [];
  const begin = performance.now();
  for (let round = 0; round < rounds; round++) {
    // A machine that others use takes longer than was reckoned.
    if (round >= ENOUGH && performance.now() - begin > budgetMs) break;
    const block = { a: [] as number[], b: [] as number[] };
    for (const side of round % 2 === 0 ? (['a', 'b', 'b', 'a'] as const) : (['b', 'a', 'a', 'b'] as const))
      block[side].push(...(await (side === 'a' ? a : b).time(feeds, count + uncounted)).slice(uncounted));
    logRatios.push(Math.log(median(block.a) / median(block.b)));
    times.a.push(...block.a);
    times.b.push(...block.b);
  }
  await Promise.all([a.release(), b.release()]);
  const interval = medianInterval(logRatios, seed);
  return {
    provider,
    ratio: median(times.a) / median(times.b),
    interval: { low: Math.exp(interval.low), high: Math.exp(interval.high) },
    significant: isSignificant(logRatios, seed),
    run: { original: timingOf(times.a), result: timingOf(times.b) },
    create: started.create,
    first: started.first,
    inputs: about,
  };
}

const timingOf = (sample: readonly number[]): Timing => ({
  median: median(sample),
  low: quantile(sample, 0.25),
  high: quantile(sample, 0.75),
  runs: sample.length,
});

/** Creates both sessions several times, in changing order, while that is quick; the last ones stay. */
async function startBoth(
  contenders: BothSides<Contender>,
  provider: Provider,
  feeds: Tensors,
  budgetMs: number,
): Promise<{ sessions: [Session, Session]; create: BothSides<number>; first: BothSides<number> }> {
  const create = { original: [] as number[], result: [] as number[] };
  const first = { original: [] as number[], result: [] as number[] };
  const sessions: Partial<Record<keyof typeof create, Session>> = {};
  const begin = performance.now();
  const tries = 5;
  for (let i = 0; i < tries && (i === 0 || performance.now() - begin < budgetMs / 4); i++)
    for (const side of i % 2 === 0 ? (['original', 'result'] as const) : (['result', 'original'] as const)) {
      await sessions[side]?.release();
      const { runtime, model } = contenders[side];
      const session = await runtime.load(model, { provider, optimize: true });
      sessions[side] = session;
      create[side].push(session.createMs);
      first[side].push((await session.time(feeds, 1))[0]!);
    }
  return {
    sessions: [sessions.original!, sessions.result!],
    create: { original: median(create.original), result: median(create.result) },
    first: { original: median(first.original), result: median(first.result) },
  };
}
