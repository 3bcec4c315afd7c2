import { afterAll, describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { RuntimeProcess } from '../../../src/runtime/isolate.js';
import { validate } from '../../../src/validate/index.js';
import { withCoverage } from '../../../src/validate/inputs/coverage.js';
import { makeFeeds } from '../../../src/validate/inputs/feeds.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { rowDependence } from '../../../src/validate/inputs/rows.js';

const SIZE = 16;
const random = new Random(1);
const numbers = Array.from({ length: SIZE * SIZE }, () => random.normal());
const bytes = numbers.map((number) => Math.round(20 * number));

type Define = (g: GraphBuilder, x: Value) => Value;
const taking = (define: Define, batch: string | number = 'batch'): Model =>
  buildModel({ '': 17 }, (g) => g.output('y', define(g, g.input('x', 'float32', [batch, SIZE]))));
const exact: Define = (g, x) =>
  g.op('MatMul', [
    x,
    g.constant(
      'float32',
      bytes.map((byte) => byte / 20),
      [SIZE, SIZE],
    ),
  ]);

/** The product with one scale for the whole of x. */
const oneScale: Define = (g, x) => {
  const quantized = g.node('DynamicQuantizeLinear', [x], {}, { outputs: 3 });
  const [q, scale, zero] = quantized.outputs as [Value, Value, Value];
  const product = g.op('MatMulInteger', [q, g.constant(tensorOf('int8', bytes, [SIZE, SIZE])), zero]);
  const back = g.op('Mul', [g.op('Cast', [product], { to: 1 }), scale]);
  return g.op('Mul', [back, g.constant('float32', 1 / 20)]);
};

describe('rows of a batch', () => {
  const runtime = RuntimeProcess.start();
  afterAll(async () => (await runtime).close());

  const dependence = async (before: Model, after: Model) => {
    const load = async (model: Model) => (await runtime).load(await writeModel(model), { provider: 'cpu' });
    return rowDependence(before, makeFeeds(before).tensors, await load(before), await load(after));
  };

  it('touch each other where one scale holds for all of them', async () => {
    const found = await dependence(taking(exact), taking(oneScale));
    expect(found!.effects.map(({ row }) => row)).toEqual(expect.arrayContaining(['outlier', 'inf']));
    const outlier = found!.effects.find(({ row }) => row === 'outlier')!;
    expect(outlier.change).toBeGreaterThan(0.5);
    expect(found!.effects.find(({ row }) => row === 'inf')).toMatchObject({ change: null });
    expect(found!.texts).toContain(
      'a row of infinities makes other rows of the batch NaN or infinite; before it did not',
    );
    const report = await validate(taking(exact), taking(oneScale), {
      provider: 'cpu',
      speed: false,
      fidelity: 'lossy',
    });
    expect(report.accuracy.rows).toEqual(found!.effects);
    expect(report.accuracy.warnings).toEqual(expect.arrayContaining([...found!.texts]));
  });

  it('are not tried where a run is long, and the report says so', async () => {
    const turns: Define = (g, x) => {
      const body = g.body('body', (b) => {
        b.input('i', 'int64', []);
        b.input('go', 'bool', []);
        const carried = b.input('carried', 'float32', ['batch', SIZE]);
        b.output('go_on', b.constant('bool', 1), 'bool', []);
        b.output('next', b.op('Neg', [carried]), 'float32', ['batch', SIZE]);
      });
      return g.op('Loop', [g.constant('int64', 300_000), g.constant('bool', 1), x], { body });
    };
    const long = taking((g, x) => exact(g, turns(g, x)));
    const options = { provider: 'cpu', speed: false, fidelity: 'lossy', mostSets: 1 } as const;
    const { accuracy } = await validate(long, long, options);
    expect(accuracy.rows).toBeUndefined();
    expect(accuracy.notes).toEqual([
      expect.stringMatching(/^not tried for lack of time, as one run of a few rows takes .*: whether an odd row/),
    ]);
  });

  it('load nothing where there is no batch: what is parked is timed next', async () => {
    const model = taking(exact, 2);
    const source = await writeModel(model);
    const host = await runtime;
    const parked = await host.load(source, { provider: 'cpu', optimize: true });
    await parked.park();
    const side = { model, runtime: host, prepared: async () => ({ model, source, files: [], close: () => {} }) };
    const run = { feeds: makeFeeds(model), outputs: {}, ms: 1 };
    const reference = { runs: [run], meanings: new Map(), base: 1, notCompared: [], notes: [] };
    const { accuracy } = await validate(model, model, { provider: 'cpu', speed: false, fidelity: 'lossy' });
    await withCoverage(accuracy, reference, [side, side]);
    expect(await host.load(source, { provider: 'cpu', optimize: true })).toBe(parked);
  });

  it('are named where NaN becomes plausible', async () => {
    const cleaned: Define = (g, x) => exact(g, g.op('Where', [g.op('IsNaN', [x]), g.constant('float32', 1), x]));
    const found = await dependence(taking(exact), taking(cleaned));
    expect(found!.effects).toEqual([{ row: 'NaN', change: 0, becomesFinite: true }]);
    expect(found!.texts).toEqual(['a row of NaN comes out as finite numbers; before it did not']);
  });

  it('are left alone by what changes no row, and are no rows where the original mixes them', async () => {
    expect(await dependence(taking(exact), taking(exact))).toEqual({ effects: [], texts: [] });
    const mixed: Define = (g, x) => g.op('Sub', [x, g.op('ReduceMean', [x], { axes: [0] })]);
    expect(await dependence(taking(mixed), taking(mixed))).toBeUndefined();
    expect(await dependence(taking(exact, 1), taking(exact, 1))).toBeUndefined();
    expect(await dependence(taking(exact, 4), taking(oneScale, 4))).toMatchObject({ effects: expect.anything() });
  });
});
