import { describe, expect, it } from 'vitest';
import { simplify } from '../../../passes/simplify.js';
import type { GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkPass, opCounts, randomWeights } from '../../check-pass.js';
import { declaredModel } from '../../declared-model.js';

/** One rounding in float32 instead of two. */
const NOISE = 1e-6;

const model = (build: (g: GraphBuilder, x: Value) => Value, opset = 17) =>
  declaredModel({ '': opset }, (g) => g.output('y', build(g, g.input('x', 'float32', ['n', 6, 8]))));

describe('simplify: two in a row', () => {
  const slice = (g: GraphBuilder, x: Value, start: number, end: number, axis = 2, step?: number) =>
    g.op('Slice', [x, g.ints(start), g.ints(end), g.ints(axis), ...(step ? [g.ints(step)] : [])]);
  const TO_END = 2 ** 31;

  it.each([
    ['from the front', [1, 7], [2, 4]],
    ['to the end, then counted from the back', [2, TO_END], [1, -2]],
    ['beyond the first end', [1, 4], [1, TO_END]],
    ['to an end counted from the back', [1, -1], [2, TO_END]],
    ['of an axis of unknown size', [1, 40], [0, 30]],
    ['to nothing', [3, TO_END], [2, -4]],
  ])('Slice of Slice, %s', async (_, [a = 0, b = 0], [c = 0, d = 0]) => {
    for (const axis of [0, 2]) {
      const before = model((g, x) => slice(g, slice(g, x, a, b, axis), c, d, axis));
      await checkPass(simplify(), { before, ops: { Slice: 1 }, within: 0, dims: { n: 9 } });
    }
  });

  it.each([
    ['a first start counted from the back', [-4, TO_END, 1], [1, TO_END, 1]],
    ['a second start counted from the back', [1, 5, 1], [-2, TO_END, 1]],
    ['steps', [0, 8, 2], [1, 3, 1]],
    ['ends of both kinds', [1, 5, 1], [0, -1, 1]],
  ])('but not with %s', async (_, [a = 0, b = 0, s], [c = 0, d = 0, t]) => {
    const before = model((g, x) => slice(g, slice(g, x, a, b, 0, s), c, d, 0, t));
    await checkPass(simplify(), { before, ops: { Slice: 2 }, within: 0, dims: { n: 9 } });
  });

  it('Pad of Pad by one value, but not what was cut off', async () => {
    const pad = (g: GraphBuilder, x: Value, value: number, ...pads: number[]) =>
      g.op('Pad', [x, g.ints(...pads), g.constant('float32', value)]);
    const same = model((g, x) => pad(g, pad(g, x, 2, 0, 1, 0, 0, 0, 3), 2, 0, 1, -1, 1, 0, 1));
    await checkPass(simplify(), { before: same, ops: { Pad: 1 }, within: 0 });
    const cut = model((g, x) => pad(g, pad(g, x, 2, 0, 0, -1, 0, 0, 0), 2, 0, 0, 1, 0, 0, 0));
    await checkPass(simplify(), { before: cut, ops: { Pad: 2 }, within: 0 });
    const other = model((g, x) => pad(g, pad(g, x, 2, 0, 0, 1, 0, 0, 0), 3, 0, 0, 1, 0, 0, 0));
    await checkPass(simplify(), { before: other, ops: { Pad: 2 }, within: 0 });
  });

  it('Expand of Expand', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [1, 3]);
      g.output('y', g.op('Expand', [g.op('Expand', [x, g.ints(2, 3)]), g.ints(4, 2, 3)]));
    });
    await checkPass(simplify(), { before, ops: { Expand: 1 }, within: 0 });
  });

  it('Split and Concat of the parts, and Concat and Split into the parts', async () => {
    const rejoined = model((g, x) => {
      const [a, b] = g.node('Split', [x, g.ints(3, 5)], { axis: 2 }, { outputs: 2 }).outputs;
      return g.op('Concat', [x, a, b, x], { axis: -1 });
    });
    await checkPass(simplify(), { before: rejoined, ops: { Concat: 1 }, within: 0 });
    const recut = declaredModel({ '': 17 }, (g) => {
      const [x, z] = [g.input('x', 'float32', ['n', 3]), g.input('z', 'float32', ['n', 5])];
      const split = g.node('Split', [g.op('Concat', [x, z], { axis: 1 }), g.ints(3, 5)], { axis: 1 }, { outputs: 2 });
      split.outputs.forEach((part, index) => {
        g.output(`y${index}`, g.op('Exp', [part]));
      });
    });
    await checkPass(simplify(), { before: recut, ops: { Exp: 2 }, within: 0 });
    const swapped = model((g, x) => {
      const [a, b] = g.node('Split', [x, g.ints(4, 4)], { axis: 2 }, { outputs: 2 }).outputs;
      return g.op('Concat', [b, a], { axis: 2 });
    });
    await checkPass(simplify(), { before: swapped, ops: { Split: 1, Concat: 1 }, within: 0 });
  });

  it('scales and shifts by constants', async () => {
    const c = (g: GraphBuilder, value: number) => g.constant('float32', value);
    const scales = model((g, x) => g.op('Div', [g.op('Mul', [g.constant(randomWeights([8])), x]), c(g, 3)]));
    await checkPass(simplify(), { before: scales, ops: { Mul: 1 }, within: NOISE });
    const shifts = model((g, x) =>
      g.op('Sub', [g.op('Sub', [x, c(g, 0.5)]), g.constant('float32', [0, 1, 2, 3, 4, 5, 6, 7])]),
    );
    await checkPass(simplify(), { before: shifts, ops: { Add: 1 }, within: NOISE });
  });

  it('rows of scales and of shifts in turn', async () => {
    const c = (g: GraphBuilder, n: number) => g.constant('float32', n);
    const before = model((g, x) => {
      const scaled = [0.5, 3, 5].reduce((y, n) => g.op('Mul', [y, c(g, n)]), x);
      const shifted = [0.5, 3, 5].reduce((y, n) => g.op('Add', [c(g, n), y]), scaled);
      return [4, 3].reduce((y, n) => g.op('Div', [y, c(g, n)]), shifted);
    });
    await checkPass(simplify(), { before, ops: { Mul: 2, Add: 1 }, within: NOISE });
  });

  it('but not a shift up and down, which rounds, factors that overflow between, or two shapes', async () => {
    const c = (g: GraphBuilder, value: number) => g.constant('float32', value);
    const rounding = model((g, x) => g.op('Sub', [g.op('Add', [x, c(g, 2 ** 23)]), c(g, 2 ** 23)]));
    await checkPass(simplify(), { before: rounding, ops: { Add: 1, Sub: 1 }, within: 0 });
    const extreme = model((g, x) => g.op('Mul', [g.op('Mul', [x, c(g, 1e38)]), c(g, 1e-38)]));
    await checkPass(simplify(), { before: extreme, ops: { Mul: 2 }, within: 0 });
    const outer = model((g, x) =>
      g.op('Mul', [g.op('Mul', [x, g.constant(randomWeights([8]))]), g.constant(randomWeights([6, 1]))]),
    );
    await checkPass(simplify(), { before: outer, ops: { Mul: 2 }, within: 0 });
  });
});

