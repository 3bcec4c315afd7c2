import { describe, expect, it } from 'vitest';
import { decoder } from '../../../fixtures/decoder.js';
import { encoder } from '../../../fixtures/encoder.js';
import { catalogue } from '../../../passes/index.js';
import type { Model } from '../../../src/ir/model.js';
import { printModel } from '../../../src/ir/whole-model/print.js';
import { writeModel } from '../../../src/onnx/write.js';
import { structureOf } from '../../../src/run/tune/structure.js';
import { variantsOf } from '../../../src/run/tune/tuning.js';
import { compareTensors, opCounts, randomFeeds } from '../../check-pass.js';
import { runModel } from '../../run-model.js';
import { always, counts, Judge, run, timed } from './judge.js';

const sizes = { hidden: 32, heads: 2, intermediate: 48, vocabulary: 50, seed: 0 };
const layers = (count: number) => encoder({ ...sizes, layers: count, positions: 32, norm: 'decomposed' });
const dims = { batch: 2, sequence: 5, past_sequence: 3, total_sequence: 8 };

const tuned = catalogue
  .map((factory) => factory())
  .filter((pass) => variantsOf(pass, { target: 'webgpu' }).length > 0 && !pass.definition.saves);

describe('tuning', () => {
  it.each([
    ['cpu', 'quarter'],
    ['webgpu', 'quarter,fp16'],
  ] as const)('changes nothing for %s where %s is faster on every block', async (target, list) => {
    const faster = await run(layers(3), list, always(2), target);
    const plain = await run(layers(3), list, undefined, target);
    expect(printModel(faster.model)).toBe(printModel(plain.model));
    expect(faster.passes.map(({ notes, skips, sites }) => ({ notes, skips, sites }))).toEqual(
      plain.passes.map(({ notes, skips, sites }) => ({ notes, skips, sites })),
    );
    expect(plain.passes.every(({ tuning, tuneMs }) => tuning === undefined && tuneMs === undefined)).toBe(true);
  });

  it.each(tuned.map((pass) => [pass.definition.name, pass] as const))(
    'leaves %s out of the blocks where it is slower, and says why',
    async (name, pass) => {
      // An encoder has no positions to turn.
      const before = name === 'fuse-rope' ? decoder({ ...sizes, layers: 3, kvHeads: 1 }) : layers(3);
      const slower = await run(before, [pass], always(0.5), 'webgpu');
      const plain = await run(before, [pass], undefined, 'webgpu');
      const [result] = slower.passes;
      expect(result?.tuning?.[0]).toMatchObject({ instances: 3, variant: name, kept: false, speed: { ratio: 0.5 } });
      expect(result?.tuning?.some(({ kept }) => kept)).toBe(false);
      const reason = `${name} takes 2.00× the time on one of 3 instances (1.98–2.02)`;
      expect(result?.skips.find((skip) => skip.reason === reason)?.count).toBeGreaterThanOrEqual(3);
      // The pass decides for nodes outside of blocks; the three layers hold most nodes.
      const changed = (model: Model) =>
        Object.entries(opCounts(model)).reduce((sum, [op, n]) => sum + Math.abs(n - counts(before, op)), 0);
      expect(changed(slower.model)).toBeLessThan(changed(plain.model) / 2);
    },
  );

  it('asks of one instance of each block, however many there are', async () => {
    for (const regional of [false, true]) {
      const races = await Promise.all(
        [6, 12].map(async (count) => {
          const judge = always(2);
          await run(layers(count), 'simplify,fuse,int8', judge, 'cpu', regional);
          return judge.races.map(([without, changed]) => [opCounts(without), opCounts(changed)]);
        }),
      );
      expect(races[0]!.length).toBeGreaterThanOrEqual(3);
      expect(races[1]).toEqual(races[0]);
    }
  });

  it('measures what a pass makes of weights that calls hand to a function', async () => {
    const { model } = await run(layers(3), 'outline', undefined);
    const judge = always(0.5);
    const { passes } = await run(model, 'int8', judge);
    expect(passes[0]?.tuning).toMatchObject([
      { instances: 3, variant: 'int8', kept: false },
      { instances: 3, variant: 'int8:weights=true', kept: false },
    ]);
    const [without, changed] = judge.races[0]!;
    expect([counts(without, 'MatMulInteger'), counts(changed, 'MatMulInteger')]).toEqual([0, 6]);
    await expect(writeModel(changed)).resolves.toBeInstanceOf(Uint8Array);
  });

  const decoders = (count: number) => decoder({ ...sizes, layers: count, kvHeads: 1 });
  const verdicts = {
    'all faster': () => timed(2),
    'all slower': () => timed(0.5),
    'int8 slower': (_: Model, changed: Model) => timed(counts(changed, 'MatMulInteger') ? 0.5 : 2),
    'another op for attention': (_: Model, changed: Model) => timed(counts(changed, 'Attention') ? 3 : 2),
  } as const;
  it.each([
    ...Object.keys(verdicts).map((name) => ['encoder', name, layers] as const),
    ['decoder', 'int8 slower', decoders] as const,
  ])('makes the same of stand-ins as of all repeats: %s, %s', async (_, name, modelOf) => {
    const outcome = verdicts[name as keyof typeof verdicts];
    const list = 'simplify,fuse,int8';
    const before = modelOf(7);
    const judges = [new Judge(outcome), new Judge(outcome)] as const;
    const whole = await run(before, list, judges[0], 'cpu', false);
    const once = await run(before, list, judges[1], 'cpu', true);
    expect(once.repeats[0]?.once).toBeGreaterThan(1);
    expect(once.repeats.map(({ reason }) => reason)).not.toContainEqual(expect.stringContaining('what is measured'));
    expect(opCounts(once.model)).toEqual(opCounts(whole.model));
    const rows = (result: typeof once) => result.passes.flatMap(({ tuning = [] }) => tuning);
    const shown = (result: typeof once) => rows(result).map((row) => `${row.variant} ${row.instances} ${row.kept}`);
    expect(shown(once)).toEqual(shown(whole));
    expect(rows(once).every(({ instances }) => instances === 7)).toBe(true);
    // A stand-in is raced with the weights of one repeat, because a bank cannot be written.
    const raced = judges.map(({ races }) => races.flat().map((one) => structureOf(one)));
    expect(raced[1]).toEqual(raced[0]);
    for (const part of judges[1].races.flat()) await expect(writeModel(part)).resolves.toBeInstanceOf(Uint8Array);
    const feeds = randomFeeds(before, dims);
    const [a, b] = [await writeModel(once.model), await writeModel(whole.model)];
    compareTensors(await runModel(a, feeds), await runModel(b, feeds), 0);
  });

  it.each([
    ['cpu', 'int8', 'MatMulNBits', 'int8:weights=true'],
    ['cpu', 'int4:block=32', 'block 64', 'int4:block=64'],
    ['webgpu', 'int4:block=32', 'block 128', 'int4:block=128'],
  ] as const)(
    'on %s chooses another form of %s, with %s, where that is faster',
    async (target, list, what, variant) => {
      const wide = () => encoder({ ...sizes, hidden: 128, intermediate: 128, layers: 3, positions: 32 });
      const isOther = (model: Model): boolean =>
        [...model.graphs()].some((graph) =>
          [...graph.nodeSet].some(
            (node) =>
              node.opType === 'MatMulNBits' &&
              (what === 'MatMulNBits' || node.int('block_size', 0) === Number(what.slice(6))),
          ),
        );
      const judge = new Judge((_, changed) => timed(isOther(changed) ? 3 : 0.9));
      const { model, passes } = await run(wide(), list, judge, target);
      const rows = passes[0]?.tuning ?? [];
      expect(rows.filter(({ kept }) => kept).map((row) => row.variant)).toEqual([variant]);
      expect(isOther(model)).toBe(true);
    },
  );
});
