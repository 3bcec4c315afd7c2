/** Quantized com.microsoft operators: what is inferred, and that onnxruntime's CPU provider gives it. */
import { describe } from 'vitest';
import type { GraphBuilder } from '../../src/ir/build.js';
import type { DataType } from '../../src/ir/types.js';
import { typed } from './cases.js';

const ms = { domain: 'com.microsoft' };
const bs = [
  { b: 2, s: 3 },
  { b: 1, s: 5 },
];
/** Scale and zero point of a tensor. */
const quantized = (g: GraphBuilder, elem: DataType = 'uint8') => [g.constant('float32', 0.5), g.constant(elem, 1)];

describe('quantized', () => {
  for (const op of ['QLinearAdd', 'QLinearMul'])
    typed(
      op,
      (g) =>
        g.op(
          op,
          [
            g.input('x', 'uint8', ['b', 1]),
            ...quantized(g),
            g.input('y', 'uint8', ['b', 's']),
            ...quantized(g),
            ...quantized(g),
          ],
          {},
          ms,
        ),
      ['uint8[b, s]'],
      { sizes: bs },
    );
  for (const [op, attributes] of [
    ['QLinearSigmoid', {}],
    ['QLinearLeakyRelu', {}],
    ['QLinearSoftmax', { axis: -1, opset: 13 }],
  ] as const)
    typed(
      op,
      (g) => g.op(op, [g.input('x', 'uint8', ['b', 's']), ...quantized(g), ...quantized(g)], attributes, ms),
      ['uint8[b, s]'],
      { sizes: bs },
    );
  typed(
    'QLinearConcat',
    (g) =>
      g.op(
        'QLinearConcat',
        [
          ...quantized(g),
          g.input('x', 'uint8', ['b', 's']),
          ...quantized(g),
          g.input('y', 'uint8', ['b', 4]),
          ...quantized(g),
        ],
        { axis: 1 },
        ms,
      ),
    ['uint8[b, s+4]'],
    { sizes: bs },
  );
  typed(
    'QLinearAveragePool',
    (g) =>
      g.op(
        'QLinearAveragePool',
        [g.input('x', 'uint8', ['b', 2, 8, 's']), ...quantized(g), ...quantized(g)],
        { kernel_shape: [2, 2], strides: [2, 1] },
        ms,
      ),
    ['uint8[b, 2, 4, s-1]'],
    { sizes: bs },
  );
  typed(
    'QLinearGlobalAveragePool',
    (g) =>
      g.op(
        'QLinearGlobalAveragePool',
        [g.input('x', 'uint8', ['b', 2, 8, 's']), ...quantized(g), ...quantized(g)],
        {},
        ms,
      ),
    ['uint8[b, 2, 1, 1]'],
    { sizes: bs },
  );
  typed(
    'QGemm to floats',
    (g) =>
      g.op(
        'QGemm',
        [g.input('x', 'uint8', ['b', 4]), ...quantized(g), g.input('y', 'int8', [6, 4]), ...quantized(g, 'int8')],
        { transB: 1 },
        ms,
      ),
    ['float32[b, 6]'],
    { sizes: bs },
  );
});
