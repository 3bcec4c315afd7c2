/** Tests the limits of folding: files stay small, and the runtime's integer kernels find their operands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { simplify } from '../../../passes/simplify.js';
import type { GraphBuilder } from '../../../src/ir/build.js';
import { castTensor } from '../../../src/ir/tensors/numbers.js';
import { memoryTensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { checkMiss, checkPass, opCounts, randomFeeds, randomWeights } from '../../check-pass.js';
import { declaredModel } from '../../declared-model.js';
import { runModel } from '../../run-model.js';

describe('simplify: constant folding', () => {
  it('does not make the file grow, and says so', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const big = g.op('Expand', [g.constant('float32', 1.5), g.ints(300, 300)]);
      g.output('y', g.op('Add', [g.input('x', 'float32', [1]), g.op('Exp', [big])]));
    });
    const { result } = await checkPass(simplify(), { before, within: 0 });
    expect(result.skips.map(({ reason }) => reason).join()).toContain('64 KiB');
    expect(result.bytes.after).toBeLessThan(100);
  });

  it('leaves weights as they are stored', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 32]);
      const half = g.constant(castTensor(randomWeights([32, 32]), 'float16'));
      const int8 = g.constant('int8', new Array(2048).fill(3), [32, 64]);
      const a = g.op('MatMul', [x, g.op('Cast', [half], { to: 1 })]);
      g.output('y', g.op('MatMul', [a, g.op('DequantizeLinear', [int8, g.constant('float32', 0.5)])]));
    });
    await checkPass(simplify(), { before, ops: { MatMul: 2, Cast: 1, DequantizeLinear: 1 }, within: 0 });
  });

  it.each(['float16', 'bfloat16'] as const)('moves the numbers of %s weights, which stay stored so', async (type) => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3, 1, 16]);
      const weights = [128, 128].map((rows, i) => {
        const stored = g.constant(castTensor(randomWeights([rows, i === 0 ? 16 : 32], 0.3, i), type), `w${i}`);
        const gates = g.node('Split', [g.op('Cast', [stored], { to: 1 })], { axis: 0 }, { outputs: 4 });
        const [a, b, c, d] = gates.outputs as [Value, Value, Value, Value];
        return g.op('Unsqueeze', [g.op('Concat', [a, d, b, c], { axis: 0 }), g.ints(0)]);
      });
      g.output('y', g.op('LSTM', [x, ...weights], { hidden_size: 32 }));
    });
    const { model } = await checkPass(simplify(), { before, ops: { LSTM: 1, Cast: 2 }, within: 0 });
    expect([...model.graph.constants].map(({ tensor }) => tensor?.type)).toEqual([type, type]);
  });

  it('leaves a stored weight in one piece that is read beside its parts: it would be stored twice', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const wide = g.op('Cast', [g.constant(castTensor(randomWeights([32, 64]), 'float16'), 'w')], { to: 1 });
      const x = g.input('x', 'float32', [2, 32]);
      g.output('y', g.op('MatMul', [x, wide]));
      g.output('z', g.op('MatMul', [g.op('MatMul', [x, wide]), g.op('Transpose', [wide], { perm: [1, 0] })]));
    });
    await checkPass(simplify(), { before, ops: { MatMul: 2, Cast: 1, Transpose: 1 }, within: 0 });
  });

  it('leaves quantized operands of a few numbers too: the runtime makes an integer Conv of nothing less', async () => {
    const number = (g: GraphBuilder, type: 'float32' | 'uint8' | 'int8' | 'int32', x: number) => g.constant(type, x);
    const before = declaredModel({ '': 17 }, (g) => {
      const twice = (x: Value, step: number): Value => {
        const [scale, zero] = [number(g, 'float32', step), number(g, 'uint8', 128)];
        return g.op('DequantizeLinear', [g.op('QuantizeLinear', [x, scale, zero]), scale, zero]);
      };
      const stored = (values: Value, step: number, type: 'int8' | 'int32'): Value =>
        g.op('DequantizeLinear', [values, number(g, 'float32', step), number(g, type, 0)]);
      const weights = stored(
        g.constant(
          'int8',
          Array.from({ length: 72 }, (_, i) => (i % 9) - 4),
          [8, 1, 3, 3],
        ),
        0.1,
        'int8',
      );
      const bias = stored(g.constant('int32', [1, 2, 3, 4, 5, 6, 7, 8], [8]), 0.005, 'int32');
      const x = twice(g.input('x', 'float32', [1, 1, 6, 6]), 0.05);
      g.output('y', twice(g.op('Conv', [x, weights, bias]), 0.1));
    });
    // Nothing but equal constants is put together.
    const ops = { QuantizeLinear: 2, DequantizeLinear: 4, Conv: 1 };
    const { model } = await checkPass(simplify(), { before, ops, within: 0 });
    const folder = mkdtempSync(join(tmpdir(), 'simplify-fold-'));
    try {
      const optimizedPath = join(folder, 'optimized.onnx');
      await runModel(await writeModel(model), randomFeeds(before), { optimize: true, optimizedPath });
      expect(opCounts(await readModel(optimizedPath))).not.toHaveProperty('Conv');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a tied weight is not stored twice', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const w = g.constant(randomWeights([200, 128]));
      const embedded = g.op('Gather', [w, g.input('ids', 'int64', ['n'])]);
      g.output('y', g.op('MatMul', [embedded, g.op('Transpose', [w], { perm: [1, 0] })]));
    });
    await checkPass(simplify(), { before, ops: { Gather: 1, MatMul: 1, Transpose: 1 }, within: 0 });
  });

  it('reads no weight above 16 MiB, and says so', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const weight = g.constant(memoryTensor('float32', [5 * 2 ** 20], new Uint8Array(20 * 2 ** 20)));
      const part = g.op('Slice', [weight, g.ints(0), g.ints(4)]);
      g.output('y', g.op('Add', [g.input('x', 'float32', [4]), part]));
    });
    await checkMiss(simplify(), { before, reason: '16 MiB' });
  });
});
