import { describe, expect, it } from 'vitest';
import { fuseNorm } from '../../../passes/fuse-norm.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss, checkPass, randomWeights } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const D = 6;

const number = (g: GraphBuilder, x: number) => g.constant('float32', x);
const square = (g: GraphBuilder, x: Value) => g.op('Mul', [x, x]);
const withEpsilon = (g: GraphBuilder, x: Value) => g.op('Add', [x, number(g, 1e-5)]);
const rootOf = (g: GraphBuilder, x: Value) => g.op('Sqrt', [withEpsilon(g, x)]);
const scaled = (g: GraphBuilder, x: Value) => g.op('Mul', [x, g.constant(randomWeights([D]))]);

type Shape = readonly (number | string)[];
const modelOf = (f: (g: GraphBuilder, x: Value) => Value, shape: Shape = ['batch', 4, D]): Model =>
  buildModel({ '': 17 }, (g) => g.output('y', f(g, g.input('x', 'float32', shape))));

async function fuses(before: Model, opType: string): Promise<void> {
  const { result } = await checkPass(fuseNorm(), { before, ops: { [opType]: 1 }, within: NOISE });
  expect(result.notes.map(({ text }) => text).join()).toContain('fused 1 of 1 ');
}

describe('a mean that drops its axis, which is put back later', () => {
  const dropped = (g: GraphBuilder, x: Value) => g.op('ReduceMean', [x], { axes: [2], keepdims: 0 });
  const unsqueezed = (g: GraphBuilder, x: Value) => g.op('Unsqueeze', [x, g.ints(2)]);
  const reshaped = (g: GraphBuilder, x: Value) => g.op('Reshape', [x, g.ints(0, 0, 1)]);
  const centred = (g: GraphBuilder, x: Value) => g.op('Sub', [x, unsqueezed(g, dropped(g, x))]);
  const layerNorm = (deviation: (g: GraphBuilder, square: Value) => Value, shape?: Shape) =>
    modelOf((g, x) => {
      const d = centred(g, x);
      return scaled(g, g.op('Div', [d, deviation(g, square(g, d))]));
    }, shape);

  it.each<[string, Model]>([
    ['at once', layerNorm((g, v) => rootOf(g, unsqueezed(g, dropped(g, v))))],
    ['after the epsilon', layerNorm((g, v) => g.op('Sqrt', [unsqueezed(g, withEpsilon(g, dropped(g, v)))]))],
    ['after the root', layerNorm((g, v) => unsqueezed(g, rootOf(g, dropped(g, v))))],
    ['by Reshape after the root', layerNorm((g, v) => reshaped(g, rootOf(g, dropped(g, v))))],
    [
      'a sum, before the count',
      layerNorm((g, v) => {
        const sum = g.op('ReduceSum', [v, g.ints(2)], { keepdims: 0 });
        return rootOf(g, g.op('Div', [unsqueezed(g, sum), number(g, D)]));
      }),
    ],
    [
      'a sum, after the count',
      layerNorm((g, v) => {
        const sum = g.op('ReduceSum', [v, g.ints(2)], { keepdims: 0 });
        return rootOf(g, unsqueezed(g, g.op('Mul', [sum, number(g, 1 / D)])));
      }),
    ],
  ])('%s', (_, before) => fuses(before, 'LayerNormalization'));

  it('of an RMS norm, after the reciprocal of the root', () =>
    fuses(
      modelOf((g, x) => {
        const inverse = g.op('Reciprocal', [rootOf(g, dropped(g, square(g, x)))]);
        return scaled(g, g.op('Mul', [x, unsqueezed(g, inverse)]));
      }),
      'SimplifiedLayerNormalization',
    ));

  it('is refused where it comes back in another place', () =>
    checkMiss(fuseNorm(), {
      before: layerNorm((g, v) => g.op('Unsqueeze', [rootOf(g, dropped(g, v)), g.ints(1)]), [2, D, D]),
      reason: 'expected a mean that keeps its axes',
    }));

  it('is no scale: that stays in its own shape', async () => {
    // The normalised value is scaled by a function of another mean.
    const before = buildModel({ '': 17 }, (g) => {
      const [x, z] = ['x', 'z'].map((name) => g.input(name, 'float32', [D, 4, D])) as [Value, Value];
      const mean = g.op('ReduceMean', [z], { axes: [2], keepdims: 0 });
      const gate = unsqueezed(g, g.op('Div', [mean, number(g, 1)]));
      g.output(
        'y',
        g.op('Mul', [g.op('Div', [x, rootOf(g, g.op('ReduceMean', [square(g, x)], { axes: [2] }))]), gate]),
      );
    });
    const { model } = await checkPass(fuseNorm(), { before, within: NOISE });
    expect([...model.graph.nodes()].map(({ opType }) => opType)).toContain('Unsqueeze');
  });
});

