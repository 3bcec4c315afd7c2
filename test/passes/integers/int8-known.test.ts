/** int8: weights rounded knowing the inputs given, 16 bits where the file has room, and products that are stored alone where computing does not pay. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { type Attributes, buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { opCounts, randomWeights } from '../../check-pass.js';
import { runModel } from '../../run-model.js';

const folder = mkdtempSync(join(tmpdir(), 'known-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [CHANNELS, SIZE] = [16, 12];
const shape = [1, CHANNELS, SIZE, SIZE];

/** Smooth maps with a mean: what neighbouring places and channels have in common is what convolutions see. */
function smooth(seed: number): Tensor {
  const waves = numbersOf(randomWeights([3, 4], 1, seed));
  const numbers = Array.from({ length: CHANNELS * SIZE * SIZE }, (_, at) => {
    const [c, y, x] = [Math.floor(at / SIZE / SIZE), Math.floor(at / SIZE) % SIZE, at % SIZE];
    const wave = (i: number) =>
      Math.cos((waves[4 * i] as number) * x + (waves[4 * i + 1] as number) * y + c * (waves[4 * i + 2] as number));
    return 1 + wave(0) + wave(1) + wave(2);
  });
  return tensorOf('float32', numbers, shape);
}

/** A folder with six sets of inputs. */
const given = ((): string => {
  const to = join(folder, 'given');
  mkdirSync(to);
  for (let seed = 0; seed < 6; seed++) {
    const numbers = [...numbersOf(smooth(seed))];
    const x = [Array.from({ length: CHANNELS }, () => Array.from({ length: SIZE }, () => numbers.splice(0, SIZE)))];
    writeFileSync(join(to, `${seed}.json`), JSON.stringify({ x }));
  }
  return to;
})();

const modelOf = (define: (g: GraphBuilder, x: Value) => Value, dims: readonly (number | string)[] = shape): Model =>
  buildModel({ '': 17 }, (g) => g.output('y', define(g, g.input('x', 'float32', dims))));

const w = (g: GraphBuilder, dims: readonly number[], seed = 2) =>
  g.constant(randomWeights(dims, 0.2, seed), `w${seed}`);

const conv = (kernel: readonly number[], attributes: Attributes): Model =>
  modelOf((g, x) => g.op('Conv', [x, w(g, [32, CHANNELS, ...kernel])], attributes));

async function resultOf(before: Model, options: Parameters<typeof int8>[0], inputs?: string) {
  const settings = { target: 'cpu', verify: 'none', ...(inputs && { inputs }) } as const;
  const { model, report } = await optimize(before, [int8({ minElements: 1, ...options })], settings);
  const [pass] = report.passes;
  return { model, notes: pass?.notes.map(({ text }) => text) ?? [], skips: pass?.skips ?? [] };
}

/** Relative L2 of the output on sets that were not measured. */
async function errorOf(before: Model, after: Model): Promise<number> {
  let [difference, total] = [0, 0];
  for (const seed of [20, 21, 22]) {
    const [a, b] = await Promise.all(
      [before, after].map(async (one) => runModel(await writeModel(one), { x: smooth(seed) })),
    );
    const found = numbersOf(b?.y as Tensor);
    numbersOf(a?.y as Tensor).forEach((exact, i) => {
      difference += (exact - (found[i] as number)) ** 2;
      total += exact ** 2;
    });
  }
  return Math.sqrt(difference / total);
}

describe('inputs that are given', () => {
  it.each([
    ['single places', conv([1, 1], {})],
    ['windows', conv([3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] })],
    ['windows of a named padding', conv([3, 2], { auto_pad: 'SAME_UPPER', dilations: [1, 1] })],
    ['places that are left out', conv([1, 1], { strides: [2, 1] })],
    ['products', modelOf((g, x) => g.op('MatMul', [x, w(g, [SIZE, 40])]))],
    [
      'products by rows',
      modelOf((g, x) => g.op('Gemm', [g.op('Reshape', [x, g.ints(-1, SIZE)]), w(g, [40, SIZE])], { transB: 1 })),
    ],
  ])('%s: the same bytes, and less than three quarters of the error', async (_name, before) => {
    const [plain, known] = [
      await resultOf(before, { compute: false }),
      await resultOf(before, { compute: false }, given),
    ];
    expect(known.notes).toContain('weights that are rounded knowing what they multiply on the inputs given: 1');
    expect((await writeModel(known.model)).length).toBe((await writeModel(plain.model)).length);
    // A third to a half was seen: smooth maps have few directions, and errors go where there is none.
    expect(await errorOf(before, known.model)).toBeLessThan(0.75 * (await errorOf(before, plain.model)));
  });

  it('tells nothing of windows of single channels, weights with two readers, and results of transposed convolutions', async () => {
    const before = modelOf((g, x) => {
      const shared = w(g, [CHANNELS, CHANNELS, 1, 1], 3);
      const twice = g.op('Add', [g.op('Conv', [x, shared]), g.op('Conv', [g.op('Relu', [x]), shared])]);
      const single = g.op('Conv', [twice, w(g, [CHANNELS, 1, 3, 3], 4)], { group: CHANNELS, pads: [1, 1, 1, 1] });
      return g.op('ConvTranspose', [single, w(g, [CHANNELS, 8, 2, 2], 5)]);
    });
    const { notes } = await resultOf(before, {}, given);
    expect(notes.join()).not.toContain('rounded knowing');
    expect(notes.join()).toContain('weights stored as int8 and computed with as floats: 3');
  });
});

