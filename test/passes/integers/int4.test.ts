/** int4: products in blocks, on every target, what is known of their activations, and the reasons against. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encoder } from '../../../fixtures/encoder.js';
import { fp16 } from '../../../passes/fp16.js';
import { int4 } from '../../../passes/int4.js';
import { regional } from '../../../passes/regional.js';
import { float } from '../../../src/ir/attribute.js';
import { type Attributes, buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { castTensor, numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { memoryTensor, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import {
  applyPass,
  applyPasses,
  checkMiss,
  checkPass,
  compareTensors,
  opCounts,
  randomFeeds,
  randomWeights,
} from '../../check-pass.js';
import { runModel } from '../../run-model.js';
import { constantOf, eightBit, microsoft, notesOf, of, product, weight, within } from './int4-models.js';

describe('a product in blocks', () => {
  it('reads codes, scales and zero points', async () => {
    await checkPass(int4(), {
      before: product(64, 32),
      within,
      after: `
        ir 8, opset ai.onnx:17 com.microsoft:1
        graph main(%x: float32[3, 64])
          %w_4bit = uint8[32, 2, 16]
          %w_scales = float32[32, 2]
          %w_zeros = uint8[32, 1]
          %v.0: float32[3, 32] = com.microsoft.MatMulNBits(%x, %w_4bit, %w_scales, %w_zeros) {K=64, N=32, accuracy_level=4, bits=4, block_size=32}
          => y: %v.0`,
    });
  });

  /** Zero points of each column, without what fills its last byte. */
  const unpacked = (zeros: Tensor, blocks: number): number[] => {
    const stride = zeros.shape[1] as number;
    const bytes = zeros.bytes();
    return Array.from({ length: (zeros.shape[0] as number) * blocks }, (_, at) => {
      const [column, block] = [Math.floor(at / blocks), at % blocks];
      return ((bytes[column * stride + (block >> 1)] as number) >> (4 * (block & 1))) & 15;
    });
  };

  /** The product with the weight as onnxruntime's own DequantizeLinear reads it. */
  async function dequantized(model: Model, K: number, N: number, block: number, x: Tensor): Promise<Tensor> {
    const [codes, scales] = [constantOf(model, 'w_4bit'), constantOf(model, 'w_scales')];
    const zeros = [...model.graph.constants].find(({ name }) => name === 'w_zeros')?.tensor;
    const blocks = Math.ceil(K / block);
    const reference = buildModel({ '': 21 }, (g) => {
      const numbers = g.constant(memoryTensor('uint4', [N, blocks * block], codes.bytes()));
      const middle = new Uint8Array((N * blocks) / 2).fill(0x88);
      const zero = g.constant(
        zeros ? tensorOf('uint4', unpacked(zeros, blocks), [N, blocks]) : memoryTensor('uint4', [N, blocks], middle),
      );
      const float = g.op('DequantizeLinear', [numbers, g.constant(scales), zero], { axis: 1, block_size: block });
      const columns = g.op('Slice', [float, g.ints(0), g.ints(K), g.ints(1)]);
      g.output('y', g.op('Gemm', [g.input('x', 'float32', [3, K]), columns], { transB: 1 }));
    });
    return (await runModel(await writeModel(reference), { x }))['y'] as Tensor;
  }

  it.each(
    [16, 32, 64, 128].flatMap((block) => [
      { block, symmetric: false, K: 256 - 24 },
      { block, symmetric: true, K: block < 64 ? 256 : 256 - 24 },
    ]),
  )('gives what DequantizeLinear and MatMul give: %o', async ({ block, symmetric, K }) => {
    const before = product(K, 8);
    const pass = int4({ block: block as 16, symmetric, minElements: 1 });
    // Larger blocks hold larger numbers, and their levels are further apart.
    const { model } = await checkPass(pass, { before, within: 0.25 });
    const feeds = randomFeeds(before);
    const found = await runModel(await writeModel(model), feeds);
    compareTensors(
      { y: found['y'] as Tensor },
      { y: await dequantized(model, K, 8, block, feeds['x'] as Tensor) },
      eightBit,
    );
  });

  const gemm = (attributes: Attributes, bias?: readonly number[], shape: readonly number[] = [4, 64]) =>
    of((g) => {
      const inputs = [g.input('x', 'float32', shape), weight(g, attributes.transB === 1 ? [32, 64] : [64, 32])];
      if (bias) inputs.push(g.constant(randomWeights(bias, 2, 5), 'c'));
      g.output('y', g.op('Gemm', inputs, attributes));
    });
  it.each([
    ['transB', gemm({ transB: 1 }, [32])],
    ['transA', gemm({ transA: 1 }, [32], [64, 4])],
    ['alpha and beta', gemm({ alpha: float(-0.5), beta: float(0.25), transB: 1 }, [1, 32])],
    ['beta 0', gemm({ beta: float(0) }, [32])],
    [
      'a fused product',
      of((g) => {
        const x = g.input('x', 'float32', [2, 3, 64]);
        g.output('y', g.op('FusedMatMul', [x, weight(g, [32, 64])], { alpha: float(2), transB: 1 }, microsoft));
      }),
    ],
  ])('takes %s', async (_name, before) => {
    const { model } = await checkPass(int4(), { before, within });
    expect(opCounts(model)).toMatchObject({ 'com.microsoft.MatMulNBits': 1 });
  });

  it.each(['float16', 'bfloat16'] as const)('takes %s, computed in float32 on the CPU', async (elem) => {
    const before = of((g) => {
      const x = g.cast(g.input('x', 'float32', [3, 64]), elem);
      const w = g.constant(castTensor(randomWeights([64, 32], 0.3), elem), 'w');
      const y =
        elem === 'float16' ? g.op('MatMul', [x, w]) : g.op('MatMul', [g.cast(x, 'float32'), g.cast(w, 'float32')]);
      g.output('y', g.cast(y, 'float32'));
    });
    const { model } = await checkPass(int4(), { before, within });
    expect(constantOf(model, 'w_scales').type).toBe('float32');
    expect(opCounts(model)).toMatchObject({ 'com.microsoft.MatMulNBits': 1 });
  });

  it.each(['webgpu', 'cuda'] as const)('is in float16 on %s', async (target) => {
    const before = of((g) => {
      const w = g.constant(castTensor(randomWeights([64, 32], 0.3), 'float16'), 'w');
      g.output('y', g.op('MatMul', [g.input('x', 'float16', [3, 64]), w]));
    });
    const { model } = await checkPass(int4(), { before, within, target });
    expect(constantOf(model, 'w_scales').type).toBe('float16');
    const [node] = model.graph.nodes();
    expect(node?.int('accuracy_level', 0)).toBe(0);
  });

  it.each([16, 64] as const)('is NF4 where asked, in blocks of %i', async (block) => {
    const before = of((g) => {
      const inputs = [g.input('x', 'float32', [3, 128]), weight(g, [128, 32]), g.constant(randomWeights([32]), 'c')];
      g.output('y', g.op('Gemm', inputs, { alpha: float(-2) }));
    });
    const { model } = await checkPass(int4({ type: 'nf4', block }), { before, within });
    expect(opCounts(model)).toEqual({ 'com.microsoft.MatMulBnb4': 1, Add: 1 });
    // Blocks that run over the end of a column have no such form.
    const ragged = await applyPass(int4({ type: 'nf4' }), product(72, 32));
    expect(opCounts(ragged.model)).toEqual({ 'com.microsoft.MatMulNBits': 1 });
    expect(notesOf(ragged)).toContain(
      '1 weight in 4 bits by blocks of 32, not NF4: the numbers that are summed are no whole blocks of 32',
    );
  });

  it('is no NF4 where a table reads the weight, which is stored once', async () => {
    const ids = tensorOf('int64', [0, 3, 49], [3]);
    const before = of((g) => {
      const table = weight(g, [50, 64], 'table');
      const rows = g.op('Tanh', [g.op('Gather', [table, g.input('ids', 'int64', [3])])]);
      g.output('y', g.op('MatMul', [rows, g.op('Transpose', [table], { perm: [1, 0] })]));
    });
    const { model, result } = await checkPass(int4({ type: 'nf4' }), { before, within, feeds: { ids } });
    expect(opCounts(model)).toMatchObject({ 'com.microsoft.GatherBlockQuantized': 1, 'com.microsoft.MatMulNBits': 1 });
    const note = '1 weight in 4 bits by blocks of 32, not NF4: that is for products alone';
    expect(result.notes.map(({ text }) => text)).toContain(note);
  });

  it('keeps zeros of a filter bank, and activations in float where a logarithm reads them', async () => {
    // Triangles side by side: of each channel few numbers are not zero.
    const bank = Array.from({ length: 128 * 16 }, (_, at) =>
      Math.max(0, 1 - Math.abs(Math.floor(at / 16) - 8 * (at % 16)) / 9),
    );
    const before = of((g) => {
      const x = g.input('x', 'float32', [8, 128]);
      const powers = g.op('Exp', [g.op('Mul', [x, g.constant('float32', 4)])]);
      const bands = g.op('MatMul', [powers, g.constant('float32', bank, [128, 16], 'w')]);
      g.output('y', g.op('Log', [bands]));
    });
    // The least number, a ninth, is off by half a step, a thirtieth: log 1.3 of up to 10. Beside a loud band 8 bits of activations would lose a quiet one.
    const { model } = await checkPass(int4(), { before, within: 0.03 });
    const [node] = model.graph.nodes().filter(({ opType }) => opType === 'MatMulNBits');
    expect(node?.int('accuracy_level', 0)).toBe(0);
    const [codes, zeros] = [constantOf(model, 'w_4bit').bytes(), constantOf(model, 'w_zeros').bytes()];
    bank.forEach((number, at) => {
      const [k, n] = [Math.floor(at / 16), at % 16];
      const code = ((codes[n * 64 + (k >> 1)] as number) >> (4 * (k & 1))) & 15;
      const zero = ((zeros[n * 2 + (k >> 6)] as number) >> (4 * ((k >> 5) & 1))) & 15;
      if (number === 0) expect(code).toBe(zero);
    });
  });

  it('keeps 8 bits where 4 are too far off, and none where 8 are', async () => {
    const { model, result } = await checkPass(int4({ maxWeightError: 0.05 }), {
      before: product(64, 32),
      within: 0.02,
    });
    expect(model.graph.nodes()[0]?.int('bits')).toBe(8);
    expect(result.notes.map(({ text }) => text)).toContain('1 weight in 8 bits by blocks of 32');
    await checkMiss(int4({ maxWeightError: 1e-4 }), { before: product(64, 32), reason: 'change by more than 0.0001' });
  });
});

