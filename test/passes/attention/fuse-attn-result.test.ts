/** Tests the ops behind an attention kernel: no Transpose is undone by the next one. */
import { describe, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { checkPass } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;

const model = (define: (g: GraphBuilder, context: Value) => void): Model =>
  buildModel({ '': 17 }, (g) => {
    const turned = (x: Value, ...perm: number[]) => g.op('Transpose', [x], { perm });
    const heads = (name: string) => turned(g.input(name, 'float32', ['batch', 'seq', 3, 4]), 0, 2, 1, 3);
    const [q, k, v] = ['q', 'k', 'v'].map(heads) as [Value, Value, Value];
    const weights = g.op('Softmax', [g.op('MatMul', [q, turned(k, 0, 1, 3, 2)])], { axis: -1 });
    define(g, g.op('MatMul', [weights, v]));
  });
const turnedBack = (g: GraphBuilder, x: Value) => g.op('Transpose', [x], { perm: [0, 2, 1, 3] });

describe('the result of an attention', () => {
  it.each<[string, Model, Record<string, number>]>([
    [
      'turned and flattened to rows, as tf2onnx and the dynamo exporter write it',
      model((g, context) => g.output('y', g.op('Relu', [g.op('Reshape', [turnedBack(g, context), g.ints(-1, 12)])]))),
      { Reshape: 4, Relu: 1 },
    ],
    [
      'turned, and read twice',
      model((g, context) => {
        const rows = turnedBack(g, context);
        g.output('y', g.op('Relu', [rows]));
        g.output('z', g.op('Neg', [rows]));
      }),
      { Reshape: 4, Relu: 1, Neg: 1 },
    ],
    [
      'read as it is and turned',
      model((g, context) => {
        g.output('y', g.op('Relu', [context]));
        g.output('z', g.op('Neg', [turnedBack(g, context)]));
      }),
      { Reshape: 4, Transpose: 2, Relu: 1, Neg: 1 },
    ],
  ])('%s', async (_, before, ops) => {
    await checkPass(fuseAttn(), {
      before,
      ops: { 'com.microsoft.MultiHeadAttention': 1, ...ops },
      within: NOISE,
      dims: { batch: 2, seq: 5 },
    });
  });
});
