/** int8:static: convolutions in the ranges that inputs show, each kept float where it costs too much or is not faster. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { type RangeKind, rangeOf } from '../../../passes/precision/integer/convolution/ranges.js';
import { float } from '../../../src/ir/attribute.js';
import { type Attributes, buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { ActivationStatistics } from '../../../src/run/activations.js';
import { holdsOn } from '../../../src/run/cpus.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { opCounts, randomWeights } from '../../check-pass.js';
import { runModel } from '../../run-model.js';

const folder = mkdtempSync(join(tmpdir(), 'static-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [CHANNELS, SIZE] = [16, 12];
const shape = [1, CHANNELS, SIZE, SIZE];

const sets = Array.from({ length: 8 }, (_, seed) => randomWeights(shape, 1, seed + 20));

/** A folder with sets of inputs, each times a factor. */
function written(name: string, count: number, factorOf = (_: number) => 1): string {
  const to = join(folder, name);
  mkdirSync(to);
  for (let index = 0; index < count; index++) {
    const numbers = [...numbersOf(sets[index] as Tensor)].map((one) => one * factorOf(index));
    const take = (length: number) => numbers.splice(0, length);
    const x = [Array.from({ length: CHANNELS }, () => Array.from({ length: SIZE }, () => take(SIZE)))];
    writeFileSync(join(to, `${index}.json`), JSON.stringify({ x }));
  }
  return to;
}
const eight = written('eight', 8);

let seed = 50;
const conv = (g: GraphBuilder, x: Value, attributes: Attributes = { pads: [1, 1, 1, 1] }, group = 1): Value => {
  const weight = g.constant(randomWeights([CHANNELS, CHANNELS / group, 3, 3], 0.1, seed++), `w${seed}`);
  return g.op('Conv', [x, weight, g.constant(randomWeights([CHANNELS], 0.1, seed))], { ...attributes, group });
};

const modelOf = (define: (g: GraphBuilder, x: Value) => Value): Model => {
  seed = 50;
  return buildModel({ '': 17 }, (g) => g.output('y', define(g, g.input('x', 'float32', shape))));
};

/** Three convolutions in a row, with functions of numbers between. */
const chain = modelOf((g, x) => {
  const first = g.op('Relu', [conv(g, x)]);
  const least = [g.constant('float32', 0), g.constant('float32', 6)];
  const second = g.op('Clip', [conv(g, first, { pads: [0, 1, 1, 2], auto_pad: 'NOTSET' }), ...least]);
  return g.op('Tanh', [conv(g, second, { strides: [1, 1], pads: [1, 1, 1, 1] })]);
});

async function run(before: Model, options: Parameters<typeof int8>[0] = {}, inputs: string | undefined = eight) {
  const { model, report } = await optimize(before, [int8({ static: true, ...options })], {
    target: 'cpu',
    verify: 'none',
    ...(inputs && { inputs }),
  });
  const [pass] = report.passes;
  return {
    model,
    notes: pass?.notes.map(({ text }) => text).join('\n') ?? '',
    reasons: pass?.skips.map(({ reason }) => reason),
  };
}

async function errorOf(before: Model, after: Model): Promise<number> {
  const [wanted, found] = await Promise.all(
    [before, after].map(async (one) => runModel(await writeModel(one), { x: sets[3] as Tensor })),
  );
  return distance(found?.y as Tensor, wanted?.y as Tensor);
}

/** The norm of the difference over the norm. */
function distance(found: Tensor, wanted: Tensor): number {
  const [a, b] = [numbersOf(found), numbersOf(wanted)];
  const norm = (list: Float64Array) => Math.sqrt(list.reduce((sum, one) => sum + one * one, 0));
  return norm(a.map((one, at) => one - (b[at] as number))) / norm(b);
}

