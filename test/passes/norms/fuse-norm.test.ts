import { describe, expect, it } from 'vitest';
import { fuseNorm } from '../../../passes/fuse-norm.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss, checkPass, randomWeights } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const D = 6;
const dims = { batch: 2, seq: 3 };

const number = (g: GraphBuilder, x: number) => g.constant('float32', x);
const weight = (g: GraphBuilder, shape: readonly number[] = [D], seed = 5) => g.constant(randomWeights(shape, 1, seed));

/** An exporter's spelling of the parts of a norm. */
interface Spelling {
  readonly opset?: number;
  readonly shape?: readonly (number | string)[];
  readonly axes?: readonly number[];
  mean?(g: GraphBuilder, x: Value, axes: readonly number[]): Value;
  square?(g: GraphBuilder, d: Value, again: () => Value): Value;
  /** Normalises `d` by its mean square. */
  divide?(g: GraphBuilder, d: Value, variance: Value): Value;
  affine?(g: GraphBuilder, normed: Value): Value;
  extra?(g: GraphBuilder, inner: { variance: Value; normed: Value }): void;
}

const plainMean = (g: GraphBuilder, x: Value, axes: readonly number[]) =>
  (g.graph.opsets.get('') ?? 0) >= 18
    ? g.op('ReduceMean', [x, g.ints(...axes)], { keepdims: 1 })
    : g.op('ReduceMean', [x], { axes: [...axes] });
const plainSquare = (g: GraphBuilder, d: Value) => g.op('Pow', [d, number(g, 2)]);
const plainDivide = (g: GraphBuilder, d: Value, variance: Value) =>
  g.op('Div', [d, g.op('Sqrt', [g.op('Add', [variance, number(g, 1e-5)])])]);
const scaleAndBias = (g: GraphBuilder, normed: Value) =>
  g.op('Add', [g.op('Mul', [normed, weight(g)]), weight(g, [D], 6)]);

function norm(isCentred: boolean, spelling: Spelling = {}): Model {
  const { opset = 17, shape = ['batch', 'seq', D], axes = [-1] } = spelling;
  const { mean = plainMean, square = plainSquare, divide = plainDivide, affine = scaleAndBias } = spelling;
  return buildModel({ '': opset }, (g) => {
    const x = g.input('x', 'float32', shape);
    const centre = () => (isCentred ? g.op('Sub', [x, mean(g, x, axes)]) : x);
    const d = centre();
    const variance = mean(g, square(g, d, centre), axes);
    const normed = divide(g, d, variance);
    g.output('y', affine(g, normed));
    spelling.extra?.(g, { variance, normed });
  });
}
const layerNorm = (spelling?: Spelling) => norm(true, spelling);
const rmsNorm = (spelling?: Spelling) => norm(false, { affine: (g, n) => g.op('Mul', [weight(g), n]), ...spelling });

const one = (opType: string, ops = {}) => ({ [opType]: 1, ...ops });

async function fuses(before: Model, ops: Record<string, number>, opset?: number): Promise<void> {
  const { model, result } = await checkPass(fuseNorm(), { before, ops, within: NOISE, dims });
  expect(result.notes.map(({ text }) => text).join()).toContain('fused 1 of 1 ');
  if (opset) expect(model.opsets.get('')).toBe(opset);
}

