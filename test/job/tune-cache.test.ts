/** What tuning measured is kept in a file: shared between runs, models and machines, and gone on with after a kill. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encoder } from '../../fixtures/encoder.js';
import { fuseAct } from '../../passes/fuse-act.js';
import { fuseNorm } from '../../passes/fuse-norm.js';
import { symbol } from '../../src/ir/dims/dims.js';
import { substitute } from '../../src/ir/dims/substitute.js';
import type { Model } from '../../src/ir/model.js';
import { tensorType } from '../../src/ir/types.js';
import { setRanges } from '../../src/ir/whole-model/ranges.js';
import { openTuneCache } from '../../src/job/tune-cache.js';
import { wholeTuningTexts } from '../../src/report/words/tuning.js';
import type { Stopwatch } from '../../src/run/tune/trial.js';
import { isTunedOtherwise, raceSessions, raceWhole } from '../../src/run/tune/whole.js';
import { type KeepOptions, keptStopwatch } from '../../src/validate/speed/kept-races.js';
import { always, Judge, run, timed } from '../run/tune/judge.js';

const folder = mkdtempSync(join(tmpdir(), 'tune-cache-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const conditions = { provider: 'cpu', device: 'a CPU', runtime: '1.0.0', version: '0.0.1' };
const layers = (count: number, seed = 0): Model =>
  encoder({
    ...{ hidden: 16, heads: 2, intermediate: 24, vocabulary: 20, positions: 16, norm: 'decomposed' },
    ...{ layers: count, seed },
  });
const passes = [fuseNorm(), fuseAct()];

/** Tunes with what a file keeps; gives the report's rows, and how many races were run for it. */
async function tune(path: string, model: Model, more: Partial<KeepOptions> = {}, inner: Judge = always(2)) {
  const store = await openTuneCache(path);
  const { passes: found } = await run(model, passes, keptStopwatch(inner, { store, conditions, ...more }));
  return { rows: found.flatMap(({ tuning = [] }) => tuning), races: inner.races.length };
}

/** The model with a dim under another name. */
function renamed(model: Model, from: string, to: string): Model {
  for (const input of model.graph.inputs)
    if (input.type?.kind === 'tensor' && input.type.shape)
      input.type = tensorType(
        input.type.elem,
        input.type.shape.map((dim) => substitute(dim, new Map([[from, symbol(to)]]))),
      );
  return model;
}