describe('simplify: outputs that nothing reads', () => {
  it('are left out where they are optional', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 3, 8, 8]);
      const pool = g.node('MaxPool', [x], { kernel_shape: [2, 2] }, { outputs: 2 });
      const norm = g.node('LayerNormalization', [pool.output, g.constant(randomWeights([7]))], {}, { outputs: 3 });
      g.output('y', g.node('TopK', [norm.output, g.ints(2)], {}, { outputs: 2 }).output);
      g.output('mean', norm.outputs[1] ?? x);
    });
    const { model: after } = await checkPass(simplify(), { before, within: NOISE });
    expect(after.graph.nodes().map((node) => node.outputs.length)).toEqual([1, 2, 2]);
  });

  it('say how a BatchNormalization of old runs, and stay', async () => {
    const before = declaredModel({ '': 9 }, (g) => {
      const w = () => g.constant('float32', [1, 2, 3]);
      const x = g.input('x', 'float32', [2, 3, 8]);
      g.output('y', g.node('BatchNormalization', [x, w(), w(), w(), w()], {}, { outputs: 5 }).output);
    });
    const { model: after } = await applyPass(simplify(), before);
    expect(after.graph.nodes()[0]?.outputs).toHaveLength(5);
  });
});

describe('simplify: bodies', () => {
  const loop = (g: GraphBuilder, x: Value, trips: Value, op: string, factor = 2) => {
    const body = g.body(op, (b) => {
      b.input('i', 'int64', []);
      const go = b.input('go', 'bool', []);
      const carried = b.input('carried', 'float32', [4]);
      b.output('go_out', b.op('Identity', [go]));
      b.output('next', b.op(op, [b.op('Mul', [carried, b.constant('float32', factor)]), x]));
    });
    return g.op('Loop', [trips, g.constant('bool', [1], []), x], { body });
  };

  it('that are equal are run once; those that differ in a constant, a capture or by chance are not', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const [x, z] = [g.input('x', 'float32', [4]), g.input('z', 'float32', [4])];
      const trips = g.input('trips', 'int64', []);
      const sum = (...values: Value[]) => values.reduce((a, b) => g.op('Add', [a, b]));
      const twice = [loop(g, x, trips, 'Add'), loop(g, x, trips, 'Add')];
      g.output(
        'y',
        g.op('Mul', [
          sum(...twice),
          sum(loop(g, z, trips, 'Add'), loop(g, x, trips, 'Add', 3), loop(g, x, trips, 'Sub')),
        ]),
      );
    });
    const { model: after } = await checkPass(simplify(), { before, within: NOISE });
    expect(opCounts(after).Loop).toBe(4);
    const random = declaredModel({ '': 17 }, (g) => {
      const flag = g.input('flag', 'bool', []);
      const noise = (name: string) =>
        g.body(name, (b) => b.output(`${name}_r`, b.op('RandomNormal', [], { shape: [2] })));
      const one = () => g.op('If', [flag], { then_branch: noise('t'), else_branch: noise('e') });
      g.output('y', g.op('Sub', [one(), one()]));
    });
    expect(opCounts((await applyPass(simplify(), random)).model).If).toBe(2);
  });

  it('of constants are folded: a loop that says how long it runs', async () => {
    const bounded = declaredModel({ '': 17 }, (g) => {
      const x = g.constant('float32', [1, 2, 3, 4]);
      g.output('y', g.op('Mul', [g.input('z', 'float32', [4]), loop(g, x, g.constant('int64', [5], []), 'Add', 0.5)]));
    });
    await checkPass(simplify(), { before: bounded, ops: { Mul: 1 }, within: 0 });
    const endless = declaredModel({ '': 17 }, (g) => {
      const x = g.constant('float32', [1, 2, 3, 4]);
      const trips = g.constant('int64', [1_000_000], []);
      g.output('y', g.op('Mul', [g.input('z', 'float32', [4]), loop(g, x, trips, 'Add', 0.5)]));
    });
    expect(opCounts((await applyPass(simplify(), endless)).model).Loop).toBe(1);
  });
});
