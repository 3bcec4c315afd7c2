/** Softmax in single steps, as JAX writes it: one op, and the attention around it one kernel. */
import { describe, expect, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss, checkPass } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const HEADS = 2;
const SIZE = 4;
const axes = (g: GraphBuilder) => g.ints(-1);

/** exp(x − max(x)) / Σ exp(x − max(x)), the reduced axis kept or put back. */
function inSteps(g: GraphBuilder, x: Value, isKept: boolean, divisor = (sum: Value) => sum): Value {
  const reduced = (op: string, value: Value, attributes = {}, list: Value[] = []): Value => {
    const result = g.op(op, [value, ...list], { ...attributes, keepdims: Number(isKept) });
    return isKept ? result : g.op('Unsqueeze', [result, axes(g)]);
  };
  const raised = g.op('Exp', [g.op('Sub', [x, reduced('ReduceMax', x, { axes: [-1] })])]);
  return g.op('Div', [raised, divisor(reduced('ReduceSum', raised, {}, [axes(g)]))]);
}

describe('a Softmax in single steps', () => {
  it.each([true, false])('is what attention is read around; the axis kept: %s', async (isKept) => {
    const before = buildModel({ '': 17 }, (g) => {
      const heads = (name: string, perm: number[]): Value => {
        const x = g.input(name, 'float32', ['batch', 'seq', HEADS * SIZE]);
        return g.op('Transpose', [g.op('Reshape', [x, g.ints(0, 0, HEADS, SIZE)])], { perm });
      };
      const scores = g.op('MatMul', [heads('q', [0, 2, 1, 3]), heads('k', [0, 2, 3, 1])]);
      const context = g.op('MatMul', [inSteps(g, scores, isKept), heads('v', [0, 2, 1, 3])]);
      const merged = g.op('Transpose', [context], { perm: [0, 2, 1, 3] });
      g.output('y', g.op('Reshape', [merged, g.ints(0, 0, HEADS * SIZE)]));
    });
    const ops = { 'com.microsoft.MultiHeadAttention': 1 };
    await checkPass(fuseAttn(), { before, ops, dims: { batch: 2, seq: 5 }, within: NOISE });
  });

  it('is one op where there is no attention', async () => {
    const before = buildModel({ '': 17 }, (g) => g.output('y', inSteps(g, g.input('x', 'float32', ['n', 6]), true)));
    const { model } = await checkPass(fuseAttn(), { before, ops: { Softmax: 1 }, within: NOISE });
    expect(model.graph.nodes()[0]?.int('axis')).toBe(1);
  });

  it('is none where something is added to the sum, as attention with a sink does', () =>
    checkMiss(fuseAttn(), {
      before: buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', ['n', 6]);
        g.output(
          'y',
          inSteps(g, x, true, (sum) => g.op('Add', [sum, g.constant('float32', 1)])),
        );
      }),
      reason: 'expected ReduceSum',
    }));
});