describe('the cache of tuning', () => {
  it('answers for the same blocks: in another run, of another model, with other weights and names', async () => {
    const path = join(folder, 'shared.json');
    const first = await tune(path, layers(3));
    expect(first.races).toBe(2);
    expect(first.rows.map(({ speed }) => speed?.cached)).toEqual([undefined, undefined]);
    for (const model of [layers(3), layers(6, 7), renamed(layers(3), 'batch', 'N')]) {
      const again = await tune(path, model);
      expect(again.races).toBe(0);
      expect(again.rows.map(({ kept, speed }) => [kept, speed?.ratio])).toEqual([
        [true, 2],
        [true, 2],
      ]);
      for (const { speed } of again.rows) expect(speed?.cached).toMatch(/^\d{4}-\d\d-\d\dT/);
    }
  });

  it('does not answer for another machine, runtime, version, provider or size', async () => {
    const path = join(folder, 'apart.json');
    const known = await tune(path, layers(3));
    for (const more of [
      ...(['provider', 'device', 'runtime', 'version'] as const).map((name) => ({
        conditions: { ...conditions, [name]: 'another' },
      })),
      { dims: { sequence: 9 } },
    ])
      expect((await tune(path, layers(3), more)).races).toBe(known.races);
    const ranged = layers(3);
    setRanges(ranged, { sequence: { min: 1, max: 8, step: 1 } });
    expect((await tune(path, ranged)).races).toBe(known.races);
    // What was kept of others stays.
    expect((await tune(path, layers(3))).races).toBe(0);
  });

  it('is written after each race, so that a run that is killed is gone on with', async () => {
    const path = join(folder, 'killed.json');
    const killed = new Judge(() => {
      if (killed.races.length > 1) throw new Error('killed');
      return timed(2);
    });
    await expect(tune(path, layers(3), {}, killed)).rejects.toThrow('killed');
    expect(Object.keys((JSON.parse(readFileSync(path, 'utf8')) as { races: object }).races)).toHaveLength(1);
    expect((await tune(path, layers(3))).races).toBe(1);
    expect(readdirSync(folder).filter((name) => !name.endsWith('.json'))).toEqual([]);
  });

  it('keeps what two runs measure at a time', async () => {
    const path = join(folder, 'both.json');
    const [a, b] = [await openTuneCache(path), await openTuneCache(path)];
    const race = { ...conditions, measured: '2026-01-01T00:00:00.000Z', outcome: timed(2) as never };
    // Both at once: who reads before the other has written must not leave out what that writes.
    await Promise.all([a.set('one', race), b.set('two', race)]);
    const after = await openTuneCache(path);
    expect([after.get('one'), after.get('two'), after.get('__proto__')]).toEqual([race, race, undefined]);
  });

  it('ends no run where it cannot be written: what was measured is kept for the run, and the report says so', async () => {
    const own = join(folder, 'own');
    const store = await openTuneCache(join(own, 'lost.json'));
    rmSync(own, { recursive: true });
    const inner = always(2);
    const watch: Stopwatch = keptStopwatch(inner, { store, conditions });
    for (let i = 0; i < 2; i++) await watch.race(layers(1), layers(2), layers(2));
    expect(inner.races).toHaveLength(1);
    expect(store.fault).toMatch(/lost\.json/);
    const tuning = { device: 'a CPU', cacheFault: store.fault, sessions: [] };
    expect(wholeTuningTexts({ tuning })).toEqual([
      `what was measured is not kept, as the cache could not be written: ${store.fault}`,
    ]);
  });

  it('stops measuring when its time is over, and says so; what is known costs none', async () => {
    const path = join(folder, 'budget.json');
    const { rows, races } = await tune(path, layers(3), { budgetMs: 0 });
    expect(races).toBe(0);
    expect(rows).toHaveLength(2);
    expect(rows.map(({ kept, reason }) => [kept, reason])).toEqual(
      rows.map(() => [true, 'not measured: the 0 ms of --tune-budget are spent, and another run goes on from here']),
    );
    await tune(path, layers(3));
    expect((await tune(path, layers(3), { budgetMs: 0 })).rows.every(({ speed }) => speed?.cached)).toBe(true);
  });

  it('is no other file', async () => {
    const path = join(folder, 'other.json');
    for (const text of ['{"a":1}', 'no JSON']) {
      writeFileSync(path, text);
      await expect(openTuneCache(path)).rejects.toThrow(
        `tune-cache: ${path}: expected a file that an earlier run wrote, or none`,
      );
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
    await expect(openTuneCache(folder)).rejects.toThrow(
      `tune-cache: ${folder}: expected a file that may be read, or none; found a folder`,
    );
  });
});

describe('tuning of a whole result', () => {
  it('is no slower than without: parts that are faster each may be slower together', async () => {
    const [a, b] = [layers(1), layers(2)];
    const at = (ratio: number) => raceWhole(a, b, always(ratio));
    expect([(await at(2)).kept, (await at(0.5)).kept]).toEqual([true, false]);
    const all = await run(layers(3), passes, always(2));
    const some = await run(layers(3), passes, always(0.5));
    expect([isTunedOtherwise(all), isTunedOtherwise(some)]).toEqual([false, true]);
  });

  it('names the options of sessions that are fastest, if any are faster', async () => {
    const ratios = new Map([
      [1, 1.2],
      [2, 1.5],
      [3, 0.5],
    ]);
    const watch: Stopwatch = {
      race: async (_, __, ___, session) => timed(ratios.get(Number(session?.intraOpNumThreads)) ?? 1),
    };
    const choices = [1, 2, 3].map((intraOpNumThreads) => ({ intraOpNumThreads }));
    const trials = await raceSessions(layers(1), choices, watch, () => {});
    expect(trials.map(({ kept }) => kept)).toEqual([false, true, false]);
    expect((await raceSessions(layers(1), choices.slice(2), watch, () => {})).map(({ kept }) => kept)).toEqual([false]);
  });
});
