import { describe, expect, it } from 'vitest';
import { fuseAct } from '../../../passes/fuse-act.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkMiss, checkPass, randomWeights } from '../../check-pass.js';

/** Approximations of erf and exp differ between kernels in the last bits of float32. */
const NOISE = 1e-5;

const number = (g: GraphBuilder, x: number) => g.constant('float32', x);

/** A model y = f(x). */
const activation = (f: (g: GraphBuilder, x: Value) => Value, opset = 17): Model =>
  buildModel({ '': opset }, (g) => g.output('y', f(g, g.input('x', 'float32', ['batch', 'seq', 4]))));

const erf = (g: GraphBuilder, x: Value, half = 0.5, one = 1, root = Math.SQRT2) => {
  const phi = g.op('Add', [g.op('Erf', [g.op('Div', [x, number(g, root)])]), number(g, one)]);
  return g.op('Mul', [g.op('Mul', [x, phi]), number(g, half)]);
};

/** √(2/π)·(x + c·x³) with the cube spelled by the caller. */
const inner = (g: GraphBuilder, x: Value, cube: Value, c = 0.044715) =>
  g.op('Mul', [g.op('Add', [x, g.op('Mul', [cube, number(g, c)])]), number(g, Math.sqrt(2 / Math.PI))]);
const tanh = (g: GraphBuilder, x: Value, argument: Value) =>
  g.op('Mul', [g.op('Mul', [number(g, 0.5), x]), g.op('Add', [number(g, 1), g.op('Tanh', [argument])])]);
const cube = (g: GraphBuilder, x: Value) => g.op('Pow', [x, number(g, 3)]);
const sigmoid = (g: GraphBuilder, x: Value) => g.op('Sigmoid', [x]);
const softsign = (g: GraphBuilder, x: Value, one: Value) => g.op('Div', [x, g.op('Add', [one, g.op('Abs', [x])])]);
const expanded = (g: GraphBuilder, x: Value, of: number) => g.op('Expand', [number(g, of), g.op('Shape', [x])]);
const filled = (g: GraphBuilder, x: Value, of: number) =>
  g.op('ConstantOfShape', [g.op('Shape', [x])], { value: tensorOf('float32', [of], [1]) });