describe('share', () => {
  const mobile = modelOf((g, x) => {
    const wide = g.op('Conv', [x, w(g, [256, CHANNELS, 3, 3], 3)]);
    const windows = g.op('Conv', [wide, w(g, [256, 1, 3, 3], 4)], { group: 256 });
    return g.op('Conv', [windows, w(g, [64, 256, 1, 1], 5)]);
  });
  const typesOf = ({ graph }: Model) =>
    Object.fromEntries(
      [...graph.constants].flatMap(({ name, tensor }) => (/^w\d$/.test(name) ? [[name, tensor?.type]] : [])),
    );

  it('gives 16 bits to windows of single channels first, and to no more than there is room for', async () => {
    const { model, skips } = await resultOf(mobile, { share: 0.32 });
    expect(typesOf(model)).toEqual({ w3: 'int8', w4: 'float16', w5: 'int8' });
    expect(skips).toMatchObject([{ reason: 'it has 16 bits, as the file has room for them', count: 1 }]);
    expect((await writeModel(model)).length).toBeLessThan(0.32 * (await writeModel(mobile)).length);
  });

  it('gives none where there is no room, and all where there is', async () => {
    expect(typesOf((await resultOf(mobile, { share: 0.2 })).model)).toEqual({ w3: 'int8', w4: 'int8', w5: 'int8' });
    expect(typesOf((await resultOf(mobile, { share: 0.6 })).model)).toEqual({
      w3: 'float16',
      w4: 'float16',
      w5: 'float16',
    });
  });
});

describe('compute=auto', () => {
  const product = (rows: number | string, depth = 64, width = 64) =>
    modelOf((g, x) => g.op('MatMul', [x, w(g, [depth, width])]), [rows, depth]);
  const resultWith = (before: Model) => resultOf(before, { compute: 'auto' });

  it('computes products of several rows', async () => {
    const { model } = await resultWith(product('rows'));
    expect(opCounts(model)).toMatchObject({ MatMulInteger: 1 });
  });

  it.each([
    ['of one row of few numbers, they would save no time', product(1)],
    [
      'convolutions take most of the time',
      modelOf((g, x) => g.op('MatMul', [g.op('Conv', [x, w(g, [CHANNELS, CHANNELS, 3, 3], 3)]), w(g, [SIZE - 2, 40])])),
    ],
  ])('stores them: %s', async (reason, before) => {
    const { model, notes } = await resultWith(before);
    expect(notes).toContain(`products are stored in 8 bits and compute in float: ${reason}`);
    expect(opCounts(model)).not.toHaveProperty('MatMulInteger');
    expect(opCounts(model)).toMatchObject({ MatMul: 1 });
  });

  it('stores them where their activations cost too much, which is measured', async () => {
    // The largest channel decides the scale of all, and has no weight.
    const before = modelOf(
      (g, x) => {
        const scales = Array.from({ length: 64 }, (_, k) => (k === 0 ? 1e4 : 1));
        const weight = numbersOf(randomWeights([64, 64], 0.2, 2)).map((one, at) => (at < 64 ? one * 1e-5 : one));
        const scaled = g.op('Tanh', [x]);
        const spread = g.op('Mul', [scaled, g.constant('float32', scales, [64])]);
        return g.op('MatMul', [spread, g.constant('float32', weight, [64, 64], 'w')]);
      },
      ['rows', 64],
    );
    const { model, report } = await optimize(before, [int8({ compute: 'auto' })], { target: 'cpu' });
    const notes = report.passes[0]?.notes.map(({ text }) => text).join('\n');
    expect(notes).toMatch(
      /products are stored in 8 bits and compute in float: their activations would cost an error of/,
    );
    expect(opCounts(model)).not.toHaveProperty('MatMulInteger');
  });
});