describe('a number that a constant repeats', () => {
  const repeated = (g: GraphBuilder, x: number, shape: readonly number[]) =>
    g.constant('float32', Array<number>(shape.reduce((count, size) => count * size, 1)).fill(x), shape);
  const mean = (g: GraphBuilder, x: Value) => g.op('ReduceMean', [x], { axes: [2] });
  const layerNorm = (epsilon: (g: GraphBuilder) => Value, scale?: (g: GraphBuilder) => Value) =>
    modelOf((g, x) => {
      const d = g.op('Sub', [x, mean(g, x)]);
      const normed = g.op('Div', [d, g.op('Sqrt', [g.op('Add', [mean(g, square(g, d)), epsilon(g)])])]);
      return scale ? g.op('Mul', [normed, scale(g)]) : normed;
    });

  it.each<[string, Model]>([
    ['is an epsilon for each row', layerNorm((g) => repeated(g, 1e-3, [1, 4, 1]))],
    ['is an epsilon for each element', layerNorm((g) => repeated(g, 1e-3, [D]))],
    [
      'is a scale all the same',
      layerNorm(
        (g) => number(g, 1e-3),
        (g) => repeated(g, 2, [D]),
      ),
    ],
    [
      'is both',
      layerNorm(
        (g) => repeated(g, 1e-3, [4, 1]),
        (g) => repeated(g, 2, [D]),
      ),
    ],
    [
      'is a power',
      modelOf((g, x) => {
        const d = g.op('Sub', [x, mean(g, x)]);
        return g.op('Div', [d, rootOf(g, mean(g, g.op('Pow', [d, repeated(g, 2, [D])])))]);
      }),
    ],
  ])('%s', (_, before) => fuses(before, 'LayerNormalization'));

  it.each<[string, Model, string]>([
    [
      'an epsilon that differs between rows',
      layerNorm((g) => g.constant('float32', [1e-3, 1e-3, 1e-3, 1e-2], [4, 1])),
      'expected a sum of 1; found one of 2',
    ],
    ['an epsilon that makes more rows', layerNorm((g) => repeated(g, 1e-3, [2, 1, 1, 1])), 'to a larger shape'],
  ])('is not %s', (_, before, reason) => checkMiss(fuseNorm(), { before, reason }));
});

describe('a mean square by other sums', () => {
  const reduced = (g: GraphBuilder, opType: string, x: Value) => g.op(opType, [x], { axes: [2] });
  const meanOf = (g: GraphBuilder, sum: Value) => g.op('Div', [sum, number(g, D)]);
  const rmsNorm = (meanSquare: (g: GraphBuilder, x: Value) => Value, root = rootOf) =>
    modelOf((g, x) => scaled(g, g.op('Div', [x, root(g, meanSquare(g, x))])));
  const norm = (g: GraphBuilder, x: Value) => reduced(g, 'ReduceL2', x);
  const bySquares = (g: GraphBuilder, x: Value) => meanOf(g, reduced(g, 'ReduceSumSquare', x));

  it.each<[string, Model]>([
    ['ReduceSumSquare / n', rmsNorm(bySquares)],
    ['ReduceL2 · ReduceL2 / n', rmsNorm((g, x) => meanOf(g, square(g, norm(g, x))))],
    ['ReduceL2² / n', rmsNorm((g, x) => meanOf(g, g.op('Pow', [norm(g, x), number(g, 2)])))],
    ['ReduceSumSquare / n without an epsilon', rmsNorm(bySquares, (g, v) => g.op('Sqrt', [v]))],
  ])('of an RMS norm: %s', (_, before) => fuses(before, 'SimplifiedLayerNormalization'));

  it('of a layer norm: ReduceSumSquare / n', () =>
    fuses(
      modelOf((g, x) => {
        const d = g.op('Sub', [x, reduced(g, 'ReduceMean', x)]);
        return g.op('Div', [d, rootOf(g, bySquares(g, d))]);
      }),
      'LayerNormalization',
    ));

  it('without an epsilon is no number where a row is 0, as it was', async () => {
    const before = rmsNorm(bySquares, (g, v) => g.op('Sqrt', [v]));
    const feeds = { x: tensorOf('float32', Array<number>(4 * D).fill(0), [1, 4, D]) };
    await checkPass(fuseNorm(), { before, ops: { SimplifiedLayerNormalization: 1 }, within: NOISE, feeds });
  });

  it.each<[string, Model, string]>([
    [
      'a sum of squares by another number',
      rmsNorm((g, x) => reduced(g, 'ReduceSumSquare', x)),
      'the mean of 6 numbers',
    ],
    [
      'a sum of fourth powers',
      rmsNorm((g, x) => meanOf(g, reduced(g, 'ReduceSumSquare', square(g, x)))),
      'expected the power 2; found 4',
    ],
    [
      'an epsilon on the norm and not on its square',
      modelOf((g, x) => {
        const rms = g.op('Div', [norm(g, x), number(g, Math.sqrt(D))]);
        return g.op('Div', [x, g.op('Add', [rms, number(g, 1e-6)])]);
      }),
      'expected the power -0.5; found -1',
    ],
  ])('is not %s', (_, before, reason) => checkMiss(fuseNorm(), { before, reason }));
});

