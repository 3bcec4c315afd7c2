/** bf16: storage on providers that do not compute in it, islands of float32 where CUDA has no kernel. */
import { describe, expect, it } from 'vitest';
import { bf16 } from '../../../passes/bf16.js';
import { fp16 } from '../../../passes/fp16.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { optimize } from '../../../src/optimize.js';
import { applyPass, checkMiss, checkPass, opCounts, randomWeights } from '../../check-pass.js';

const product = (g: GraphBuilder) => {
  const x = g.input('x', 'float32', [2, 32]);
  const w = g.constant(randomWeights([32, 64]), 'w');
  const b = g.constant(randomWeights([64]), 'b');
  g.output('y', g.op('Add', [g.op('MatMul', [x, w]), b]), 'float32', [2, 64]);
};

describe('bf16 as storage', () => {
  it('stores weights as the closer float, and leaves what is smaller than a Cast', async () => {
    const { result } = await checkPass(bf16(), {
      before: buildModel({ '': 17 }, product),
      ops: { Cast: 1, MatMul: 1, Add: 1 },
      within: 1e-2,
    });
    expect(result.bytes).toEqual({ before: 32 * 64 * 4 + 64 * 4, after: 32 * 64 * 2 + 64 * 4 });
    expect(result.notes.map(({ text }) => text).join('\n')).toContain('elements that stay float32: 1 (256 B)');
  });

  it('stores as bfloat16 what float16 does not hold, and what it would hold with fewer digits', async () => {
    const scaled = (scale: number) =>
      buildModel({ '': 17 }, (g) => {
        const weight = g.constant(randomWeights([64, 64], scale), 'w');
        g.output('y', g.op('MatMul', [g.input('x', 'float32', [2, 64]), weight]), 'float32', [2, 64]);
      });
    for (const [scale, type] of [
      [1, 'float16'],
      [1e5, 'bfloat16'],
      [1e-8, 'bfloat16'],
    ] as const) {
      // A step of bfloat16 is 2^-8; sums of 64 terms average it out.
      const { model } = await checkPass(bf16(), { before: scaled(scale), within: 1e-2 });
      expect([...model.graph.constants].map(({ tensor }) => tensor?.type)).toEqual([type]);
    }
  });

  it('says nothing of weights where none is stored', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      g.output('y', g.op('Relu', [g.input('x', 'float32', [2])]), 'float32', [2]);
    });
    for (const pass of [bf16(), fp16({ keep: ['*'] })]) {
      const { report } = await optimize(before, [pass], { verify: 'none', target: 'cpu' });
      expect(report.passes[0]?.notes).toEqual([]);
    }
  });

  it('casts a shared weight once, and weights of bodies inside them', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 32]);
      const condition = g.input('condition', 'bool', []);
      const shared = g.constant(randomWeights([32, 32]), 'shared');
      const branch = (seed: number) =>
        g.body(`branch ${seed}`, (inner) => {
          const own = inner.constant(randomWeights([32, 32], 1, seed), 'own');
          inner.output('out', inner.op('MatMul', [inner.op('MatMul', [x, shared]), own]));
        });
      const y = g.op('If', [condition], { then_branch: branch(3), else_branch: branch(4) });
      g.output('y', y, 'float32', [2, 32]);
    });
    await checkPass(bf16(), { before, ops: { If: 1, MatMul: 4, Cast: 3 }, within: 1e-2 });
  });

  it('keeps what is finite finite', async () => {
    const lowest = -3.4028234663852886e38;
    const before = buildModel({ '': 17 }, (g) => {
      const mask = g.constant(tensorOf('float32', new Array(64 * 64).fill(lowest), [64, 64]), 'mask');
      g.output('y', g.op('Add', [g.input('x', 'float32', [64, 64]), mask]), 'float32', [64, 64]);
    });
    const { model } = await checkPass(bf16(), { before, within: 1e-2 });
    const stored = [...model.graph.constants].find((value) => value.tensor?.type === 'bfloat16');
    expect(stored?.tensor && numbersOf(stored.tensor)[0]).toBeCloseTo(-3.3895e38, -35);
  });

  it('leaves graph outputs and defaults of inputs', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const w = g.constant(randomWeights([32, 32]), 'w');
      const x = g.input('x', 'float32', [2, 32]);
      x.defaultTensor = randomWeights([2, 32]);
      g.output('y', g.op('MatMul', [x, w]), 'float32', [2, 32]);
      g.output('w', w, 'float32', [32, 32]);
    });
    await checkMiss(bf16(), { before, reason: 'a graph output must keep its type' });
  });

  it('raises an opset whose Cast takes no bfloat16', async () => {
    const before = buildModel({ '': 11 }, product);
    const { model } = await checkPass(bf16(), { before, ops: { Cast: 1, MatMul: 1, Add: 1 }, within: 1e-2 });
    expect(model.opsets.get('')).toBe(13);
  });
});

