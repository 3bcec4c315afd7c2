import { describe, expect, it } from 'vitest';
import { fuseNorm } from '../../../passes/fuse-norm.js';
import { float } from '../../../src/ir/attribute.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss, checkPass, randomWeights } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const D = 6;

interface Spelling {
  readonly opset?: number;
  readonly shape?: readonly (number | string)[];
  readonly attributes?: Record<string, number>;
  /** The numbers that the rows are taken times. */
  readonly scale?: number;
  rows?(g: GraphBuilder, x: Value): Value;
  variance?(g: GraphBuilder, centred: Value): Value;
}

const axes = [0, 2, 3];
const sumOfSquares = (g: GraphBuilder, centred: Value) =>
  g.op('Div', [g.op('ReduceSumSquare', [centred], { axes, keepdims: 0 }), g.constant('float32', D)]);
const asChannels = (g: GraphBuilder, x: Value) => g.op('Reshape', [x, g.ints(1, -1, D, 1)]);

/** A LayerNormalization of Keras as tf2onnx writes it. */
const keras = ({ opset = 13, shape = ['batch', 'seq', D], ...spelling }: Spelling = {}): Model =>
  buildModel({ '': opset }, (g) => {
    const { rows = asChannels, variance = sumOfSquares, scale = 1, attributes } = spelling;
    const x = g.input('x', 'float32', shape);
    const size = g.op('Shape', [x]);
    const count = g.op('ReduceProd', [g.op('Slice', [size, g.ints(0), g.ints(-1)])], { keepdims: 1 });
    const turned = rows(g, x);
    const mean = g.op('ReduceMean', [turned], { axes, keepdims: 1 });
    const inputs = [
      turned,
      g.op('Expand', [g.constant('float32', scale), count]),
      g.op('Expand', [g.constant('float32', 0), count]),
      g.op('Squeeze', [mean, g.ints(...axes)]),
      variance(g, g.op('Sub', [turned, mean])),
    ];
    const normed = g.op('BatchNormalization', inputs, { epsilon: float(1e-3), ...attributes });
    const back = g.op('Reshape', [normed, size]);
    const scaled = g.op('Mul', [back, g.constant(randomWeights([D], 1, 5))]);
    g.output('y', g.op('Add', [scaled, g.constant(randomWeights([D], 1, 6))]));
  });

describe('a layer norm by way of BatchNormalization', () => {
  it.each<[string, Spelling]>([
    ['of three axes', {}],
    ['of two', { shape: ['batch', D] }],
    [
      'its variance by ReduceMean',
      { variance: (g, d) => g.op('ReduceMean', [g.op('Mul', [d, d])], { axes, keepdims: 0 }) },
    ],
  ])('%s', async (_, spelling) => {
    const { result } = await checkPass(fuseNorm(), {
      before: keras(spelling),
      ops: { LayerNormalization: 1 },
      within: NOISE,
      dims: { batch: 2, seq: 3 },
    });
    expect(result.notes.map(({ text }) => text).join()).toContain('fused 1 of 1 layer norm sites');
  });

  it.each<[string, Spelling, string]>([
    ['has a scale for each row', { scale: 2 }, 'a scale or a bias for each row'],
    [
      'has another variance',
      {
        variance: (g, d) =>
          g.op('Div', [g.op('ReduceSumSquare', [d], { axes, keepdims: 0 }), g.constant('float32', D - 1)]),
      },
      'expected the mean of 6 numbers',
    ],
    [
      'mixes rows',
      { shape: ['batch', 4, 3], rows: (g, x) => asChannels(g, x) },
      'expected rows of the last axis as channels',
    ],
  ])('is none where it %s', (_, spelling, reason) => checkMiss(fuseNorm(), { before: keras(spelling), reason }));
});
