/** Precision passes and fusions in any order: each model here once came out wrong, unloadable, or without a word. */
import { describe, expect, it } from 'vitest';
import { bf16 } from '../../../passes/bf16.js';
import { fp16 } from '../../../passes/fp16.js';
import { fuseAct } from '../../../passes/fuse-act.js';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { int8 } from '../../../passes/int8.js';
import { float } from '../../../src/ir/attribute.js';
import { type Attributes, buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import {
  applyPass,
  applyPasses,
  checkPass,
  compareTensors,
  opCounts,
  randomFeeds,
  randomWeights,
} from '../../check-pass.js';
import { runModel } from '../../run-model.js';

const microsoft = { domain: 'com.microsoft' };
const opsets = { '': 17, 'com.microsoft': 1 };
const weight = (g: GraphBuilder, rows: number, columns: number, seed: number) =>
  g.constant(randomWeights([rows, columns], 0.2, seed), `w${seed}`);
const elemOf = (model: { graph: { nodes(): readonly { opType: string; output: Value }[] } }, opType: string) =>
  model.graph.nodes().find((node) => node.opType === opType)?.output.elem;

/** Attention whose query rows see no key at all where `hidden` is 0: a fill overwrites every score. */
const filled = buildModel(opsets, (g) => {
  const x = g.input('x', 'float32', [1, 4, 32]);
  const [q, k, v] = [2, 3, 4].map((seed) => {
    const split = g.op('Reshape', [g.op('MatMul', [x, weight(g, 32, 32, seed)]), g.ints(1, 4, 2, 16)]);
    return g.op('Transpose', [split], { perm: [0, 2, 1, 3] });
  }) as [Value, Value, Value];
  const scores = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
  const scaled = g.op('Mul', [scores, g.constant('float32', 0.25)]);
  const seen = g.op('Cast', [g.input('seen', 'int64', [1, 1, 4, 4])], { to: 9 });
  const masked = g.op('Where', [seen, scaled, g.constant('float32', -3.4028234663852886e38)]);
  const context = g.op('MatMul', [g.op('Softmax', [masked], { axis: -1 }), v]);
  const joined = g.op('Reshape', [g.op('Transpose', [context], { perm: [0, 2, 1, 3] }), g.ints(1, 4, 32)]);
  g.output('y', g.op('MatMul', [joined, weight(g, 32, 32, 5)]), 'float32', [1, 4, 32]);
});

/** x · w, an 8-bit product as quantizers write it, · w. */
const blocks = buildModel(opsets, (g) => {
  const hidden = g.op('MatMul', [g.input('x', 'float32', [4, 32]), weight(g, 32, 32, 2)]);
  const bytes = g.constant(
    'uint8',
    Float32Array.from({ length: 32 * 32 }, (_, i) => (i * 37) % 256),
    [32, 1, 32],
  );
  const scales = g.constant('float32', new Float32Array(32).fill(0.01), [32, 1]);
  const attributes = { K: 32, N: 32, bits: 8, block_size: 32, accuracy_level: 4 };
  const product = g.op('MatMulNBits', [hidden, bytes, scales], attributes, microsoft);
  g.output('y', g.op('MatMul', [g.op('Relu', [product]), weight(g, 32, 32, 3)]), 'float32', [4, 32]);
});

describe('fp16 and fusions', () => {
  it.each(['cpu', 'cuda', 'webgpu'] as const)('a row that a fill masks whole stays finite on %s', async (target) => {
    const { model } = await applyPasses([fp16({ compute: true }), fuseAttn()], filled, target);
    expect(opCounts(model)).toMatchObject({ 'com.microsoft.MultiHeadAttention': 1 });
    const seen = { ...randomFeeds(filled), seen: tensorOf('int64', new Array(16).fill(0), [1, 1, 4, 4]) };
    const [actual, expected] = [
      await runModel(await writeModel(model), seen),
      await runModel(await writeModel(filled), seen),
    ];
    compareTensors(actual, expected, 5e-3);
  });

  it('an attention bounds its mask: what follows is narrow again', async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [1, 4, 32]);
      const product = (seed: number) => g.op('MatMul', [x, weight(g, 32, 32, seed)]);
      const hidden = g.op('Equal', [g.input('hidden', 'int64', []), g.constant('int64', [0, 1, 2, 3], [1, 1, 1, 4])]);
      const mask = g.op('Where', [hidden, g.constant('float32', -3.4028234663852886e38), g.constant('float32', 0)]);
      const bias = g.op('Expand', [mask, g.ints(1, 1, 4, 4)]);
      const inputs = [product(2), product(3), product(4), undefined, undefined, bias];
      const context = g.op('MultiHeadAttention', inputs, { num_heads: 2 }, microsoft);
      g.output('y', g.op('MatMul', [context, weight(g, 32, 32, 5)]), 'float32', [1, 4, 32]);
    });
    const { model, result } = await checkPass(fp16({ compute: true }), { before, within: 5e-3 });
    expect(opCounts(model)).toMatchObject({ MatMul: 4 });
    const last = model.graph
      .nodes()
      .filter((node) => node.is('MatMul'))
      .at(-1);
    expect(last?.output.elem).toBe('float16');
    expect(result.skips.map(({ reason }) => reason)).toContain('computes with numbers beyond the range');
  });

  it('a GroupNorm keeps its scale and bias in float32', async () => {
    const before = buildModel(opsets, (g) => {
      const image = g.op('Conv', [g.input('x', 'float32', [1, 4, 8, 8]), g.constant(randomWeights([8, 4, 1, 1], 0.2))]);
      const last = g.op('Transpose', [image], { perm: [0, 2, 3, 1] });
      const [scale, bias] = [g.constant(randomWeights([8], 1, 3)), g.constant(randomWeights([8], 1, 4))];
      const normed = g.op('GroupNorm', [last, scale, bias], { groups: 2, activation: 1 }, microsoft);
      const first = g.op('Transpose', [normed], { perm: [0, 3, 1, 2] });
      g.output('y', g.op('Conv', [first, g.constant(randomWeights([4, 8, 1, 1], 0.2, 5))]), 'float32');
    });
    const { model } = await applyPass(fp16({ compute: true }), before, 'cuda');
    const norm = model.graph.nodes().find((node) => node.opType === 'GroupNorm');
    expect(norm?.inputs.map((value) => value?.elem)).toEqual(['float16', 'float32', 'float32']);
  });
});