describe('bf16 on CUDA', () => {
  it('computes products in bfloat16 and means in float32, with casts where they meet', async () => {
    const before = buildModel({ '': 20 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 64]);
      const hidden = g.op('MatMul', [x, g.constant(randomWeights([64, 64]), 'w')]);
      const mean = g.op('ReduceMean', [hidden, g.ints(1)], { keepdims: 1 });
      const centred = g.op('Sub', [hidden, mean]);
      g.output('y', g.op('MatMul', [centred, g.constant(randomWeights([64, 8], 1, 3), 'v')]), 'float32', ['batch', 8]);
    });
    const { model, result } = await checkPass(bf16(), {
      before,
      target: 'cuda',
      runs: false,
      within: 0,
      after: `
        ir 8, opset ai.onnx:20
        graph main(%x: float32[batch, 64])
          %v.0 = int64[1] {1}
          %w = bfloat16[64, 64]
          %v.1 = bfloat16[64, 8]
          %x_bfloat16: bfloat16[batch, 64] = Cast(%x) {to=16}
          %v.2: bfloat16[batch, 64] = MatMul(%x_bfloat16, %w)
          %_float32: float32[batch, 64] = Cast(%v.2) {to=1}
          %v.3: float32[batch, 1] = ReduceMean(%_float32, %v.0) {keepdims=1}
          %_bfloat16: bfloat16[batch, 1] = Cast(%v.3) {to=16}
          %v.4: bfloat16[batch, 64] = Sub(%v.2, %_bfloat16)
          %v.5: bfloat16[batch, 8] = MatMul(%v.4, %v.1)
          %_float32.1: float32[batch, 8] = Cast(%v.5) {to=1}
          => y: %_float32.1`,
    });
    expect(result.skips).toEqual([
      {
        reason: 'ReduceMean has no bfloat16 kernel on cuda',
        count: 1,
        places: [expect.stringContaining('ReduceMean')],
      },
    ]);
    expect(opCounts(model)).toMatchObject({ Cast: 4 });
  });

  it('never casts positions to bfloat16', async () => {
    const before = buildModel({ '': 20 }, (g) => {
      const ids = g.input('ids', 'int64', ['s', 1]);
      const angles = g.op('MatMul', [
        g.op('Cast', [ids], { to: 1 }),
        g.constant(randomWeights([1, 32]), 'frequencies'),
      ]);
      const rotated = g.op('MatMul', [g.op('Cos', [angles]), g.constant(randomWeights([32, 64]), 'w')]);
      g.output('y', rotated, 'float32', ['s', 64]);
    });
    const { model } = await applyPass(bf16(), before, 'cuda');
    const narrowed = model.graph.nodes().filter((node) => node.outputs[0]?.elem === 'bfloat16');
    expect(narrowed.map(({ opType }) => opType)).toEqual(['Cast', 'MatMul']);
    expect(narrowed[0]?.inputs[0]?.producer?.opType).toBe('Cos');
  });

  it('leaves alone what the user keeps', async () => {
    const before = buildModel({ '': 17 }, product);
    await checkMiss(bf16({ keep: ['Mat*'] }), { before, target: 'cuda', reason: 'kept in float32 as asked' });
  });
});