describe('fuse-act makes one kernel of', () => {
  const cases: [string, Model, string][] = [
    ['GELU by Erf', activation((g, x) => erf(g, x)), 'com.microsoft.Gelu'],
    ['GELU by Erf, from opset 20 on', activation((g, x) => erf(g, x), 20), 'Gelu'],
    [
      'GELU with ½ on x and √½ as a factor',
      activation((g, x) => {
        const phi = g.op('Add', [number(g, 1), g.op('Erf', [g.op('Mul', [number(g, Math.SQRT1_2), x])])]);
        return g.op('Mul', [phi, g.op('Mul', [x, number(g, 0.5)])]);
      }),
      'com.microsoft.Gelu',
    ],
    [
      'GELU with √2 of five digits',
      activation((g, x) => erf(g, x, 0.5, 1, Math.SQRT2 * (1 - 1e-5))),
      'com.microsoft.Gelu',
    ],
    [
      'GELU with each number once for every feature',
      activation((g, x) => {
        const each = (one: number) => g.constant('float32', [one, one, one, one], [4]);
        const phi = g.op('Add', [g.op('Erf', [g.op('Div', [x, each(Math.SQRT2)])]), each(1)]);
        return g.op('Mul', [g.op('Mul', [x, phi]), each(0.5)]);
      }),
      'com.microsoft.Gelu',
    ],
    ['GELU by Tanh', activation((g, x) => tanh(g, x, inner(g, x, cube(g, x)))), 'com.microsoft.FastGelu'],
    ['GELU by Tanh, from opset 20 on', activation((g, x) => tanh(g, x, inner(g, x, cube(g, x))), 20), 'Gelu'],
    [
      'GELU by Tanh with x·x·x',
      activation((g, x) => tanh(g, x, inner(g, x, g.op('Mul', [x, g.op('Mul', [x, x])])))),
      'com.microsoft.FastGelu',
    ],
    [
      'GELU by Tanh with 0.79788·x·(1 + 0.044715·x²)',
      activation((g, x) => {
        const square = g.op('Mul', [g.op('Mul', [number(g, 0.044715), x]), x]);
        const scaled = g.op('Mul', [x, number(g, 0.7978845608)]);
        return tanh(g, x, g.op('Mul', [scaled, g.op('Add', [number(g, 1), square])]));
      }),
      'com.microsoft.FastGelu',
    ],
    ['SiLU', activation((g, x) => g.op('Mul', [x, sigmoid(g, x)])), 'com.microsoft.QuickGelu'],
    [
      'SiLU by Exp',
      activation((g, x) => g.op('Div', [x, g.op('Add', [number(g, 1), g.op('Exp', [g.op('Neg', [x])])])])),
      'com.microsoft.QuickGelu',
    ],
    [
      'quick GELU',
      activation((g, x) => g.op('Mul', [sigmoid(g, g.op('Mul', [x, number(g, 1.702)])), x])),
      'com.microsoft.QuickGelu',
    ],
    ['Softsign', activation((g, x) => softsign(g, x, number(g, 1))), 'Softsign'],
    [
      'Softsign with its 1 once for every feature',
      activation((g, x) => softsign(g, x, g.constant('float32', [1, 1, 1, 1], [4]))),
      'Softsign',
    ],
    ['Softsign with its 1 expanded to the shape', activation((g, x) => softsign(g, x, expanded(g, x, 1))), 'Softsign'],
    ['Softsign with its 1 filled into the shape', activation((g, x) => softsign(g, x, filled(g, x, 1))), 'Softsign'],
    [
      'GELU with each number filled into the shape',
      activation((g, x) => {
        const phi = g.op('Add', [g.op('Erf', [g.op('Div', [x, expanded(g, x, Math.SQRT2)])]), filled(g, x, 1)]);
        return g.op('Mul', [g.op('Mul', [x, phi]), filled(g, x, 0.5)]);
      }),
      'com.microsoft.Gelu',
    ],
  ];
  it.each(cases)('%s', async (_, before, opType) => {
    const { model } = await checkPass(fuseAct(), { before, ops: { [opType]: 1 }, within: NOISE });
    const [node] = model.graph.nodes();
    const x = model.graph.inputs[0];
    expect(node?.inputs).toEqual([x]);
  });

  it('a GELU and the bias before it', async () => {
    for (const opset of [17, 20]) {
      const before = activation((g, x) => erf(g, g.op('Add', [g.constant(randomWeights([4])), x])), opset);
      await checkPass(fuseAct(), { before, ops: { 'com.microsoft.BiasGelu': 1 }, within: NOISE });
    }
  });

  it('a GELU whose input others read', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.op('Relu', [g.input('x', 'float32', ['batch', 4])]);
      g.output('y', g.op('Add', [erf(g, x), x]));
    });
    await checkPass(fuseAct(), { before, ops: { Relu: 1, Add: 1, 'com.microsoft.Gelu': 1 }, within: NOISE });
  });

  it('each activation in the bodies of an If', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 4]);
      const then = g.body('gelu', (b) => b.output('out', erf(b, x)));
      const otherwise = g.body('silu', (b) => b.output('out', b.op('Mul', [x, sigmoid(b, x)])));
      const taken = g.input('taken', 'bool', []);
      g.output('y', g.op('If', [taken], { then_branch: then, else_branch: otherwise }));
    });
    const ops = { If: 1, 'com.microsoft.Gelu': 1, 'com.microsoft.QuickGelu': 1 };
    await checkPass(fuseAct(), { before, ops, within: NOISE });
  });
});

