import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../../src/ir/build.js';
import { writeModel } from '../../../src/onnx/write.js';
import { Deadline } from '../../../src/run/pipeline/deadline.js';
import { RuntimeProcess } from '../../../src/runtime/isolate.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { decide, duel, isSettled } from '../../../src/validate/speed/duel.js';
import { tryOut } from '../../../src/validate/speed/heat.js';
import type { Estimate, TimePair } from '../../../src/validate/speed/statistics.js';

interface Noise {
  /** Of each run, as a logarithm. */
  readonly spread: number;
  /** The share of runs that other work makes longer, by up to a half. */
  readonly bursts: number;
  /** How far a place favours one model, and how much slower the machine gets from pair to pair. */
  readonly place: number;
  readonly drift: number;
}

/** What is found of two models in such noise, of which the first takes `ratio` times as long, and the pairs it took. */
async function found(seed: number, ratio: number, { spread, bursts, place, drift }: Noise, most: number) {
  const random = new Random(seed);
  let count = 0;
  const run = () => Math.exp(spread * random.normal() + (random.next() < bursts ? 0.4 * random.next() : 0));
  const estimate = (await decide(async () => {
    const favoured = ratio * Math.exp(place * random.normal());
    const pairs: TimePair[] = [];
    do {
      const slower = Math.exp(drift * count++);
      pairs.push([favoured * slower * run(), slower * run()]);
    } while (!isSettled(pairs) && pairs.length < most);
    return pairs;
  })) as Estimate;
  return { estimate, count };
}

async function share(ratio: number, noise: Noise, most: number, isSo: (estimate: Estimate) => boolean, of = 3000) {
  let count = 0;
  for (let seed = 0; seed < of; seed++) if (isSo((await found(seed, ratio, noise, most)).estimate)) count++;
  return count / of;
}

describe('a decision by few pairs', () => {
  const quiet = { spread: 0.005, bursts: 0, place: 0.02, drift: 0 };
  const shared = { spread: 0.03, bursts: 0.1, place: 0.02, drift: 0.01 };
  const crowded = { spread: 0.15, bursts: 0.3, place: 0.02, drift: 0.05 };

  it.each([
    ['a quiet machine', quiet],
    ['a shared machine', shared],
    ['a crowded machine', crowded],
  ] as const)('calls equal models different in less than 1 of 100 cases, on %s', async (_, noise) => {
    for (const most of [3, 6]) expect(await share(1, noise, most, ({ significant }) => significant)).toBeLessThan(0.01);
  });

  it('never calls the slower model faster, and sees 1.2 on a quiet machine by three pairs', async () => {
    expect(await share(1.2, shared, 6, ({ significant, ratio }) => significant && ratio < 1)).toBe(0);
    expect(await share(1.2, quiet, 6, ({ significant }) => significant, 300)).toBeGreaterThan(0.99);
    expect((await found(1, 1.2, { ...quiet, place: 0 }, 6)).count).toBe(3);
    // Nothing to be found: three pairs show it.
    expect((await found(1, 1, { ...quiet, place: 0 }, 6)).count).toBe(3);
  });

  it('believes what is found by a hair where another place agrees, and where there is time for one', async () => {
    const faster: TimePair[] = [1.05, 1.052, 1.051].map((ratio) => [ratio, 1]);
    const equal: TimePair[] = [1.001, 0.999, 1].map((ratio) => [ratio, 1]);
    const places = (...all: (readonly TimePair[] | undefined)[]) => decide(async (place) => all[place]);
    expect(await places(faster, faster)).toMatchObject({ significant: true });
    expect(await places(faster, equal)).toMatchObject({ significant: false });
    expect(await places(faster, undefined)).toMatchObject({ significant: false });
    const twice: TimePair[] = faster.map(([a, b]) => [2 * a, b]);
    expect(await places(twice, undefined)).toMatchObject({ significant: true });
  });
});

describe('a duel', () => {
  const model = (count: number) =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', [64]);
      for (let i = 0; i < count; i++) x = g.op('Sin', [x]);
      g.output('y', x, 'float32', [64]);
    });
  const feeds = { x: { type: 'float32', shape: [64], data: new Uint8Array(256) } } as const;
  let runtimes: RuntimeProcess[];
  beforeAll(async () => {
    runtimes = [await RuntimeProcess.start(), await RuntimeProcess.start()];
  });
  afterAll(async () => {
    for (const runtime of runtimes) await runtime.close();
  });

  it('runs on the sessions that were tried out, and on no others unless a hair decides', async () => {
    const loads: string[] = [];
    const raced = async (place: number, side: string) => {
      const runtime = runtimes[place] as RuntimeProcess;
      const own = await writeModel(model(3));
      const { createMs } = await runtime.load(own, { provider: 'cpu', optimize: true }).then(async (session) => {
        await session.park();
        return session;
      });
      loads.push(side);
      return { runtime, model: own, createMs };
    };
    const both = { original: await raced(0, 'original'), result: await raced(1, 'result') };
    const tried = await tryOut(both, feeds, { provider: 'cpu' });
    const ran = { original: tried.original.ms, result: tried.result.ms };
    const options = { provider: 'cpu', ran, loadMs: 0, budgetMs: 0 } as const;
    // Two places take eight pairs at most, and one takes three here.
    const race = await duel(both, feeds, options);
    expect(race?.decided.pairs).toBeLessThanOrEqual(6);
    if (race?.decided.pairs === 3) {
      expect(race.create).toEqual({ original: both.original.createMs, result: both.result.createMs });
      expect(race.first).toEqual(ran);
    }
    expect(await duel(both, feeds, { ...options, deadline: new Deadline(0) })).toBeUndefined();
    // What was run on these inputs last is not run again.
    const session = await both.original.runtime.load(both.original.model, { provider: 'cpu', optimize: true });
    const { ms } = await session.run(feeds);
    await session.park();
    expect((await tryOut(both, feeds, { provider: 'cpu' })).original.ms).toBe(ms);
  });
});
