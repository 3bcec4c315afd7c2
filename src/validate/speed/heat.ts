/**
 * One heat of a race: both models are loaded, and take turns. Its rounds run in the order original, result, result, original, or the other way
 * round; long runs one by one, first one side first, then the other.
 */

import { append } from '../../ir/collections/lists.js';
import { isHost } from '../../ir/targets/targets.js';
import type { LoadOptions, RunTimes, RuntimeProcess, Session, Tensors } from '../../runtime/isolate.js';
import { fastest, median, type TimePair } from './statistics.js';

export interface BothSides<T> {
  readonly original: T;
  readonly result: T;
}

const sides = ['original', 'result'] as const;
type RaceSide = (typeof sides)[number];

/** A model that can be loaded, and the process to load it in. */
export interface RacedModel {
  readonly runtime: RuntimeProcess;
  readonly model: string | Uint8Array;
  /** Options of its sessions beside those of the race. */
  readonly load?: Partial<LoadOptions> | undefined;
}

/** The clock that decides. */
export type Clock = 'ms' | 'cpuMs';

/** One round: its times, all runs of each side. */
export interface Round {
  readonly ms: BothSides<number[]>;
  readonly cpuMs: BothSides<number[]>;
}

export interface Heat {
  readonly create: BothSides<number>;
  /** The first run of each session. */
  readonly first: BothSides<number>;
  readonly rounds: readonly Round[];
}

export interface HeatOptions {
  readonly load: LoadOptions;
  readonly by: Clock;
  /** The heat's number decides which process runs which model and which goes first. */
  readonly number: number;
  /** Runs take turns one by one, however short they are. */
  readonly isLong?: boolean;
  /** Milliseconds of the first run of each side, where sessions that have done it are parked: rounds begin at once. */
  readonly ran?: BothSides<number> | undefined;
  /** Asked after each round. `loadMs`: the milliseconds until the first; `ranMs`: those since. */
  isOver(rounds: readonly Round[], loadMs: number, ranMs: number): boolean;
}

/** A turn lasts at least about this long: a shorter one measures how a process wakes up. */
const TURN_MS = 20;
const MOST_RUNS = 100;

/**
 * Runs of this length take turns one by one, original and result: each outlasts the other process's spinning threads.
 */
const LONG_MS = 250;

/** Milliseconds of uncounted runs on a GPU, as it compiles shaders and raises its clock. */
const WARM_MS = 500;

/** Runs rounds on two sessions that it loads and releases. */
export async function heat(
  { original, result }: BothSides<RacedModel>,
  feeds: Tensors,
  { load, by, number, isLong: isAsked = false, ran, isOver }: HeatOptions,
): Promise<Heat> {
  const began = performance.now();
  const [a, b] = number % 2 === 0 ? [original, result] : [result, original];
  const lanes = {
    original: { ...original, runtime: a.runtime },
    result: { ...result, runtime: b.runtime },
  };
  const order = number % 4 < 2 ? sides : sides.toReversed();
  const sessions: Partial<Record<RaceSide, Session>> = {};
  const create = { original: 0, result: 0 };
  const first = { original: 0, result: 0 };
  const time = (side: RaceSide, count: number): Promise<RunTimes> => (sessions[side] as Session).time(feeds, count);
  try {
    let runMs = 0;
    for (const side of order) {
      const session = await lanes[side].runtime.load(lanes[side].model, asRaced(load, lanes[side]));
      sessions[side] = session;
      create[side] = session.createMs;
      const times = ran ? undefined : await time(side, 1);
      first[side] = times?.ms[0] ?? (ran as BothSides<number>)[side];
      runMs += (times?.[by][0] ?? first[side]) / 2;
    }
    const isGpu = !isHost(load.provider);
    if (!isAsked && (runMs < LONG_MS || isGpu)) {
      const count = isGpu ? Math.min(MOST_RUNS, Math.max(3, Math.ceil(WARM_MS / runMs))) : 1;
      const warm: number[] = [];
      for (const side of order) append(warm, (await time(side, count))[by]);
      runMs = median(warm);
    }
    const isLong = isAsked || runMs > LONG_MS;
    const runs = Math.max(1, Math.min(MOST_RUNS, Math.ceil(TURN_MS / runMs)));
    // Threads spin for a while after their turn.
    const uncounted = load.threads === 1 || !load.spins || isLong ? 0 : 1;
    const loaded = performance.now();
    const rounds: Round[] = [];
    do {
      const [one, other] = (rounds.length % 2 === 0 ? order : order.toReversed()) as [RaceSide, RaceSide];
      const round: Round = { ms: { original: [], result: [] }, cpuMs: { original: [], result: [] } };
      for (const side of isLong ? [one, other] : [one, other, other, one]) {
        const times = await time(side, runs + uncounted);
        append(round.ms[side], times.ms.slice(uncounted));
        append(round.cpuMs[side], times.cpuMs.slice(uncounted));
      }
      rounds.push(round);
    } while (!isOver(rounds, loaded - began, performance.now() - loaded));
    return { create, first, rounds };
  } finally {
    for (const side of sides) await sessions[side]?.release();
  }
}

/** The options that a model is raced with. */
const asRaced = (load: LoadOptions, model: Pick<RacedModel, 'load'>): LoadOptions => ({
  ...load,
  optimize: true,
  ...model.load,
});

/** What a session took to be created, and its first run. */
interface Tried {
  readonly createCpuMs: number;
  readonly ms: number;
}

/** Loads each side, runs it once unless these inputs were its last, and parks it. */
export async function tryOut(
  raced: BothSides<RacedModel>,
  feeds: Tensors,
  load: LoadOptions,
): Promise<BothSides<Tried>> {
  const tried = async (side: RacedModel): Promise<Tried> => {
    const session = await side.runtime.load(side.model, asRaced(load, side));
    try {
      const { createCpuMs, last } = session;
      const ms = last?.feeds === feeds ? last.ms : (await session.time(feeds, 1)).ms[0];
      return { createCpuMs, ms: ms as number };
    } finally {
      await session.park();
    }
  };
  return { original: await tried(raced.original), result: await tried(raced.result) };
}

/** The times of one round by a clock: of the runs of a side the fastest. */
export const pairOf = (round: Round, by: Clock): TimePair => [fastest(round[by].original), fastest(round[by].result)];