describe('8-bit products and fp16', () => {
  it('stay float32 on the CPU, whose kernel gives zeros for them in float16', async () => {
    const { model, result } = await checkPass(fp16({ compute: true }), { before: blocks, within: 5e-3 });
    expect(elemOf(model, 'MatMulNBits')).toBe('float32');
    expect(result.skips.map(({ reason }) => reason)).toContain('the CPU provider gives zeros for it in float16');
  });

  it('are right on the CPU when they are made for CUDA', async () => {
    const before = buildModel(opsets, (g) => {
      const hidden = g.op('MatMul', [g.input('x', 'float32', [4, 64]), weight(g, 64, 64, 2)]);
      g.output('y', g.op('MatMul', [g.op('Relu', [hidden]), weight(g, 64, 64, 3)]), 'float32', [4, 64]);
    });
    const feeds = randomFeeds(before);
    const expected = await runModel(await writeModel(before), feeds);
    for (const passes of [
      [int8(), fp16({ compute: true })],
      [fp16({ compute: true }), int8()],
    ]) {
      const { model } = await applyPasses(passes, before, 'cuda');
      expect(opCounts(model)).toMatchObject({ 'com.microsoft.MatMulNBits': 2 });
      compareTensors(await runModel(await writeModel(model), feeds), expected, 3e-2);
    }
  });
});

describe('positions and angles', () => {
  /** sin of a table of angles up to 2000, a row of it for each id; and of x times frequencies. */
  const angles = (isTable: boolean) =>
    buildModel(opsets, (g) => {
      const table = Float32Array.from({ length: 64 * 32 }, (_, i) => Math.floor(i / 32) * 31.4 * 0.9 ** (i % 32));
      const inside = isTable
        ? g.op('Gather', [g.constant('float32', table, [64, 32]), g.input('ids', 'int64', [4])])
        : g.op('MatMul', [g.input('x', 'float32', [4, 64]), g.constant(randomWeights([64, 32], 100), 'frequencies')]);
      const features = g.op('MatMul', [g.op('Sin', [inside]), g.constant(randomWeights([32, 64], 0.2, 7), 'w')]);
      g.output('y', features, 'float32', [4, 64]);
    });

  it('are not stored as bfloat16', async () => {
    const { model, result } = await checkPass(bf16(), { before: angles(true), within: 5e-3 });
    expect(result.skips.map(({ reason }) => reason)).toEqual(['positions and angles need float32']);
    expect(opCounts(model)).toMatchObject({ Cast: 1 });
  });

  it('are not computed in 8 bits', async () => {
    const { model, result } = await checkPass(int8(), { before: angles(false), within: 2e-2 });
    expect(result.skips.map(({ reason }) => reason)).toContain('positions and angles need float32');
    expect(opCounts(model)).toMatchObject({ MatMul: 1, MatMulInteger: 1 });
  });
});

