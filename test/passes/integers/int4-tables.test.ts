import { describe, expect, it } from 'vitest';
import { int4 } from '../../../passes/int4.js';
import { float } from '../../../src/ir/attribute.js';
import type { GraphBuilder } from '../../../src/ir/build.js';
import { castTensor, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { checkMiss, checkPass, opCounts, randomWeights } from '../../check-pass.js';
import { constantOf, of, product, weight, within } from './int4-models.js';

describe('a table in blocks', () => {
  const ids = tensorOf('int64', [0, 3, -1, 49], [2, 2]);
  it('is read by GatherBlockQuantized, counted from the end too', async () => {
    const before = of((g) => g.output('y', g.op('Gather', [weight(g, [50, 64]), g.input('ids', 'int64', [2, 2])])));
    const { model } = await checkPass(int4(), { before, within, feeds: { ids } });
    expect(opCounts(model)).toEqual({ 'com.microsoft.GatherBlockQuantized': 1 });
    expect(constantOf(model, 'w_4bit').shape).toEqual([50, 32]);
  });

  it.each(['cuda', 'webgpu'] as const)('has no zero points where %s cannot count them', async (target) => {
    const table = (width: number) =>
      of((g) => g.output('y', g.op('Gather', [weight(g, [50, width]), g.input('ids', 'int64', [2, 2])])));
    // An odd number of blocks.
    const odd = await checkPass(int4(), { before: table(96), within, feeds: { ids }, target });
    expect(odd.model.graph.nodes()[0]?.inputs.length).toBe(3);
    const even = await checkPass(int4(), { before: table(64), within, feeds: { ids }, target });
    expect(even.model.graph.nodes()[0]?.inputs.length).toBe(4);
  });

  it('is stored once with the head that shares it', async () => {
    const before = of((g) => {
      const table = weight(g, [50, 64], 'table');
      const rows = g.op('Gather', [table, g.input('ids', 'int64', [2, 2])]);
      g.output('y', g.op('MatMul', [g.op('Tanh', [rows]), g.op('Transpose', [table], { perm: [1, 0] })]));
    });
    const { model } = await checkPass(int4(), { before, within, feeds: { ids } });
    expect([...model.graph.constants].filter(({ elem }) => elem === 'uint8').map(({ name }) => name)).toEqual([
      'table_4bit',
      'table_zeros',
    ]);
    expect(opCounts(model)).toMatchObject({ 'com.microsoft.GatherBlockQuantized': 1, 'com.microsoft.MatMulNBits': 1 });
  });

  it('is stored once with the head where both are read from 16 bits', async () => {
    const before = of((g) => {
      const table = g.constant(castTensor(randomWeights([50, 64]), 'float16'), 'table');
      const rows = g.cast(g.op('Gather', [table, g.input('ids', 'int64', [2, 2])]), 'float32');
      const head = g.op('Transpose', [g.cast(table, 'float32')], { perm: [1, 0] });
      g.output('y', g.op('MatMul', [g.op('Tanh', [rows]), head]));
    });
    const { model } = await checkPass(int4(), { before, within, feeds: { ids } });
    expect([...model.graph.constants].filter(({ elem }) => elem === 'uint8')).toHaveLength(2);
    expect(opCounts(model)).toMatchObject({ 'com.microsoft.GatherBlockQuantized': 1, 'com.microsoft.MatMulNBits': 1 });
  });

  it('is taken from a table that is stored in fewer bits', async () => {
    const before = of((g) => {
      const table = g.cast(g.constant(castTensor(randomWeights([50, 64]), 'bfloat16'), 'w'), 'float32');
      g.output('y', g.op('Gather', [table, g.input('ids', 'int64', [2, 2])]));
    });
    const { model } = await checkPass(int4(), { before, within, feeds: { ids } });
    expect(opCounts(model)).toEqual({ 'com.microsoft.GatherBlockQuantized': 1 });
  });

  it('is stored narrow where its rows are no blocks', async () => {
    const before = of((g) => g.output('y', g.op('Gather', [weight(g, [50, 40]), g.input('ids', 'int64', [2, 2])])), 21);
    const { model } = await checkPass(int4(), { before, within, feeds: { ids } });
    expect(opCounts(model)['com.microsoft.GatherBlockQuantized']).toBeUndefined();
    expect(model.graph.constants.size).toBeGreaterThan(1);
  });
});

describe('a block that pads', () => {
  it.each([
    { K: 48, block: 128, fits: 64 },
    { K: 64, block: 128, fits: 64 },
    { K: 96, block: 64, fits: 32 },
    { K: 256, block: 64, fits: 64 },
  ] as const)('is as long as takes the fewest bytes: %o', async ({ K, block, fits }) => {
    const { model } = await checkPass(int4({ block }), { before: product(K, 32), within });
    expect(model.graph.nodes()[0]?.int('block_size')).toBe(fits);
  });

  it.each([48, 96])('is no obstacle to rows of %i that shorter ones fill', async (K) => {
    const ids = tensorOf('int64', [0, 3, -1, 49], [2, 2]);
    const before = of((g) => g.output('y', g.op('Gather', [weight(g, [50, K]), g.input('ids', 'int64', [2, 2])])));
    const { model } = await checkPass(int4({ block: 64 }), { before, within, feeds: { ids } });
    expect(opCounts(model)).toEqual({ 'com.microsoft.GatherBlockQuantized': 1 });
  });
});

describe('a weight behind another', () => {
  const x = (g: GraphBuilder) => g.input('x', 'float32', [3, 64]);
  const ids = tensorOf('int64', [0, 3, 49], [3]);
  const looked = (g: GraphBuilder, width: number) => {
    const rows = g.op('Gather', [weight(g, [50, width], 'table'), g.input('ids', 'int64', [3])]);
    g.output('y', g.op('MatMul', [rows, weight(g, [width, 64])]));
  };
  it.each([
    [
      'a product of a product',
      of((g) => g.output('y', g.op('MatMul', [g.op('MatMul', [x(g), weight(g, [64, 64], 'v')]), weight(g, [64, 64])]))),
      {},
    ],
    ['a product of rows', of((g) => looked(g, 64)), { ids }],
    ['a product of rows that are stored narrow', of((g) => looked(g, 72)), { ids }],
    [
      'two products of one weight',
      of((g) => {
        const w = weight(g, [64, 64]);
        g.output('y', g.op('MatMul', [g.op('MatMul', [x(g), w]), w]));
      }),
      {},
    ],
    [
      'two products of one weight, once transposed',
      of((g) => {
        const w = weight(g, [64, 64]);
        g.output('y', g.op('Gemm', [g.op('MatMul', [x(g), w]), w], { transB: 1, alpha: float(0.5) }));
      }),
      {},
    ],
  ])('reads what was put in the place of the first: %s', async (_name, before, feeds) => {
    const options = Object.keys(feeds).length > 0 ? { feeds } : {};
    // The errors of two weights add.
    const { model } = await checkPass(int4(), { before, within: 2 * within, ...options });
    const floats = [...model.graph.constants].filter(
      ({ elem, tensor }) => elem === 'float32' && tensor?.shape[1] === 64,
    );
    expect(floats).toEqual([]);
    expect(opCounts(model).MatMul).toBeUndefined();
    expect(opCounts(model).Gemm).toBeUndefined();
  });
});

describe('other weights', () => {
  const convolution = of((g) => {
    const x = g.input('x', 'float32', [1, 16, 8, 8]);
    g.output('y', g.op('Conv', [x, weight(g, [16, 16, 3, 3])], { pads: [1, 1, 1, 1] }));
  }, 21);
  it('are stored narrow and widened at load', async () => {
    const { model, result } = await checkPass(int4(), { before: convolution, within: 0.3 });
    expect([...model.graph.constants].map(({ elem }) => elem)).toContain('int4');
    expect(result.notes.map(({ text }) => text)).toContain('1 weight stored as int4 and widened at load');
  });

  it('are left where they are used number by number', async () => {
    const before = of((g) => g.output('y', g.op('Add', [g.input('x', 'float32', [40, 64]), weight(g, [40, 64])])));
    await checkMiss(int4(), { before, reason: 'its constant is no factor of a layer' });
  });
});
