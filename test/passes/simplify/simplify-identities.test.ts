import { describe, expect, it } from 'vitest';
import { simplify } from '../../../passes/simplify.js';
import { float } from '../../../src/ir/attribute.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { checkPass, randomWeights } from '../../check-pass.js';
import { declaredModel } from '../../declared-model.js';

type Build = (g: GraphBuilder, x: Value) => Value;

/** Builds Relu(x), the ops under test, and a Sigmoid after them. */
const around = (build: Build, opset = 17, dims: readonly (number | string)[] = ['n', 4]) =>
  declaredModel({ '': opset }, (g) => {
    const x = g.op('Relu', [g.input('x', 'float32', dims)]);
    g.output('y', g.op('Sigmoid', [build(g, x)]));
  });

const scalar = (g: GraphBuilder, number: number) => g.constant('float32', number);
const list = (g: GraphBuilder, ...numbers: number[]) => g.constant('float32', numbers);
const MAX = 2 ** 63;

const gone: Readonly<Record<string, Build>> = {
  Identity: (g, x) => g.op('Identity', [x]),
  'Cast to the same type': (g, x) => g.op('Cast', [x], { to: 1 }),
  'Reshape to the same shape': (g, x) => g.op('Reshape', [x, g.ints(-1, 4)]),
  'Transpose that leaves the axes': (g, x) => g.op('Transpose', [x], { perm: [0, 1] }),
  'Dropout at inference': (g, x) => g.op('Dropout', [x, scalar(g, 0.5)]),
  'Expand to the same shape': (g, x) => g.op('Expand', [x, g.ints(1, 4)]),
  'Slice of everything': (g, x) => g.op('Slice', [x, g.ints(0), g.ints(MAX - 1024), g.ints(0), g.ints(1)]),
  'Slice to the size of the dim': (g, x) => g.op('Slice', [x, g.ints(0), g.ints(4), g.ints(1)]),
  'Concat of one': (g, x) => g.op('Concat', [x], { axis: 0 }),
  'Pad by nothing': (g, x) => g.op('Pad', [x, g.ints(0, 0, 0, 0)], { mode: 'reflect' }),
  'Mul by 1': (g, x) => g.op('Mul', [scalar(g, 1), x]),
  'Add of a 0 of one element': (g, x) => g.op('Add', [x, list(g, 0)]),
  'Add of zeros': (g, x) => g.op('Add', [x, list(g, 0, 0, 0, 0)]),
  'Sub of 0': (g, x) => g.op('Sub', [x, scalar(g, 0)]),
  'Div by 1': (g, x) => g.op('Div', [x, scalar(g, 1)]),
  'Pow 1': (g, x) => g.op('Pow', [x, scalar(g, 1)]),
  'Where of true': (g, x) => g.op('Where', [g.constant('bool', 1), x, scalar(g, 3)]),
  'Max with minus infinity': (g, x) => g.op('Max', [scalar(g, Number.NEGATIVE_INFINITY), x]),
  'Min with infinity': (g, x) => g.op('Min', [x, scalar(g, Number.POSITIVE_INFINITY)]),
  'Sum of one': (g, x) => g.op('Sum', [x]),
  'Squeeze of what was unsqueezed': (g, x) => g.op('Squeeze', [g.op('Unsqueeze', [x, g.ints(0)]), g.ints(0)]),
  'Transpose there and back': (g, x) => g.op('Transpose', [g.op('Transpose', [x], { perm: [1, 0] })], { perm: [1, 0] }),
  'Cast to a wider float and back': (g, x) => g.op('Cast', [g.op('Cast', [x], { to: 11 })], { to: 1 }),
  'Relu of Relu': (g, x) => g.op('Relu', [x]),
  'Neg of Neg': (g, x) => g.op('Neg', [g.op('Neg', [x])]),
};

