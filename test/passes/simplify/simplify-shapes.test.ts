import { describe, expect, it } from 'vitest';
import { reshapeTarget } from '../../../passes/simplify/views.js';
import { simplify } from '../../../passes/simplify.js';
import type { GraphBuilder } from '../../../src/ir/build.js';
import { multiplyDims, symbol } from '../../../src/ir/dims/dims.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { checkPass } from '../../check-pass.js';
import { declaredModel } from '../../declared-model.js';

const dim = (g: GraphBuilder, x: Value, axis: number) => {
  const one = g.op('Gather', [g.op('Shape', [x]), g.constant('int64', axis)]);
  return g.op('Unsqueeze', [one, g.ints(0)]);
};

describe('simplify: shapes', () => {
  it('a computed shape that inference knows up to one dim is a constant', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 'seq', 64]);
      const heads = g.op('Div', [dim(g, x, 2), g.ints(16)]);
      const shape = g.op('Concat', [dim(g, x, 0), dim(g, x, 1), heads, g.ints(16)], { axis: 0 });
      g.output('y', g.op('Transpose', [g.op('Reshape', [x, shape])], { perm: [0, 2, 1, 3] }));
    });
    const { model } = await checkPass(simplify(), {
      before,
      ops: { Reshape: 1, Transpose: 1 },
      within: 0,
      dims: { batch: 2, seq: 3 },
    });
    expect([...model.graph.constants].map(({ tensor }) => tensor?.shape)).toEqual([[4]]);
  });

  it('a shape of numbers alone is a constant, whoever reads it', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 3]);
      g.output('y', g.op('Shape', [g.op('Relu', [x])]));
      g.output('z', g.op('Relu', [x]));
    });
    await checkPass(simplify(), { before, ops: { Relu: 1 }, within: 0 });
  });

  it('computes a symbolic shape once', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['a', 'b']);
      const shape = () => g.op('Concat', [dim(g, x, 1), dim(g, x, 0), g.ints(1)], { axis: 0 });
      g.output('y', g.op('Expand', [g.input('u', 'float32', [1, 1, 1]), shape()]));
      g.output('z', g.op('Expand', [g.input('v', 'float32', [1, 1, 1]), shape()]));
    });
    const { model } = await checkPass(simplify(), { before, within: 0, dims: { a: 2, b: 3 } });
    expect([...model.graph.nodeSet].filter((node) => node.is('Concat')).length).toBe(1);
  });

  it('chains of views are one, or none', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 4, 6]);
      const a = g.op('Reshape', [g.op('Flatten', [g.op('Unsqueeze', [x, g.ints(1)])]), g.ints(0, 4, 6)]);
      const b = g.op('Squeeze', [g.op('Reshape', [x, g.ints(-1, 1, 24)]), g.ints(1)]);
      g.output('y', g.op('Exp', [a]));
      g.output('z', g.op('Abs', [b]));
    });
    await checkPass(simplify(), { before, ops: { Exp: 1, Abs: 1, Reshape: 1 }, within: 0, dims: { n: 2 } });
  });

  it('0 copies a dim of its own input: merging respects it', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 6]);
      const a = g.op('Reshape', [x, g.ints(3, 4)]);
      g.output('y', g.op('Reshape', [a, g.ints(0, 2, 2)]));
    });
    const { model } = await checkPass(simplify(), { before, ops: { Reshape: 1 }, within: 0 });
    expect(model.graph.outputs[0]?.shape).toEqual([3, 2, 2]);
  });

  it('a computed shape stays where a constant would refuse a batch of 0', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 3, 'h', 'w']);
      const area = g.op('Mul', [dim(g, x, 2), dim(g, x, 3)]);
      const shape = g.op('Concat', [dim(g, x, 0), g.ints(3), area], { axis: 0 });
      g.output('y', g.op('Reshape', [x, shape]));
    });
    await checkPass(simplify(), { before, within: 0, dims: { n: 0, h: 2, w: 3 } });
  });

  it('a target is numbers, and copied dims or one dim for the rest', () => {
    const [b, s] = [symbol('b'), symbol('s')];
    expect(reshapeTarget([b, s, 64], [b, s, 4, 16])).toEqual([0, 0, 4, 16]);
    expect(reshapeTarget([b, s, 64], [multiplyDims(b, s), 64])).toEqual([-1, 64]);
    expect(reshapeTarget([s, b], [b, s])).toBeUndefined();
    expect(reshapeTarget([b, 4, s], [b, multiplyDims(s, 4)])).toBeUndefined();
    expect(reshapeTarget([b, 0], [b, 0])).toBeUndefined();
    expect(reshapeTarget(undefined, [b, 4])).toEqual([-1, 4]);
  });

  it('keeps an Expand before an op that takes another input for its type alone', async () => {
    const before = declaredModel({ '': 19 }, (g) => {
      const expanded = g.op('Expand', [g.input('row', 'float32', [1, 4]), g.ints(3, 4)]);
      g.output('y', g.op('CastLike', [expanded, g.input('x', 'float16', [3, 4])]));
    });
    await checkPass(simplify(), { before, ops: { Expand: 1, CastLike: 1 }, within: 0 });
  });

  it('leaves an Expand to an op that broadcasts to the same shape', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 3]);
      const row = g.input('row', 'float32', [1, 3]);
      const expanded = g.op('Expand', [row, g.op('Shape', [x])]);
      g.output('y', g.op('Add', [x, expanded]));
      g.output('z', g.op('Mul', [expanded, g.constant('float32', [2, 3, 4])]));
    });
    const feeds = { x: tensorOf('float32', [1, 2, 3, 4, 5, 6], [2, 3]) };
    const { model } = await checkPass(simplify(), { before, within: 0, feeds });
    const add = [...model.graph.nodeSet].find((node) => node.is('Add'));
    expect(add?.inputs.map((value) => value?.name)).toEqual(['x', 'row']);
    expect([...model.graph.nodeSet].some((node) => node.is('Expand'))).toBe(true);
  });

  it('joins slices of different axes, nested concats, and a Gather with its Unsqueeze', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 4, 6]);
      const rows = g.op('Slice', [x, g.ints(1), g.ints(3), g.ints(1)]);
      g.output('y', g.op('Slice', [rows, g.ints(-1), g.ints(-7), g.ints(2), g.ints(-2)]));
      const two = g.op('Concat', [g.op('Exp', [x]), g.op('Abs', [x])], { axis: -1 });
      g.output('z', g.op('Concat', [two, g.op('Neg', [x])], { axis: 2 }));
      const row = g.op('Gather', [x, g.constant('int64', 2)], { axis: 1 });
      g.output('w', g.op('Unsqueeze', [row, g.ints(1)]));
    });
    const ops = { Slice: 1, Concat: 1, Exp: 1, Abs: 1, Neg: 1, Gather: 1 };
    await checkPass(simplify(), { before, ops, within: 0, dims: { n: 2 } });
  });
});