it('refuses with a reason', async () => {
  const before = product(64, 32);
  await checkMiss(int4({ keep: ['MatMul'] }), { before, reason: 'kept as asked' });
  const numbers = numbersOf(randomWeights([64, 32]));
  numbers[100] = Number.NaN;
  const broken = of((g) =>
    g.output('y', g.op('MatMul', [g.input('x', 'float32', [3, 64]), g.constant('float32', numbers, [64, 32], 'w')])),
  );
  await checkMiss(int4(), { before: broken, reason: 'NaN or infinity' });
  const { passes } = await applyPass(int4({ minElements: 4096 }), before);
  expect(passes[0]?.status).toBe('unchanged');
  expect(passes[0]?.notes.map(({ text }) => text)).toEqual(['1 weight stays as stored: fewer than 4096 elements']);
});

it('compiles a repeat once, with the same codes', async () => {
  const sizes = { hidden: 32, heads: 2, intermediate: 48, vocabulary: 50, positions: 32, seed: 0 };
  const before = encoder({ ...sizes, layers: 8 });
  const whole = await applyPasses([int4()], before);
  const once = await applyPasses([regional(), int4()], before);
  expect(opCounts(once.model)).toEqual(opCounts(whole.model));
  const feeds = randomFeeds(before, { batch: 2, sequence: 5 });
  const [a, b] = [await writeModel(once.model), await writeModel(whole.model)];
  compareTensors(await runModel(a, feeds), await runModel(b, feeds), 0);
});

