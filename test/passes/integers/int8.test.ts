/** int8: every shape of a product, shared weights and activations, and the reasons against. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bf16 } from '../../../passes/bf16.js';
import { fp16 } from '../../../passes/fp16.js';
import { int8 } from '../../../passes/int8.js';
import { simplify } from '../../../passes/simplify.js';
import { float } from '../../../src/ir/attribute.js';
import { type Attributes, buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { holdsOn } from '../../../src/run/cpus.js';
import { applyPass, applyPasses, checkPass, opCounts, randomFeeds, randomWeights } from '../../check-pass.js';
import { runModel } from '../../run-model.js';
import { linear, one, within } from './int8-models.js';

/** The model as onnxruntime computes it, once its own optimizations are through. */
async function optimizedByRuntime(model: Model, feeds: Readonly<Record<string, Tensor>>): Promise<Model> {
  const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-'));
  try {
    const optimizedPath = join(folder, 'optimized.onnx');
    await runModel(await writeModel(model), feeds, { optimize: true, optimizedPath });
    return await readModel(optimizedPath);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('int8 on the CPU', () => {
  it('quantizes a weight per column and the activation as it comes', async () => {
    await checkPass(int8(), {
      before: one(17, (g, x) => linear(g, x, 64, 32)),
      within,
      after: `
        ir 8, opset ai.onnx:17
        graph main(%x: float32[4, 64])
          %w2_int8 = int8[64, 32]
          %w2_scale = float32[32]
          %x_uint8: uint8[4, 64], %x_scale: float32[], %x_zero_point: uint8[] = DynamicQuantizeLinear(%x)
          %v.0: int32[4, 32] = MatMulInteger(%x_uint8, %w2_int8, %x_zero_point)
          %v.1: float32[4, 32] = Cast(%v.0) {to=1}
          %v.2: float32[32] = Mul(%x_scale, %w2_scale)
          %v.3: float32[4, 32] = Mul(%v.1, %v.2)
          => y: %v.3`,
    });
  });

  it('has unsigned weights where asked: no sum of them can saturate, and lookups read them too', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const table = g.constant(randomWeights([64, 64], 0.1), 'table');
      const rows = g.op('Gather', [table, g.input('ids', 'int64', [4])]);
      g.output('y', g.op('MatMul', [rows, g.op('Transpose', [table], { perm: [1, 0] })]));
    });
    const feeds = { ids: tensorOf('int64', [0, 5, 63, 7], [4]) };
    const { model } = await checkPass(int8({ unsigned: true }), { before, feeds, within });
    expect(opCounts(model)).toMatchObject({ MatMulInteger: 1, Gather: 2, Sub: 1 });
    expect([...model.graph.constants].filter(({ elem }) => elem === 'uint8').map(({ name }) => name)).toEqual([
      'table_uint8',
      'table_zero',
    ]);
    // Undefined: it adds no products of u8 × s8.
    expect(holdsOn(model)).toBeUndefined();
    const [signed] = [await applyPass(int8({ reduceRange: false }), before)];
    // The same bytes, 128 more.
    const bytesIn = (of: Model) =>
      numbersOf([...of.graph.constants].find(({ shape }) => shape?.[0] === 64)?.tensor as Tensor);
    expect(bytesIn(model)).toEqual(bytesIn(signed.model).map((byte) => byte + 128));
  });

  it('quantizes an activation once for all who read it, and a weight once for all who share it', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 64]);
      const w = g.constant(randomWeights([64, 64], 0.1), 'w');
      const [q, k] = [g.op('MatMul', [x, w]), linear(g, x, 64, 64, 3)];
      g.output('y', g.op('Add', [g.op('MatMul', [q, w]), k]));
    });
    const { model } = await checkPass(int8(), { before, within });
    expect(opCounts(model)).toMatchObject({ DynamicQuantizeLinear: 2, MatMulInteger: 3 });
    expect([...model.graph.constants].filter((value) => value.tensor?.type === 'int8')).toHaveLength(2);
  });

  const gemm = (attributes: Attributes, bias?: readonly number[], xShape: readonly number[] = [4, 64]) =>
    buildModel({ '': 17 }, (g) => {
      const shape = attributes.transB === 1 ? [32, 64] : [64, 32];
      const inputs = [g.input('x', 'float32', xShape), g.constant(randomWeights(shape), 'w')];
      if (bias) inputs.push(g.constant(randomWeights(bias, 10, 5), 'c'));
      g.output('y', g.op('Gemm', inputs, attributes));
    });

  it.each([
    ['transB', gemm({ transB: 1 }, [32])],
    ['transA', gemm({ transA: 1 }, [32], [64, 4])],
    ['alpha and beta', gemm({ alpha: float(-0.5), beta: float(0.25), transB: 1 }, [1, 32])],
    ['a scalar bias', gemm({}, [])],
    ['a column of biases', gemm({ beta: float(2) }, [4, 1])],
    ['no bias', gemm({ alpha: float(3) })],
    ['beta 0', gemm({ beta: float(0) }, [32])],
  ])('quantizes a Gemm with %s', async (_name, before) => {
    const { model } = await checkPass(int8(), { before, within });
    expect(opCounts(model)).toMatchObject({ MatMulInteger: 1 });
    expect(opCounts(model).Gemm).toBeUndefined();
  });

  it('keeps a computed bias and its beta', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const [x, c] = [g.input('x', 'float32', [4, 64]), g.input('c', 'float32', [32])];
      g.output('y', g.op('Gemm', [x, g.constant(randomWeights([64, 32]), 'w'), c], { beta: float(8) }));
    });
    await checkPass(int8(), { before, within });
  });

  describe('of an embedding that the head reads too', () => {
    const tied = (alpha: number, rows = 50) =>
      buildModel({ '': 17 }, (g) => {
        const table = g.constant(randomWeights([rows, 64]), 'table');
        const x = g.op('Gather', [table, g.input('ids', 'int64', [4])]);
        const head = g.op('Gemm', [x, table], { transB: 1, alpha: float(alpha) });
        g.output('y', g.op('Add', [head, g.op('MatMul', [x, g.op('Transpose', [table], { perm: [1, 0] })])]));
      });
    const bytesIn = (model: Model) => [...model.graph.constants].filter(({ tensor }) => tensor?.type === 'int8');

    it.each([1, -0.5])('stores one copy of the bytes, whatever the head multiplies by (%d)', async (alpha) => {
      const { model, result } = await checkPass(int8(), { before: tied(alpha), within });
      expect(bytesIn(model).map(({ tensor }) => tensor?.shape)).toEqual([[64, 50]]);
      expect(opCounts(model)).toMatchObject({ Gather: 2, MatMulInteger: 2, DynamicQuantizeLinear: 1 });
      expect(result.notes.map(({ text }) => text)).toContain('lookups of rows that stay int8 in memory: 1');
      expect(holdsOn(model)?.isExact).toBe(true);
    });

    it('stays one copy under simplify, where it is large enough to matter, and the storage in 16 bits', async () => {
      const { model } = await applyPasses([int8(), simplify(), fp16()], tied(2, 2000));
      expect(bytesIn(model).map(({ tensor }) => tensor?.shape)).toEqual([[64, 2000]]);
    });

    it('has nothing left to turn once the runtime has loaded it', async () => {
      const { model } = await applyPass(int8(), tied(1));
      const ops = opCounts(await optimizedByRuntime(model, randomFeeds(tied(1))));
      // Its two products are one, as their factors are.
      expect(ops).toEqual({ Gather: 2, Cast: 1, Mul: 1, Add: 1, 'com.microsoft.DynamicQuantizeMatMul': 1 });
    });

    it.each(['cuda', 'webgpu'] as const)('is stored once on %s too', async (target) => {
      const { model } = await checkPass(int8(), { before: tied(1), target, within });
      expect(opCounts(model)).toMatchObject({
        'com.microsoft.GatherBlockQuantized': 1,
        'com.microsoft.MatMulNBits': 2,
        Reshape: 1,
      });
      const large = [...model.graph.constants].filter(({ tensor }) => (tensor?.byteLength ?? 0) > 1024);
      expect(large.map(({ tensor }) => tensor?.type)).toEqual(['uint8']);
    });

    it('keeps a float copy where the lookup is to stay', async () => {
      const { model, result } = await checkPass(int8({ keep: ['Gather'] }), { before: tied(1), within });
      expect(opCounts(model)).toMatchObject({ Gather: 1, MatMulInteger: 2 });
      expect(result.skips.map(({ reason }) => reason)).toContain('kept in float as asked');
    });
  });

  it.each([
    ['N = 1', one(17, (g, x) => linear(g, x, 64, 1))],
    ['one row', one(17, (g, x) => linear(g, x, 64, 32), 1)],
    [
      'a column of zeros',
      one(17, (g, x) => g.op('MatMul', [x, g.constant('float32', new Array(64).fill(0), [64, 1])])),
    ],
  ])('takes %s', async (_name, before) => {
    const { model } = await checkPass(int8({ minElements: 1 }), { before, within });
    expect(opCounts(model)).toMatchObject({ MatMulInteger: 1 });
  });

  it('computes the same for an activation of four axes and for a vector', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      g.output('y', linear(g, g.input('x', 'float32', ['a', 'b', 3, 64]), 64, 32));
      g.output('z', linear(g, g.input('v', 'float32', [64]), 64, 32, 3));
    });
    await checkPass(int8(), { before, within });
  });

  it('casts around a product in float16', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const w = g.constant(tensorOf('float16', numbersOf(randomWeights([64, 32])), [64, 32]), 'w');
      g.output('y', g.op('MatMul', [g.input('x', 'float16', [4, 64]), w]));
    });
    await checkPass(int8(), { before, within });
  });

  it('raises an opset without DynamicQuantizeLinear', async () => {
    const { model } = await checkPass(int8(), { before: one(10, (g, x) => linear(g, x, 64, 32)), within });
    expect(model.opsets.get('')).toBe(13);
  });

  it('quantizes in branches', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 64]);
      const body = (seed: number) => g.body('branch', (inner) => inner.output('out', linear(inner, x, 64, 64, seed)));
      g.output('y', g.op('If', [g.input('c', 'bool', [])], { then_branch: body(3), else_branch: body(4) }));
    });
    const { model } = await checkPass(int8(), { before, within });
    expect(opCounts(model)).toMatchObject({ MatMulInteger: 2 });
  });

  it('reads weights stored as bfloat16, and leaves no float copy', async () => {
    const before = one(17, (g, x) => linear(g, x, 64, 32));
    const { model } = await applyPasses([bf16(), int8()], before);
    expect(opCounts(model)).toEqual({ DynamicQuantizeLinear: 1, MatMulInteger: 1, Cast: 1, Mul: 2 });
    expect([...model.graph.constants].map((value) => value.tensor?.type).sort()).toEqual(['float32', 'int8']);
  });

  it('is what onnxruntime fuses, a scale per column included', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 64]);
      const hidden = g.op('Add', [linear(g, x, 64, 64), linear(g, x, 64, 64, 3)]);
      g.output('y', g.op('Add', [linear(g, hidden, 64, 32, 4), g.constant(randomWeights([32]))]));
    });
    const { model } = await applyPass(int8(), before);
    expect(opCounts(await optimizedByRuntime(model, randomFeeds(before)))).toEqual({
      DynamicQuantizeLinear: 1,
      'com.microsoft.MatMulIntegerToFloat': 2,
      Add: 1,
      'com.microsoft.DynamicQuantizeMatMul': 1,
    });
  });
});

describe('int8 of weights alone', () => {
  it('leaves activations in float, on the CPU too', async () => {
    const before = one(17, (g, x) => g.op('Relu', [linear(g, x, 64, 32)]));
    const { model, result } = await checkPass(int8({ weights: true }), { before, within });
    expect(result.notes.map(({ text }) => text).join()).not.toContain('left in float');
    expect(opCounts(model)).toEqual({ 'com.microsoft.MatMulNBits': 1, Relu: 1 });
    expect(model.graph.nodes()[0]?.int('accuracy_level')).toBe(4);
  });
});

describe('int8 on GPUs', () => {
  it.each(['webgpu', 'cuda'] as const)('becomes MatMulNBits on %s', async (target) => {
    const { model } = await checkPass(int8(), {
      before: buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', [4, 72]);
        const hidden = linear(g, x, 72, 64);
        const w = g.constant(randomWeights([32, 64], 0.1, 3), 'v');
        g.output('y', g.op('Gemm', [hidden, w, g.constant(randomWeights([32]))], { transB: 1, alpha: float(2) }));
      }),
      target,
      within,
    });
    expect(opCounts(model)).toEqual({ 'com.microsoft.MatMulNBits': 2, Add: 1 });
  });
});