const kept: Readonly<Record<string, Build>> = {
  'Add of 1e-9': (g, x) => g.op('Add', [x, scalar(g, 1e-9)]),
  'Max with infinity': (g, x) => g.op('Max', [x, scalar(g, Number.POSITIVE_INFINITY)]),
  'Max with minus infinity and another': (g, x) =>
    g.op('Max', [x, scalar(g, Number.NEGATIVE_INFINITY), list(g, 1, 2, 3, 4)]),
  'Mul by 0': (g, x) => g.op('Mul', [x, scalar(g, 0)]),
  'Add of a 0 that raises the rank': (g, x) => g.op('Add', [x, g.constant('float32', [0], [1, 1, 1])]),
  'Add of zeros that widen': (g, x) =>
    g.op('Add', [g.op('Slice', [x, g.ints(0), g.ints(1), g.ints(1)]), list(g, 0, 0)]),
  'Sub from 0': (g, x) => g.op('Sub', [scalar(g, 0), x]),
  'Div of 1': (g, x) => g.op('Div', [scalar(g, 1), x]),
  'Cast to float16 and back': (g, x) => g.op('Cast', [g.op('Cast', [x], { to: 10 })], { to: 1 }),
  'Cast to int32 and back': (g, x) => g.op('Cast', [g.op('Cast', [x], { to: 6 })], { to: 1 }),
  'Slice that reverses': (g, x) => g.op('Slice', [x, g.ints(-1), g.ints(-5), g.ints(1), g.ints(-1)]),
  'Pad that shifts': (g, x) => g.op('Pad', [x, g.ints(0, 1, 0, -1)]),
  'Transpose of a square': (g, x) =>
    g.op('Transpose', [g.op('Slice', [x, g.ints(0), g.ints(2), g.ints(1)])], { perm: [1, 0] }),
};

describe('simplify: identities', () => {
  it.each(Object.entries(gone))('%s goes', async (_, build) => {
    const { model } = await checkPass(simplify(), { before: around(build), ops: { Relu: 1, Sigmoid: 1 }, within: 0 });
    expect(model.graph.constants.size).toBe(0);
  });

  it.each(Object.entries(kept))('%s stays', async (_, build) => {
    const before = around(build);
    const ops: Record<string, number> = {};
    for (const node of before.graph.nodes()) ops[node.opType] = (ops[node.opType] ?? 0) + 1;
    await checkPass(simplify(), { before, ops, within: 0 });
  });

  it('leaves a BatchNormalization that trains its statistics, which nothing reads', async () => {
    const before = buildModel({ '': 15 }, (g) => {
      const x = g.input('x', 'float32', [2, 3, 4]);
      const inputs = [x, ...[1, 2, 3, 4].map((seed) => g.constant(randomWeights([3], 0.5, seed)))];
      g.output('y', g.node('BatchNormalization', inputs, { training_mode: 1 }, { outputs: 3 }).output);
    });
    await checkPass(simplify(), { before, ops: { BatchNormalization: 1 }, within: 0 });
  });

  it('leaves a Dropout whose mask is read, and one that trains', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3]);
      const dropout = g.node('Dropout', [x], {}, { outputs: 2 });
      g.output('y', g.op('Sigmoid', [dropout.output]));
      g.output('mask', dropout.outputs[1] as Value);
    });
    await checkPass(simplify(), { before, ops: { Dropout: 1, Sigmoid: 1 }, within: 0 });
    const training = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3]);
      g.output('y', g.op('Dropout', [x, g.constant('float32', 0.5), g.constant('bool', 1)]));
    });
    await checkPass(simplify(), { before: training, ops: { Dropout: 1 }, within: 0, runs: false });
  });

  it('takes older forms: attributes in place of inputs', async () => {
    const slice: Build = (g, x) => g.op('Slice', [x], { starts: [0], ends: [2 ** 40], axes: [1] });
    await checkPass(simplify(), { before: around(slice, 9), ops: { Relu: 1, Sigmoid: 1 }, within: 0 });
    const pad: Build = (g, x) => g.op('Pad', [x], { pads: [0, 0, 0, 0], value: float(3) });
    const squeeze: Build = (g, x) => g.op('Squeeze', [x], { axes: [] });
    const ops = { Relu: 1, Squeeze: 1, Sigmoid: 1 };
    await checkPass(simplify(), { before: around(squeeze, 11, [1, 4]), ops, within: 0 });
    await checkPass(simplify(), { before: around(pad, 9), ops: { Relu: 1, Sigmoid: 1 }, within: 0 });
  });

  it('works inside bodies', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3]);
      const c = g.input('c', 'bool', []);
      const branch = (op: string) =>
        g.body(op, (b) => b.output('r', b.op(op, [b.op('Mul', [b.op('Identity', [x]), b.constant('float32', 1)])])));
      g.output('y', g.op('If', [c], { then_branch: branch('Exp'), else_branch: branch('Abs') }), 'float32', [3]);
    });
    await checkPass(simplify(), { before, ops: { If: 1, Exp: 1, Abs: 1 }, within: 0 });
  });
});