describe('fuse-act refuses, and says why', () => {
  const cases: [string, Model, string][] = [
    ['a quarter for a half', activation((g, x) => erf(g, x, 0.25)), 'expected a factor 0.5; found 0.25'],
    [
      '0.9 for 1, filled into the shape',
      activation((g, x) => softsign(g, x, filled(g, x, 0.9))),
      'expected a term 1; found 0.89999',
    ],
    [
      'a 1 that is filled into a larger shape',
      activation((g, x) => softsign(g, x, g.op('Expand', [number(g, 1), g.ints(2, 1, 1, 1)]))),
      'another shape than x',
    ],
    [
      'a Softsign that the target has no kernel for',
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float64', ['batch', 4]);
        g.output('y', softsign(g, x, g.constant('float64', 1)));
      }),
      'no Softsign kernel for float64',
    ],
    ['0.9 for 1', activation((g, x) => erf(g, x, 0.5, 0.9)), 'expected a term 1; found 0.89999'],
    ['another root', activation((g, x) => erf(g, x, 0.5, 1, 1.5)), 'expected a factor 0.7071'],
    [
      'erf of something else',
      activation((g, x) => {
        const other = g.op('Relu', [x]);
        const phi = g.op('Add', [g.op('Erf', [g.op('Div', [other, number(g, Math.SQRT2)])]), number(g, 1)]);
        return g.op('Mul', [g.op('Mul', [x, phi]), number(g, 0.5)]);
      }),
      'expected the same value as x; found Relu',
    ],
    [
      'a square by the value, no number at 0',
      activation((g, x) => {
        const phi = g.op('Add', [g.op('Erf', [g.op('Div', [x, number(g, Math.SQRT2)])]), number(g, 1)]);
        const own = g.op('Div', [g.op('Mul', [x, x]), x]);
        return g.op('Mul', [g.op('Mul', [own, phi]), number(g, 0.5)]);
      }),
      'no rule reaches this GELU site',
    ],
    [
      'a root times a root, no number below 0',
      activation((g, x) => {
        const phi = g.op('Add', [g.op('Erf', [g.op('Div', [x, number(g, Math.SQRT2)])]), number(g, 1)]);
        const own = g.op('Mul', [g.op('Sqrt', [x]), g.op('Sqrt', [x])]);
        return g.op('Mul', [g.op('Mul', [own, phi]), number(g, 0.5)]);
      }),
      'no rule reaches this GELU site',
    ],
    ['another cubic', activation((g, x) => tanh(g, x, inner(g, x, cube(g, x), 0.04))), 'expected other coefficients'],
    [
      'erf that others read',
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', ['batch', 4]);
        g.output('y', erf(g, x));
        const value = [...g.graph.nodes()].find((node) => node.is('Erf'))?.output as Value;
        g.output('z', g.op('Relu', [value]));
      }),
      'another use',
    ],
    [
      'a sigmoid that is an output',
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', ['batch', 4]);
        const gate = sigmoid(g, x);
        g.output('y', g.op('Mul', [x, gate]));
        g.output('gate', gate);
      }),
      'output of the graph',
    ],
    [
      'a bias that makes the sum larger',
      buildModel({ '': 20 }, (g) => {
        const sum = g.op('Add', [g.input('x', 'float32', ['batch', 1]), g.constant(randomWeights([4]))]);
        g.output('y', g.op('Gelu', [sum]));
      }),
      'larger shape',
    ],
    [
      'a constant of higher rank than x',
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', ['batch', 4]);
        const scaled = g.op('Mul', [x, g.constant('float32', [0.5], [1, 1, 1])]);
        const phi = g.op('Add', [g.op('Erf', [g.op('Div', [x, number(g, Math.SQRT2)])]), number(g, 1)]);
        g.output('y', g.op('Mul', [scaled, phi]));
      }),
      'another shape than x',
    ],
    [
      'a bias in float16, whose sum is rounded in the graph',
      buildModel({ '': 20 }, (g) => {
        const bias = g.constant('float16', [1, 2, 3, 4]);
        g.output('y', g.op('Gelu', [g.op('Add', [g.input('x', 'float16', ['batch', 4]), bias])]));
      }),
      'would not round the sum to float16',
    ],
    [
      'float64, which the CPU has no kernel for',
      buildModel({ '': 20 }, (g) => {
        const x = g.input('x', 'float64', ['batch', 4]);
        const phi = g.op('Erf', [g.op('Div', [x, g.constant('float64', Math.SQRT2)])]);
        const half = g.op('Mul', [x, g.constant('float64', 0.5)]);
        g.output('y', g.op('Mul', [half, g.op('Add', [phi, g.constant('float64', 1)])]));
      }),
      'no Gelu kernel for float64',
    ],
    [
      'what the target has no kernel for',
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'bfloat16', ['batch', 4]);
        g.output('y', g.op('Mul', [x, sigmoid(g, x)]));
      }),
      'no QuickGelu kernel for bfloat16',
    ],
    [
      'a factor of float64, which the kernel would round to float32',
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float64', ['batch', 4]);
        g.output('y', g.op('Mul', [x, sigmoid(g, g.op('Mul', [x, g.constant('float64', 1.702)]))]));
      }),
      'holds its factor in float32',
    ],
    [
      'a gate that is rounded to float16 before the product',
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float16', ['batch', 4]);
        const gate = sigmoid(g, g.op('Cast', [x], { to: 1 }));
        g.output('y', g.op('Mul', [x, g.op('Cast', [gate], { to: 10 })]));
      }),
      'found Cast (to = float16)',
    ],
  ];
  it.each(cases)('%s', (_, before, reason) => checkMiss(fuseAct(), { before, reason }));

  it('nothing of a gate, a soft cap, or a pooler', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const [x, other] = ['x', 'other'].map((name) => g.input(name, 'float32', ['batch', 4])) as [Value, Value];
      const gated = g.op('Mul', [x, sigmoid(g, other)]);
      const capped = g.op('Mul', [g.op('Tanh', [g.op('Div', [gated, number(g, 30)])]), number(g, 30)]);
      g.output('y', g.op('Add', [capped, g.op('Tanh', [other])]));
    });
    const { result } = await checkPass(fuseAct(), { before, within: 0 });
    expect([result.notes, result.skips]).toEqual([[], []]);
  });
});

it('counts the activations that are one kernel already, by what their operator is in its domain', async () => {
  const before = buildModel({ '': 20, 'com.microsoft': 1, elsewhere: 1 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 4]);
    const inDomain = (domain: string, opType: string, value: Value) => g.graph.add(opType, [value], { domain }).output;
    const quick = inDomain('com.microsoft', 'QuickGelu', inDomain('com.microsoft', 'FastGelu', g.op('Gelu', [x])));
    g.output('y', inDomain('elsewhere', 'Gelu', quick));
  });
  const { passes } = await applyPass(fuseAct(), before);
  expect(passes[0]?.notes.map(({ text }) => text)).toEqual([
    '2 GELUs are one kernel already',
    '1 SiLU or quick GELU is one kernel already',
  ]);
});