describe('int8:static', () => {
  it('rewrites convolutions that hand bytes on, with what clamps them', async () => {
    const { model, notes } = await run(chain);
    expect(opCounts(model)).toEqual({ QuantizeLinear: 1, QLinearConv: 3, DequantizeLinear: 1, Tanh: 1 });
    expect(notes).toContain(
      '3 of 3 convolutions compute in 8 bits, in the ranges of three quarters of the inputs given',
    );
    expect(await errorOf(chain, model)).toBeLessThan(0.03);
    expect(holdsOn(model)?.isExact).toBe(true);
    for (const { tensor } of model.graph.constants)
      if (tensor?.type === 'int8') expect(Math.max(...numbersOf(tensor).map(Math.abs))).toBeLessThanOrEqual(64);
  });

  it('takes all 8 bits where no CPU is asked for that saturates', async () => {
    const [exact, full] = [await run(chain), await run(chain, { reduceRange: false })];
    expect(holdsOn(full.model)?.isExact).toBe(false);
    expect(await errorOf(chain, full.model)).toBeLessThan(await errorOf(chain, exact.model));
  });

  it('gives the same with the optimizations of the runtime', async () => {
    const { model } = await run(chain);
    const bytes = await writeModel(model);
    const [plain, optimized] = await Promise.all(
      [false, true].map((optimize) => runModel(bytes, { x: sets[2] as Tensor }, { optimize })),
    );
    // Tanh is another approximation there.
    expect(distance(optimized?.y as Tensor, plain?.y as Tensor)).toBeLessThan(1e-5);
  });

  it('leaves those float that cost more than is asked for, and says what each costs', async () => {
    const { model, reasons, notes } = await run(chain, { maxStaticError: 1e-4 });
    expect(opCounts(model)).toMatchObject(opCounts(chain));
    expect(reasons?.length).toBeGreaterThan(0);
    for (const reason of reasons ?? [])
      expect(reason).toMatch(/costs too much error .*maxStaticError.*: 0\.0\d+ of an output/);
    expect(notes).not.toContain('convolutions compute');
    const some = await run(chain, { maxStaticError: 0.016, reduceRange: false });
    const { QLinearConv = 0, Conv = 0 } = opCounts(some.model);
    expect([QLinearConv > 0, Conv > 0, QLinearConv + Conv]).toEqual([true, true, 3]);
    expect(await errorOf(chain, some.model)).toBeLessThan(0.02);
  });

  const kept: [string, Model, string][] = [
    ['by groups', modelOf((g, x) => conv(g, x, { pads: [1, 1, 1, 1] }, CHANNELS)), 'by groups is slower'],
    ['of one place', modelOf((g, x) => conv(g, g.op('GlobalAveragePool', [x]))), 'too small'],
    [
      'of few channels',
      modelOf((g, x) => g.op('Conv', [x, g.constant(randomWeights([1, CHANNELS, 3, 3]))])),
      'too small',
    ],
    [
      'with a computed weight',
      modelOf((g, x) => g.op('Conv', [x, g.op('Slice', [x, g.ints(0, 0), g.ints(3, 3), g.ints(2, 3)])])),
      'computed',
    ],
    [
      'between convolutions by groups',
      modelOf((g, x) => {
        const groups = (value: Value) => conv(g, value, { pads: [1, 1, 1, 1] }, CHANNELS);
        const weight = g.constant(randomWeights([CHANNELS, CHANNELS, 1, 1], 0.2), 'pointwise');
        const wide = g.op('Resize', [groups(x), undefined, g.constant('float32', [1, 1, 4, 4])]);
        return groups(g.op('Conv', [wide, weight]));
      }),
      'bytes take longer',
    ],
    ['of zeros', modelOf((g, x) => conv(g, g.op('Mul', [x, g.constant('float32', 0)]))), 'zero on all inputs'],
    [
      'with a weight that is not finite',
      modelOf((g, x) => {
        const numbers = [...numbersOf(randomWeights([CHANNELS, CHANNELS, 3, 3]))];
        numbers[7] = Number.POSITIVE_INFINITY;
        const weight = g.constant('float32', numbers, [CHANNELS, CHANNELS, 3, 3]);
        return g.op('Clip', [
          g.op('Conv', [x, weight], { pads: [1, 1, 1, 1] }),
          g.constant('float32', -1),
          g.constant('float32', 1),
        ]);
      }),
      'NaN or infinity',
    ],
  ];
  it.each(kept)('leaves a convolution %s', async (_name, before, reason) => {
    const { model, reasons } = await run(before);
    expect(opCounts(model).QLinearConv).toBeUndefined();
    expect(
      reasons?.some((one) => one.includes(reason)),
      reasons?.join(),
    ).toBe(true);
  });

  it('leaves what a user keeps, and all of them without inputs', async () => {
    const keep = await run(chain, { keep: ['Conv'] });
    expect(keep.reasons).toEqual(['kept in float as asked']);
    const { model, reasons } = await run(chain, {}, '');
    expect(opCounts(model)).toMatchObject(opCounts(chain));
    expect(reasons).toEqual(['its ranges are not known: give inputs (--inputs), 8 sets or more']);
  });

  it('leaves all of them with fewer than 8 sets of inputs, and says how many there are', async () => {
    for (const [count, said] of [
      [7, '7 sets of inputs'],
      [1, '1 set of inputs'],
    ] as const) {
      const { model, reasons } = await run(chain, {}, written(`few-${count}`, count));
      expect(opCounts(model)).toMatchObject(opCounts(chain));
      expect(reasons).toEqual([expect.stringContaining(`its ranges are not known by ${said}: give 8 or more`)]);
    }
  });

  it('judges by sets that the ranges do not come from', async () => {
    // Every fourth set is held out: twenty times as large, its numbers are cut off.
    const strange = written('strange', 8, (index) => (index % 4 === 3 ? 20 : 1));
    const { model, reasons } = await run(chain, {}, strange);
    expect(opCounts(model)).toMatchObject(opCounts(chain));
    expect(reasons?.every((reason) => reason.includes('costs too much error'))).toBe(true);
  });

  it('stores weights of convolutions alone where it is not asked for', async () => {
    const { model, reasons } = await run(chain, { static: false });
    expect(opCounts(model)).toMatchObject(opCounts(chain));
    expect(reasons).toEqual([]);
  });

  it('keeps a LeakyRelu and a convolution whose result is an output', async () => {
    const before = modelOf((g, x) => {
      const first = conv(g, x);
      g.output('first', first);
      return conv(g, g.op('LeakyRelu', [first], { alpha: float(0.1) }));
    });
    const { model } = await run(before);
    expect(opCounts(model)).toEqual({ QuantizeLinear: 2, QLinearConv: 2, DequantizeLinear: 2, LeakyRelu: 1 });
    expect(await errorOf(before, model)).toBeLessThan(0.03);
  });
});

