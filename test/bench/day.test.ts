/** The day with a GPU, as far as it can be tested without one: every step is known, and the record becomes a page. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Clock } from '../../bench/gpu/clock.js';
import { BASELINES, plansFor, stepOf } from '../../bench/gpu/plans.js';
import { tableOf } from '../../bench/gpu/table.js';
import { parsePasses } from '../../src/run/parse.js';
import { builtIn } from '../../src/settings/plugins.js';

const folder = mkdtempSync(join(tmpdir(), 'day-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the day', () => {
  it.each(['full', 'mini'] as const)('has passes of the catalogue in each step, and both baselines (%s)', (scale) => {
    for (const { name, steps } of plansFor(scale)) {
      for (const step of steps) expect(() => parsePasses(stepOf(step).passes, builtIn), name).not.toThrow();
      expect(steps).toEqual(expect.arrayContaining(Object.values(BASELINES)));
    }
  });

  it.each(plansFor('mini').map((plan) => [plan.name, plan] as const))(
    'builds %s, and knows its sizes',
    (_, { build, dims }) => {
      const names = build().graph.inputs.flatMap(({ shape = [] }) =>
        shape.filter((dim) => typeof dim !== 'number').map(String),
      );
      for (const name of names) expect(dims).toHaveProperty(name);
    },
  );

  it('writes its record after each step, without folders of the machine', () => {
    const clock = new Clock(folder, 0, { scale: 'mini' });
    const step = { exit: 1, ms: 5, said: `nothing in ${join(tmpdir(), 'a')}` };
    clock.record.models.push({
      name: 'dit',
      like: 'Flux',
      dims: {},
      rows: [
        { step: '', path: join(tmpdir(), 'b'), run: { median: 2, low: 1, high: 3, runsPerSample: 4 } },
        { step: 'half', optimize: step, error: 'optimize: exit 1' },
      ],
    });
    clock.record.tuned = [
      {
        model: 'dit',
        candidate: 'fuse-attn',
        kept: true,
        ratio: 2,
        interval: { low: 1.9, high: 2.1 },
        significant: true,
      },
      { model: 'dit', candidate: 'int8', kept: false, reason: 'does not run' },
    ];
    expect(clock.isOver('vae')).toBe(true);
    clock.save('dit');
    const text = readFileSync(join(folder, 'day.json'), 'utf8');
    expect(text).not.toContain(tmpdir());
    expect(JSON.parse(text)).toMatchObject({
      leftOut: ['vae'],
      models: [{ rows: [{ run: { median: 2 } }, { error: 'optimize: exit 1' }] }],
    });
    const table = tableOf(clock.record);
    expect(table).toContain('| float32 | 2.00 [1.00, 3.00] |');
    expect(table).toContain('| dit | fuse-attn | 2.00 [1.90, 2.10] | yes |\n| dit | int8 | does not run | no |');
    expect(table).toContain('Left out: vae.');
  });
});