it('goes on in float16 where the target computes in it', async () => {
  const { model } = await applyPasses([int4(), fp16()], product(64, 32), 'webgpu');
  expect(constantOf(model, 'w_scales').type).toBe('float16');
  const feeds = randomFeeds(product(64, 32));
  compareTensors(
    await runModel(await writeModel(model), feeds),
    await runModel(await writeModel(product(64, 32)), feeds),
    within,
  );
});

it('rounds better where inputs tell what the weight is multiplied by', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'int4-'));
  try {
    // Activations that a layer before has made of a few directions, as those of trained models are.
    const before = of((g) => {
      const narrow = g.op('MatMul', [g.input('x', 'float32', ['n', 16]), g.constant(randomWeights([16, 128]), 'up')]);
      g.output('y', g.op('MatMul', [g.op('Tanh', [narrow]), weight(g, [128, 64])]));
    });
    const rows = (seed: number) => randomWeights([64, 16], 0.3, seed);
    for (const seed of [1, 2]) {
      const numbers = numbersOf(rows(seed));
      const x = Array.from({ length: 64 }, (_, row) => [...numbers.slice(16 * row, 16 * row + 16)]);
      writeFileSync(join(folder, `${seed}.json`), JSON.stringify({ x }));
    }
    const y = async (model: Model) => (await runModel(await writeModel(model), { x: rows(7) }))['y'] as Tensor;
    const exact = await y(before);
    const errorWith = async (measure: boolean, inputs?: string) => {
      const { model } = await optimize(before, [int4({ minElements: 4096, measure })], { inputs, verify: 'none' });
      const [a, b] = [numbersOf(exact), numbersOf(await y(model))];
      return Math.sqrt(a.reduce((sum, one, at) => sum + (one - (b[at] as number)) ** 2, 0));
    };
    const nearest = await errorWith(false);
    // The inputs that are judged are not those that it was given.
    expect(await errorWith(true, folder)).toBeLessThan(0.67 * nearest);
    // Made-up numbers tell nothing of signals.
    expect(await errorWith(true)).toBe(nearest);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('expects the usual where activations are not finite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'int4-'));
  try {
    const before = of((g) => {
      const inverse = g.op('Reciprocal', [g.input('x', 'float32', [1, 64])]);
      g.output('y', g.op('MatMul', [inverse, weight(g, [64, 32], 'v')]));
      g.output('z', g.op('MatMul', [g.op('Tanh', [inverse]), weight(g, [64, 32])]));
    });
    // The first number becomes infinite.
    const x = [Array.from({ length: 64 }, (_, k) => k)];
    const inputs = join(folder, 'inputs.json');
    writeFileSync(inputs, JSON.stringify({ x }));
    const { model, report } = await optimize(before, [int4()], { inputs, verify: 'none' });
    expect(opCounts(model)).toMatchObject({ 'com.microsoft.MatMulNBits': 2 });
    const texts = report.passes[0]?.notes.map(({ text }) => text);
    expect(texts).toContain('1 activation measured: numbers are rounded knowing the errors of those before them');
    expect(texts).toContain(
      '1 activation measured in vain: NaN, infinity, or squares beyond float32; taken as if nothing were measured',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