describe('int8 and fused products', () => {
  const fused = (attributes: Attributes, shape = [2, 4, 64], weights = [64, 32]) =>
    buildModel(opsets, (g) => {
      const inputs = [g.input('x', 'float32', shape), g.constant(randomWeights(weights), 'w')];
      g.output('y', g.op('FusedMatMul', inputs, attributes, microsoft), 'float32');
    });

  it.each([
    ['alpha', fused({ alpha: float(0.125) })],
    ['transB', fused({ transB: 1, alpha: float(-2) }, [2, 4, 64], [32, 64])],
    ['transA of a matrix', fused({ transA: 1 }, [64, 4])],
  ])('are quantized with %s', async (_name, before) => {
    const { model } = await checkPass(int8(), { before, within: 2e-2 });
    expect(opCounts(model)).toMatchObject({ MatMulInteger: 1 });
    expect(opCounts(model)['com.microsoft.FusedMatMul']).toBeUndefined();
  });

  const STORED = 'computed in float, its weight stored in 8 bits: ';
  it.each<[reason: string | undefined, Model]>([
    [`${STORED}it transposes a batch of activations`, fused({ transA: 1 }, [2, 64, 4])],
    [`${STORED}it turns its batch axes`, fused({ transBatchA: 1 }, [4, 2, 64])],
    [
      'its weight is quantized already',
      buildModel(opsets, (g) => {
        const bytes = g.constant('int8', new Array(64 * 32).fill(3), [64, 32]);
        const w = g.op('DequantizeLinear', [bytes, g.constant('float32', 0.1), g.constant('int8', 0)]);
        g.output('y', g.op('MatMul', [g.input('x', 'float32', [4, 64]), w]), 'float32');
      }),
    ],
    // Attention multiplies its weight, and a Gather multiplies none: stored in 8 bits, neither has a form that it is kept from.
    [
      undefined,
      buildModel(opsets, (g) => {
        const inputs = [g.input('x', 'float32', [1, 4, 32]), weight(g, 32, 96, 2), g.constant(randomWeights([96]))];
        g.output('y', g.op('Attention', inputs, { num_heads: 2 }, microsoft), 'float32');
      }),
    ],
    [
      undefined,
      buildModel(opsets, (g) =>
        g.output('y', g.op('Gather', [weight(g, 64, 64, 2), g.input('ids', 'int64', [4])]), 'float32'),
      ),
    ],
    [
      'it is added or multiplied number by number, or only moved: 8 bits are few for that',
      buildModel(opsets, (g) => {
        const table = g.op('Transpose', [weight(g, 64, 64, 2)]);
        g.output('y', g.op('Add', [g.input('x', 'float32', [64, 64]), table]), 'float32');
      }),
    ],
  ])('are not computed in 8 bits: %s', async (reason, before) => {
    // Not run: the runtime takes no turned batch of a weight of two axes.
    const { model, passes } = await applyPass(int8(), before);
    expect(opCounts(model).MatMulInteger).toBeUndefined();
    expect(passes[0]?.skips.map((one) => one.reason)).toEqual(reason ? [reason] : []);
    const isStored = [...model.graph.constants].some(({ tensor }) => tensor?.type === 'int8');
    expect(isStored).toBe(!reason || reason.startsWith(STORED) || reason.includes('already'));
  });
});

it('a GELU leaves the bias to the integer product before it', async () => {
  const before = buildModel({ '': 20, 'com.microsoft': 1 }, (g) => {
    const product = g.op('MatMul', [g.input('x', 'float32', [4, 64]), weight(g, 64, 32, 2)]);
    const biased = g.op('Add', [product, g.constant(randomWeights([32], 1, 3))]);
    g.output('y', g.op('Gelu', [biased]), 'float32', [4, 32]);
  });
  const { model, passes } = await applyPasses([int8(), fuseAct()], before);
  expect(opCounts(model)).toMatchObject({ MatMulInteger: 1, Add: 1, Gelu: 1 });
  expect(passes[1]?.skips.map(({ reason }) => reason)).toContain('the integer product before it takes the bias');
});

it.each(['ScatterND', 'ScatterElements'])(
  'leaves %s in float32 on the CPU where it reduces, which runs in no float16 there',
  async (opType) => {
    const scattered = (reduction: string) =>
      buildModel({ '': 16 }, (g) => {
        const x = g.input('x', 'float32', ['rows', 32]);
        const hidden = g.op('MatMul', [x, g.constant(randomWeights([32, 32], 0.2))]);
        const indices = g.constant(
          'int64',
          opType === 'ScatterND' ? [0] : new Array<number>(32).fill(0),
          opType === 'ScatterND' ? [1, 1] : [1, 32],
        );
        const sum = g.op(opType, [hidden, indices, g.constant(randomWeights([1, 32]))], { reduction });
        g.output('y', g.op('MatMul', [sum, g.constant(randomWeights([32, 32], 0.2))]));
      });
    const { model, result } = await checkPass(fp16({ compute: true }), { before: scattered('add'), within: 1e-2 });
    expect(result.skips.map(({ reason }) => reason)).toContain(
      'the CPU provider adds up, or compares, no float16 where it scatters',
    );
    expect(model.graph.nodes().find((node) => node.is(opType))?.output.elem).toBe('float32');
    const plain = await checkPass(fp16({ compute: true }), { before: scattered('none'), within: 1e-2 });
    expect(plain.model.graph.nodes().find((node) => node.is(opType))?.output.elem).toBe('float16');
  },
);