it('a layer norm without an epsilon', async () => {
  const before = modelOf((g, x) => {
    const centred = g.op('Sub', [x, g.op('ReduceMean', [x], { axes: [2] })]);
    const deviation = g.op('Sqrt', [g.op('ReduceMean', [square(g, centred)], { axes: [2] })]);
    return scaled(g, g.op('Div', [centred, deviation]));
  });
  await fuses(before, 'LayerNormalization');
  // A row of equal numbers is no number in either.
  const feeds = { x: tensorOf('float32', Array<number>(4 * D).fill(1), [1, 4, D]) };
  await checkPass(fuseNorm(), { before, ops: { LayerNormalization: 1 }, within: NOISE, feeds });
});

describe('a variance by two moments', () => {
  type Reduce = (g: GraphBuilder, x: Value) => Value;
  const kept: Reduce = (g, x) => g.op('ReduceMean', [x], { axes: [2] });
  const summed: Reduce = (g, x) => g.op('Mul', [g.op('ReduceSum', [x, g.ints(2)], { keepdims: 0 }), number(g, 1 / D)]);
  const moments = (mean: Reduce, root: Reduce, put: Reduce = (_, x) => x): Model =>
    modelOf((g, x) => {
      const first = mean(g, x);
      const variance = g.op('Sub', [mean(g, square(g, x)), square(g, first)]);
      return scaled(g, g.op('Div', [g.op('Sub', [x, put(g, first)]), root(g, variance)]));
    });
  const unsqueezed: Reduce = (g, x) => g.op('Unsqueeze', [x, g.ints(2)]);
  const above =
    (floor: number): Reduce =>
    (g, x) =>
      g.op('Max', [number(g, floor), x]);
  const clipped: Reduce = (g, x) => g.op('Clip', [x, number(g, 0), undefined]);

  it.each<[string, Model]>([
    ['as it is', moments(kept, rootOf)],
    ['not below 0', moments(kept, (g, v) => rootOf(g, above(0)(g, v)))],
    ['not below 0, by Clip', moments(kept, (g, v) => rootOf(g, clipped(g, v)))],
    // JAX gives a LayerNorm of Flax to TensorFlow in this form.
    [
      'not below 0, without its axis, which is put back before the epsilon',
      moments(summed, (g, v) => rootOf(g, unsqueezed(g, above(0)(g, v))), unsqueezed),
    ],
  ])('%s', (_, before) => fuses(before, 'LayerNormalization'));

  it.each<[string, Model, string]>([
    [
      'with another floor',
      moments(kept, (g, v) => rootOf(g, above(0.1)(g, v))),
      'expected the larger of something and 0; found Max',
    ],
    [
      'with a ceiling',
      moments(kept, (g, v) => rootOf(g, g.op('Clip', [v, number(g, 0), number(g, 2)]))),
      'expected the larger of something and 0; found Clip',
    ],
  ])('is refused %s', (_, before, reason) => checkMiss(fuseNorm(), { before, reason }));
});