describe('a range', () => {
  const statisticsOf = (numbers: readonly number[]) => {
    const found = new ActivationStatistics(1);
    found.add(Float32Array.from(numbers));
    return found;
  };
  const random = new Random(1);
  const normal = Array.from({ length: 400_000 }, () => random.normal());

  it('cuts a few large numbers off for finer steps, and no more', () => {
    const whole = rangeOf(statisticsOf(normal)) as { scale: number; zero: number };
    // 4 to 5 deviations at each end, and bins of 3 percent.
    expect(whole.scale * 255).toBeGreaterThan(7);
    expect(whole.scale * 255).toBeLessThan(10.5);
    const outlying = rangeOf(statisticsOf([...normal, 7])) as { scale: number };
    expect(outlying.scale).toBeLessThan(1.2 * whole.scale);
  });

  it('is the whole of what was seen, or between two quantiles, where that is asked for', () => {
    const outlying = statisticsOf([...normal, 1000]);
    const steps = (kind: RangeKind) => (rangeOf(outlying, kind) as { scale: number }).scale * 255;
    // Bins are 3 percent wide.
    expect(steps('whole')).toBeGreaterThan(1000);
    expect(steps('whole')).toBeLessThan(1040);
    // One in 10,000 lies beyond 3.7 deviations at each end.
    expect(steps('quantiles')).toBeGreaterThan(7.3);
    expect(steps('quantiles')).toBeLessThan(7.8);
    expect(rangeOf(statisticsOf([...new Array<number>(100_000).fill(0), 5]), 'quantiles')).toBeUndefined();
  });

  it('begins at zero where numbers do, and holds zero in any case', () => {
    expect(rangeOf(statisticsOf(normal.map(Math.abs)))?.zero).toBe(0);
    expect(rangeOf(statisticsOf(normal.map((one) => 10 + one)))?.zero).toBe(0);
    expect(rangeOf(statisticsOf(normal.map((one) => one - 10)))?.zero).toBe(255);
    expect(rangeOf(statisticsOf([0, 0]))).toBeUndefined();
  });
});
