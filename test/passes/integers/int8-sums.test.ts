/** Tests int8 sums: some are exact on every CPU, others are not, and the report says so. */
import { describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { columnScalesOf } from '../../../passes/precision/integer/columns.js';
import { type Matrix, scalesOf } from '../../../passes/precision/quantize.js';
import { type Model, numbersOf, optimize, readModel, tensorOf, writeModel } from '../../../src/index.js';
import { buildModel } from '../../../src/ir/build.js';
import { memoryTensor, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { EXACT_CPUS, holdsOn, INEXACT_CPUS } from '../../../src/run/cpus.js';
import type { TargetCpu } from '../../../src/run/target-cpu.js';
import { saturates } from '../../../src/runtime/saturation.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { applyPass, opCounts, randomFeeds, randomWeights, relativeError } from '../../check-pass.js';
import { runModel } from '../../run-model.js';
import { linear, one } from './int8-models.js';

/** A product over a weight of K × N that is stored so, or turned. */
const product = (weight: Tensor, isTransposed: boolean, rows: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [rows, weight.shape[isTransposed ? 1 : 0] as number]);
    g.output('y', g.op('Gemm', [x, g.constant(weight, 'w')], { transB: isTransposed ? 1 : 0 }));
  });

const int8Weight = (model: Model): Tensor =>
  [...model.graph.constants].flatMap(({ tensor }) => (tensor?.type === 'int8' ? tensor : []))[0] as Tensor;

/** Σ a·w as integers; `isSaturating`: two products at a time in 16 bits. */
function sums(
  a: readonly number[],
  w: readonly number[],
  [M, K, N]: readonly [number, number, number],
  isSaturating: boolean,
) {
  const limited = (sum: number) => (isSaturating ? Math.max(-32768, Math.min(32767, sum)) : sum);
  return Array.from({ length: M * N }, (_, at) => {
    const [row, column] = [Math.floor(at / N), at % N];
    const term = (k: number) => (k < K ? (a[row * K + k] as number) * (w[k * N + column] as number) : 0);
    let sum = 0;
    for (let k = 0; k < K; k += 2) sum += limited(term(k) + term(k + 1));
    return sum;
  });
}

/** Tells if sums are exact after writing and reading the model: nothing is known but the bytes of the file. */
const holdsAsWritten = async (model: Model) => holdsOn(await readModel(await writeModel(model)))?.isExact;

/** Runs the runtime's MatMulInteger. */
async function runtimeSums(a: readonly number[], weight: Tensor, M: number): Promise<number[]> {
  const [K, N] = weight.shape as [number, number];
  const model = buildModel({ '': 17 }, (g) => {
    g.output('y', g.op('MatMulInteger', [g.input('a', 'uint8', [M, K]), g.constant(weight)]), 'int32', [M, N]);
  });
  const { y } = await runModel(await writeModel(model), { a: tensorOf('uint8', a, [M, K]) });
  return [...numbersOf(y as Tensor)];
}

/** Activations that make sums as large as they get: 255 where the weight of the column has one sign; and any. */
function activations(w: readonly number[], [M, K, N]: readonly [number, number, number], random: Random): number[] {
  return Array.from({ length: M * K }, (_, at) => {
    const [row, k] = [Math.floor(at / K), at % K];
    if (row % 3 === 2) return random.int(0, 256);
    const weight = w[k * N + (row % N)] as number;
    return weight > 0 === (row % 3 === 0) ? 255 : 0;
  });
}

/** Weights that are hard on pairs: in equal parts alike, of ties, with outliers, of one sign, nearly too small to divide. */
function hardWeights(K: number, N: number, random: Random): Float32Array {
  const weights = new Float32Array(K * N);
  for (let k = 0; k < K; k++)
    for (let n = 0; n < N; n++) {
      const normal = random.normal();
      weights[k * N + n] = [
        1 / K,
        (k % 2 === 0 ? 63.5 : 64.5) / 128,
        normal * (random.next() < 0.01 ? 20 : 1),
        -Math.abs(normal),
        Math.round(normal * 8) / 16,
        normal * 1e-43,
      ][n % 6] as number;
    }
  return weights;
}

const turned = (w: Float32Array, K: number, N: number) =>
  Float32Array.from({ length: K * N }, (_, at) => w[(at % K) * N + Math.floor(at / K)] as number);

const float32 = (numbers: Float32Array, shape: readonly number[]) =>
  memoryTensor('float32', shape, new Uint8Array(numbers.buffer));

const shapes = [
  [1, 1, 1],
  [1, 63, 7],
  [2, 64, 16],
  [5, 257, 33],
  [37, 130, 12],
  [1, 1031, 24],
] as const;

