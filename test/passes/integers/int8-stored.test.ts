/** int8: weights that are stored in it and computed with as floats. */
import { describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { presets } from '../../../passes/presets.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { applyPass, applyPasses, checkMiss, checkPass, opCounts, randomWeights } from '../../check-pass.js';

/** Rounding to 127 levels changes these weights by 0.6 %, and sums of them by as much. */
const within = 0.02;

const w = (g: GraphBuilder, shape: readonly number[], seed = 2) => g.constant(randomWeights(shape, 0.2, seed));

describe('int8 stores what it does not compute in 8 bits', () => {
  const models: readonly (readonly [string, (g: GraphBuilder) => void])[] = [
    [
      'convolutions',
      (g) => g.output('y', g.op('Conv', [g.input('x', 'float32', [1, 16, 6, 6]), w(g, [16, 16, 3, 3])])),
    ],
    [
      'transposed convolutions',
      (g) => g.output('y', g.op('ConvTranspose', [g.input('x', 'float32', [1, 16, 5, 5]), w(g, [16, 32, 2, 2])])),
    ],
    [
      'recurrent layers',
      (g) =>
        g.output(
          'y',
          g.op('GRU', [g.input('x', 'float32', [4, 2, 32]), w(g, [1, 96, 32]), w(g, [1, 96, 32], 3)], {
            hidden_size: 32,
          }),
        ),
    ],
    ['tables', (g) => g.output('y', g.op('Gather', [w(g, [64, 32]), g.input('ids', 'int64', ['n'])]))],
    [
      'Einsum',
      (g) =>
        g.output(
          'y',
          g.op('Einsum', [g.input('x', 'float32', [3, 32]), w(g, [2, 32, 32])], { equation: 'bk,hkn->bhn' }),
        ),
    ],
    [
      'packed attention',
      (g) =>
        g.output(
          'y',
          g.op(
            'Attention',
            [g.input('x', 'float32', [1, 4, 32]), w(g, [32, 96]), w(g, [96], 3)],
            { num_heads: 2 },
            { domain: 'com.microsoft' },
          ),
          'float32',
          [1, 4, 32],
        ),
    ],
  ];

  it.each(models)('%s', async (_name, define) => {
    const before = buildModel({ '': 17, 'com.microsoft': 1 }, define);
    const { model, result } = await checkPass(int8(), { before, within });
    expect(result.skips).toEqual([]);
    expect(result.bytes.after).toBeLessThan(0.32 * result.bytes.before);
    const floats = [...model.graph.constants].filter(({ tensor }) => tensor?.type === 'float32');
    expect(floats.every(({ tensor }) => (tensor?.byteLength ?? 0) < 512)).toBe(true);
  });

  it('weights of three axes, and says why they do not compute in it', async () => {
    const before = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [2, 3, 32]), w(g, [2, 32, 32])])),
    );
    const { model, result } = await checkPass(int8(), { before, within });
    expect(result.skips.map(({ reason }) => reason)).toEqual([
      'computed in float, its weight stored in 8 bits: its weight has rank 3: scales per channel need rank 2',
    ]);
    expect(opCounts(model)).toMatchObject({ MatMul: 1 });
    expect([...model.graph.constants].map(({ tensor }) => tensor?.type)).toContain('int8');
  });

  it.each<[string, number, string]>([
    ['float16', 1, 'float16'],
    ['bfloat16, where float16 lacks digits', 1e-5, 'bfloat16'],
    ['bfloat16, where float16 has no such numbers', 1e8, 'bfloat16'],
  ])('many scales as %s', async (_name, size, type) => {
    const before = buildModel({ '': 17 }, (g) => {
      const table = g.constant(randomWeights([64, 128], 0.2 * size), 'table');
      g.output('y', g.op('Gather', [table, g.input('ids', 'int64', ['n'])]));
    });
    const { model } = await checkPass(int8(), { before, within });
    expect([...model.graph.constants].map(({ tensor }) => tensor?.type)).toEqual(['int8', type, 'int64']);
  });

  it('products too, where it is not to compute', async () => {
    const before = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [4, 64]), w(g, [64, 64])])),
    );
    const { model } = await checkPass(int8({ compute: false }), { before, within });
    expect(opCounts(model)).toEqual({ Cast: 2, MatMul: 1, Mul: 1 });
    const { model: other } = await applyPass(int8({ compute: false }), before, 'webgpu');
    expect(opCounts(other)).toEqual({ Cast: 2, MatMul: 1, Mul: 1 });
  });

  it('filter banks of a spectrum, which do not compute in 8 bits', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 64]);
      const power = g.op('MatMul', [g.op('Mul', [x, x]), w(g, [64, 32])]);
      g.output('y', g.op('Log', [g.op('Clip', [power, g.constant('float32', 1e-9)])]));
    });
    const { model } = await checkPass(int8(), { before, within });
    expect(opCounts(model)).toMatchObject({ MatMul: 1 });
  });

  it('errors add up to nothing: a mean that all activations have in common passes', async () => {
    const before = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('Conv', [g.input('x', 'float32', [1, 64, 3, 3]), w(g, [64, 64, 3, 3])])),
    );
    const ones = tensorOf('float32', new Float32Array(64 * 9).fill(1), [1, 64, 3, 3]);
    // Each number rounded by itself: 0.02 of the largest sum.
    await checkPass(int8(), { before, feeds: { x: ones }, within: 2e-3 });
  });

  it('keeps what is zero', async () => {
    const numbers = numbersOf(randomWeights([64, 32])).map((one, at) => (at % 3 ? one : 0));
    const before = buildModel({ '': 17 }, (g) =>
      g.output(
        'y',
        g.op('Gather', [g.constant(tensorOf('float32', numbers, [64, 32]), 'w'), g.input('ids', 'int64', ['n'])]),
      ),
    );
    const { model } = await checkPass(int8(), { before, within });
    const stored = [...model.graph.constants].find(({ tensor }) => tensor?.type === 'int8')?.tensor;
    expect(stored && [...numbersOf(stored)].every((one, at) => at % 3 || one === 0)).toBe(true);
  });

  it('leaves biases, and says what stays', async () => {
    const before = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('Add', [g.input('x', 'float32', [2, 64, 32]), w(g, [64, 32])])),
    );
    await checkMiss(int8(), { before, reason: 'it is added or multiplied number by number' });
  });
});

it('quarter stores what 8 bits leave in 16', async () => {
  const before = buildModel({ '': 17 }, (g) => {
    const hidden = g.op('Conv', [g.input('x', 'float32', [1, 32, 6, 6]), w(g, [32, 32, 3, 3])]);
    const small = g.op('Conv', [hidden, w(g, [32, 1, 3, 3], 3)], { group: 32 });
    g.output('y', g.op('Add', [small, w(g, [1, 32, 2, 2], 4)]));
  });
  const quarter = presets.find(({ name }) => name === 'quarter')?.passes ?? [];
  const { model } = await applyPasses(quarter, before);
  const types = [...model.graph.constants].flatMap(({ tensor }) =>
    (tensor?.shape.length ?? 0) > 1 ? [tensor?.type] : [],
  );
  expect(types.sort()).toEqual(['float16', 'float16', 'float16', 'int8']);
});