describe('fuse-norm makes one kernel of a layer norm', () => {
  const cases: [string, Spelling][] = [
    ['as PyTorch spells it', {}],
    ['with axes as an input', { opset: 18 }],
    ['squared by Mul', { square: (g, d) => g.op('Mul', [d, d]) }],
    [
      'with a difference of its own for the variance',
      { square: (g, _, again) => g.op('Pow', [again(), number(g, 2)]) },
    ],
    [
      'by Reciprocal',
      {
        divide: (g, d, v) => g.op('Mul', [g.op('Reciprocal', [g.op('Sqrt', [g.op('Add', [number(g, 1e-6), v])])]), d]),
      },
    ],
    [
      'by Pow(−½)',
      { divide: (g, d, v) => g.op('Mul', [d, g.op('Pow', [g.op('Add', [v, number(g, 1e-6)]), number(g, -0.5)])]) },
    ],
    [
      'with the scale on the standard deviation',
      {
        divide: (g, d, v) =>
          g.op('Mul', [d, g.op('Div', [weight(g), g.op('Sqrt', [g.op('Add', [v, number(g, 1e-6)])])])]),
        affine: (g, n) => g.op('Add', [weight(g), n]),
      },
    ],
    ['without a bias', { affine: (g, n) => g.op('Mul', [weight(g), n]) }],
    ['without a scale', { affine: (g, n) => g.op('Add', [weight(g), n]) }],
    ['without either', { affine: (_, n) => n }],
    [
      'with weights [1, 1, D]',
      { affine: (g, n) => g.op('Add', [g.op('Mul', [n, weight(g, [1, 1, D])]), weight(g, [1, D])]) },
    ],
    [
      'over the last two axes',
      { shape: ['batch', 4, D], axes: [-2, -1], affine: (g, n) => g.op('Mul', [n, weight(g, [4, D])]) },
    ],
    [
      'with means by ReduceSum',
      {
        mean: (g, x, axes) => g.op('Div', [g.op('ReduceSum', [x, g.ints(...axes)]), number(g, D)]),
      },
    ],
    [
      'with Casts that do nothing',
      {
        square: (g, d) => g.op('Pow', [g.op('Cast', [d], { to: 1 }), number(g, 2)]),
        affine: (g, n) => scaleAndBias(g, g.op('Cast', [n], { to: 1 })),
      },
    ],
  ];
  it.each(cases)('%s', (_, spelling) => fuses(layerNorm(spelling), one('LayerNormalization')));

  it('as Keras spells it: x·s − mean·s + bias', () =>
    fuses(
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', ['batch', 'seq', D]);
        const mean = plainMean(g, x, [-1]);
        const difference = g.op('Sub', [x, mean]);
        const variance = plainMean(g, g.op('Mul', [difference, difference]), [-1]);
        const inverse = g.op('Reciprocal', [g.op('Sqrt', [g.op('Add', [variance, number(g, 1e-3)])])]);
        const s = g.op('Mul', [inverse, weight(g)]);
        const shift = g.op('Sub', [weight(g, [D], 6), g.op('Mul', [mean, s])]);
        g.output('y', g.op('Add', [g.op('Mul', [x, s]), shift]));
      }),
      one('LayerNormalization'),
    ));

  it('over the channels of an image, turned there and back', () =>
    fuses(
      layerNorm({
        shape: ['batch', D, 4, 'seq'],
        axes: [1],
        affine: (g, n) => g.op('Add', [g.op('Mul', [n, weight(g, [D, 1, 1])]), weight(g, [1, D, 1, 1])]),
      }),
      one('LayerNormalization', { Transpose: 2 }),
    ));

  it('inside, where a modulation of each sample follows', () =>
    fuses(
      layerNorm({
        affine: (g, n) => {
          const [scale, shift] = ['scale', 'shift'].map((name) => g.input(name, 'float32', ['batch', 1, D]));
          return g.op('Add', [g.op('Mul', [n, g.op('Add', [scale, number(g, 1)])]), shift]);
        },
      }),
      one('LayerNormalization', { Mul: 1, Add: 2 }),
    ));

  it('of an older opset, which is raised', () => fuses(layerNorm({ opset: 11 }), one('LayerNormalization'), 17));

  it('in float16 with the norm in float32: the Casts stay', () =>
    fuses(
      buildModel({ '': 17 }, (g) => {
        const x = g.op('Cast', [g.input('x', 'float16', ['batch', 'seq', D])], { to: 1 });
        const normed = plainDivide(g, x, plainMean(g, plainSquare(g, x), [-1]));
        const half = g.op('Cast', [normed], { to: 10 });
        g.output('y', g.op('Mul', [g.constant('float16', [1, 2, 3, 4, 5, 6]), half]));
      }),
      { Cast: 2, SimplifiedLayerNormalization: 1, Mul: 1 },
    ));
});