describe('int8 sums', () => {
  it.each(shapes)('are exact for %i rows of %i by %i columns, on this CPU and by their bytes', async (M, K, N) => {
    for (const seed of [1, 2, 3])
      for (const isTransposed of [false, true]) {
        const random = new Random(seed);
        const numbers = hardWeights(K, N, random);
        const weight = float32(isTransposed ? turned(numbers, K, N) : numbers, isTransposed ? [N, K] : [K, N]);
        const { model } = await applyPass(int8({ minElements: 1 }), product(weight, isTransposed, M));
        expect(holdsOn(model)).toEqual({ isExact: true, text: EXACT_CPUS });
        expect(await holdsAsWritten(model)).toBe(true);
        const quantized = int8Weight(model);
        const w = [...numbersOf(quantized)];
        const size = [M, K, N] as const;
        const a = activations(w, size, random);
        const exact = sums(a, w, size, false);
        expect(sums(a, w, size, true)).toEqual(exact);
        expect(await runtimeSums(a, quantized, M)).toEqual(exact);
      }
  });

  it('of full 8 bits are what pairs in 16 bits give on a CPU that saturates, and exact on another', async () => {
    const size = [5, 129, 8] as const;
    const [M, K, N] = size;
    const weight = float32(hardWeights(K, N, new Random(1)), [K, N]);
    const { model } = await applyPass(int8({ minElements: 1, reduceRange: false }), product(weight, false, M));
    expect(holdsOn(model)).toEqual({ isExact: false, text: INEXACT_CPUS });
    const quantized = int8Weight(model);
    const w = [...numbersOf(quantized)];
    expect(Math.max(...w)).toBe(127);
    const a = activations(w, size, new Random(2));
    expect(sums(a, w, size, true)).not.toEqual(sums(a, w, size, false));
    expect(await runtimeSums(a, quantized, M)).toEqual(sums(a, w, size, await saturates()));
  });

  it('cost less than 7 bits do: no scale is coarser, and nearly all are finer', () => {
    const tensor = randomWeights([256, 64]);
    const each = { block: 1, step: 1 };
    const together = { block: 1, step: 0 };
    const matrix: Matrix = { tensor, rows: 256, columns: 64, groups: 64, rowGroups: together, columnGroups: each };
    const columns = columnScalesOf({ matrix, isTransposed: false, isPaired: true });
    const [exact, seven, full] = [columns?.scales, scalesOf(matrix, 64), scalesOf(matrix, 127)].map((found) => [
      ...(found as Float32Array),
    ]) as [number[], number[], number[]];
    exact.forEach((scale, i) => {
      expect(scale).toBeLessThanOrEqual((seven[i] as number) * (1 + 1e-6));
      expect(scale).toBeGreaterThanOrEqual((full[i] as number) * (1 - 1e-6));
    });
    expect(exact.filter((scale, i) => scale < 0.8 * (seven[i] as number)).length).toBeGreaterThan(56);
  });

  it('keep a column of equal weights, a mean, to a millionth', async () => {
    const before = product(float32(new Float32Array(64 * 32).fill(1 / 64), [64, 32]), false, 4);
    const { model } = await applyPass(int8(), before);
    const x = tensorOf(
      'float32',
      Array.from({ length: 256 }, (_, i) => (i % 2 === 0 ? 255 : 0)),
      [4, 64],
    );
    const [found, wanted] = await Promise.all(
      [model, before].map(async (one) => runModel(await writeModel(one), { x })),
    );
    expect(relativeError(found?.y as Tensor, wanted?.y as Tensor)).toBeLessThan(1e-5);
  });

  it.each([
    ['NaN', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
  ])('are not tried of a weight that holds %s, wherever it stands', async (_name, number) => {
    for (const isTransposed of [false, true])
      for (const at of [0, 1, 32, 33, 2046, 2047]) {
        const numbers = new Float32Array(64 * 32).fill(1);
        numbers[at] = number;
        const weight = float32(numbers, isTransposed ? [32, 64] : [64, 32]);
        const { passes } = await applyPass(int8(), product(weight, isTransposed, 4));
        expect(passes[0]?.skips[0]?.reason).toContain('holds NaN or infinity');
      }
  });
});

describe('the CPUs that int8 is for', () => {
  const before = one(17, (g, x) => linear(g, x, 64, 32));
  const largest = async (targetCpu?: TargetCpu | readonly TargetCpu[], reduceRange?: boolean | 'auto') => {
    const options = { target: 'cpu', verify: 'none', targetCpu } as const;
    const { model, report } = await optimize(before, [int8(reduceRange === undefined ? {} : { reduceRange })], options);
    const w = [...numbersOf(int8Weight(model))];
    const pairs = w.map((a, i) => Math.abs(a + (w[i + 32] ?? 0)) * (a < 0 === (w[i + 32] ?? 0) < 0 ? 1 : 0));
    const isExact = Math.max(...pairs.filter((_, i) => Math.floor(i / 32) % 2 === 0)) <= 128;
    expect(report.cpus?.exact).toBe(isExact);
    const notes = report.passes[0]?.notes.map(({ text }) => text);
    expect(notes).toContain(isExact ? EXACT_CPUS : INEXACT_CPUS);
    return isExact;
  };

  it('are all, unless a list promises that none of them saturates', async () => {
    expect(await largest()).toBe(true);
    expect(await largest('vnni')).toBe(false);
    expect(await largest(['vnni', 'amx', 'arm'])).toBe(false);
    expect(await largest(['avx2', 'vnni', 'arm'])).toBe(true);
    expect(await largest(['avx512'])).toBe(true);
  });

  it('are what reduceRange says where it says more than auto', async () => {
    expect(await largest('vnni', true)).toBe(true);
    expect(await largest('avx2', false)).toBe(false);
    expect(await largest(undefined, 'auto')).toBe(true);
  });

  it('are known by name', async () => {
    const names = 'expected a list of avx2, avx512, vnni, amx, arm';
    const asked = (targetCpu: unknown) =>
      optimize(before, 'int8', { targetCpu: targetCpu as TargetCpu, verify: 'none' });
    await expect(asked('vnn')).rejects.toThrow(`optimize: targetCpu: ${names}; found "vnn"`);
    await expect(asked(['vnni', 'm1'])).rejects.toThrow(`optimize: targetCpu: ${names}; found ["vnni","m1"]`);
    await expect(asked([])).rejects.toThrow(`optimize: targetCpu: ${names}; found []`);
  });

  it('are told of models that were quantized elsewhere, in functions too, and of no others', async () => {
    const quantized = (weight: number, type: 'int8' | 'uint8' = 'int8', op = 'MatMulInteger') =>
      buildModel({ '': 17 }, (g) => {
        const w = g.constant(type, new Array(64 * 4).fill(weight), [64, 4]);
        g.output('y', g.op(op, [g.input('x', 'uint8', [2, 64]), w]), 'int32', [2, 4]);
      });
    expect(holdsOn(quantized(64))?.isExact).toBe(true);
    expect(holdsOn(quantized(65))?.isExact).toBe(false);
    expect(holdsOn(quantized(-64))?.isExact).toBe(true);
    expect(holdsOn(quantized(-65))?.isExact).toBe(false);
    expect(holdsOn(quantized(200, 'uint8'))).toBeUndefined();
    expect(holdsOn(before)).toBeUndefined();
    // Sums signed on both sides are exact as they are; sums that a kernel orders itself are exact if no two weights are
    // too large.
    const conv = (weight: number, elem: 'uint8' | 'int8') =>
      buildModel({ '': 17 }, (g) => {
        const w = g.constant('int8', new Array(8 * 4 * 9).fill(weight), [8, 4, 3, 3]);
        g.output('y', g.op('ConvInteger', [g.input('x', elem, [1, 4, 9, 9]), w]));
      });
    expect(holdsOn(conv(-64, 'uint8'))?.isExact).toBe(true);
    expect(holdsOn(conv(-65, 'uint8'))?.isExact).toBe(false);
    expect(holdsOn(conv(127, 'int8'))).toBeUndefined();
    const computed = buildModel({ '': 17 }, (g) => {
      const w = g.input('w', 'int8', [64, 4]);
      g.output('y', g.op('MatMulInteger', [g.input('x', 'uint8', [2, 64]), w]), 'int32', [2, 4]);
    });
    expect(holdsOn(computed)?.isExact).toBe(false);
    const { model } = await optimize(deep(), 'int8', { target: 'cpu', verify: 'none', keepFunctions: true });
    expect(model.functions.length).toBe(1);
    expect(await holdsAsWritten(model)).toBe(true);
    const full = await optimize(deep(), 'int8:reduceRange=false', {
      target: 'cpu',
      verify: 'none',
      keepFunctions: true,
    });
    expect(holdsOn(full.model)?.isExact).toBe(false);
  });

  it('have their weights compiled once where a block repeats, and the same numbers', async () => {
    const options = { target: 'cpu', verify: 'none' } as const;
    const [once, each] = await Promise.all(
      [true, false].map((regional) => optimize(deep(), 'int8', { ...options, regional })),
    );
    expect(opCounts(once?.model as Model)).toEqual(opCounts(each?.model as Model));
    const feeds = randomFeeds(deep());
    const [a, b] = await Promise.all(
      [once, each].map(async (run) => runModel(await writeModel(run?.model as Model), feeds)),
    );
    expect(a?.y?.bytes()).toEqual(b?.y?.bytes());
    expect(await holdsAsWritten(once?.model as Model)).toBe(true);
  });
});

/** Six equal blocks. */
const deep = (): Model =>
  buildModel({ '': 17 }, (g) => {
    let x = g.input('x', 'float32', [4, 64]);
    for (let layer = 0; layer < 6; layer++) x = g.op('Tanh', [g.op('Add', [x, linear(g, x, 64, 64, layer + 2)])]);
    g.output('y', x);
  });