describe('fuse-norm makes one kernel of an RMS norm', () => {
  it('before opset 23 by the runtime’s name', () => fuses(rmsNorm(), one('SimplifiedLayerNormalization')));
  it('from opset 23 on by ONNX’s', () => fuses(rmsNorm({ opset: 23 }), one('RMSNormalization')));
  it('without a scale', () => fuses(rmsNorm({ affine: (_, n) => n }), one('SimplifiedLayerNormalization')));
  it('with 1/√ by two ops, and a scale of 1 + w', () =>
    fuses(
      rmsNorm({
        divide: (g, d, v) =>
          g.op('Mul', [d, g.op('Div', [number(g, 1), g.op('Sqrt', [g.op('Add', [v, number(g, 1e-6)])])])]),
        affine: (g, n) => g.op('Mul', [n, g.op('Add', [weight(g), number(g, 1)])]),
      }),
      one('SimplifiedLayerNormalization', { Add: 1 }),
    ));
});

describe('fuse-norm refuses, and says why', () => {
  const cases: [string, Model, string][] = [
    ['another power', layerNorm({ square: (g, d) => g.op('Pow', [d, number(g, 4)]) }), 'expected the power 2; found 4'],
    [
      'an epsilon outside the root',
      layerNorm({ divide: (g, d, v) => g.op('Div', [d, g.op('Add', [g.op('Sqrt', [v]), number(g, 1e-5)])]) }),
      'expected the power -0.5; found -1',
    ],
    [
      'means over different axes',
      norm(true, {
        shape: ['batch', D, D],
        mean: (g, x) => g.op('ReduceMean', [x], { axes: [x.producer?.is('Pow') ? 1 : 2] }),
      }),
      'expected a mean over axes 2; found 1',
    ],
    [
      'a bound on the variance',
      layerNorm({ divide: (g, d, v) => g.op('Div', [d, g.op('Sqrt', [g.op('Max', [v, number(g, 1e-5)])])]) }),
      'found Max',
    ],
    [
      'a sum that is no mean',
      rmsNorm({ mean: (g, x, axes) => g.op('ReduceSum', [x, g.ints(...axes)]) }),
      'expected the mean of 6 numbers',
    ],
    [
      'a variance that is an output',
      layerNorm({ extra: (g, { variance }) => g.output('variance', variance) }),
      'is an output of the graph',
    ],
    [
      'a variance that is read elsewhere',
      layerNorm({ extra: (g, { variance }) => g.output('v', g.op('Relu', [variance])) }),
      'another use',
    ],
    [
      'a size that is not known, where the scale must be made',
      rmsNorm({ shape: ['batch', 'seq', 'width'], affine: (_, n) => n }),
      'size of the normalised axes is not known',
    ],
  ];
  it.each(cases)('%s', (_, before, reason) => checkMiss(fuseNorm(), { before, reason }));

  it('float64, which the kernel would compute in float32', () =>
    checkMiss(fuseNorm(), {
      before: buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float64', ['batch', D]);
        const square = g.op('Mul', [x, x]);
        const root = g.op('Sqrt', [g.op('Add', [plainMean(g, square, [-1]), g.constant('float64', 1e-9)])]);
        g.output('y', g.op('Div', [x, root]));
      }),
      reason: 'float64 in float32',
    }));

  it('nothing of a mean that is no norm', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', D]);
      g.output('y', g.op('Sub', [x, plainMean(g, x, [-1])]));
    });
    const { result } = await checkPass(fuseNorm(), { before, within: 0, ops: { Sub: 1, ReduceMean: 1 } });
    expect([result.notes, result.skips]).toEqual([[], []]);
  });
});
