/** com.microsoft operators: what is inferred, and that onnxruntime gives it where its CPU provider has the kernel. */
import { describe } from 'vitest';
import { float } from '../../src/ir/attribute.js';
import { typed } from './cases.js';

const x = 'float32';
const ms = { domain: 'com.microsoft' };
const bs = [
  { b: 2, s: 3 },
  { b: 1, s: 5 },
];

describe('elementwise', () => {
  for (const [op, inputs] of [
    ['BiasGelu', 2],
    ['FastGelu', 2],
    ['Gelu', 1],
    ['QuickGelu', 1],
  ] as const)
    typed(
      op,
      (g) => g.op(op, [g.input('x', x, ['b', 's', 8]), ...(inputs > 1 ? [g.input('c', x, [8])] : [])], {}, ms),
      ['float32[b, s, 8]'],
      { sizes: bs },
    );
  typed(
    'Range',
    (g) => g.op('Range', [g.constant('int64', 2), g.constant('int64', 9), g.constant('int64', 3)], {}, ms),
    ['int64[3]'],
  );
  typed('Inverse', (g) => g.op('Inverse', [g.input('x', x, ['b', 1, 1])], {}, ms), ['float32[b, 1, 1]'], { sizes: bs });
  typed('Trilu', (g) => g.op('Trilu', [g.input('x', x, ['b', 's', 4])], {}, ms), ['float32[b, s, 4]'], { sizes: bs });
  typed(
    'CDist',
    (g) => g.op('CDist', [g.input('x', x, ['b', 4]), g.input('y', x, ['s', 4])], { metric: 'euclidean' }, ms),
    ['float32[b, s]'],
    {
      sizes: bs,
    },
  );
});

describe('layout', () => {
  typed(
    'ExpandDims',
    (g) => g.op('ExpandDims', [g.input('x', x, ['b', 's']), g.constant('int32', 1)], {}, ms),
    ['float32[b, 1, s]'],
    { sizes: bs },
  );
  typed(
    'GatherND',
    (g) => g.op('GatherND', [g.input('x', x, ['b', 's', 4]), g.constant('int64', [0, 0, 0, 1], [2, 2])], {}, ms),
    ['float32[2, 4]'],
    { sizes: bs },
  );
  typed(
    'Pad',
    (g) => g.op('Pad', [g.input('x', x, ['b', 's']), g.ints(0, 1, 2, 3), g.constant(x, 0)], {}, ms),
    ['float32[b+2, s+4]'],
    { sizes: bs },
  );
  typed(
    'Unique',
    (g) => g.node('Unique', [g.input('x', x, ['b'])], {}, { ...ms, outputs: 3 }).outputs as never,
    ['float32[?]', 'int64[b]', 'int64[?]'],
    { sizes: bs },
  );
  typed(
    'CropAndResize',
    (g) =>
      g.op(
        'CropAndResize',
        [
          g.input('x', x, ['b', 2, 8, 8]),
          g.input('r', x, ['s', 4]),
          g.input('i', 'int32', ['s']),
          g.constant('int32', [3, 5]),
        ],
        {},
        ms,
      ),
    ['float32[s, 2, 3, 5]'],
    { sizes: bs, values: { i: [0] } },
  );
  typed(
    'UnfoldTensor',
    (g) => g.op('UnfoldTensor', [g.input('x', x, ['b', 's'])], { dim: 1, size: 2, step: 2 }, ms),
    ['float32[b, s//2, 2]'],
    { sizes: bs },
  );
  typed(
    'Rfft and back',
    (g) =>
      g.op(
        'Irfft',
        [g.op('Rfft', [g.input('x', x, ['b', 8])], { signal_ndim: 1, onesided: 1, normalized: 0 }, ms)],
        { signal_ndim: 1, onesided: 1, normalized: 0 },
        ms,
      ),
    ['float32[b, 8]'],
    { runs: false },
  );
});

describe('products', () => {
  typed(
    'FusedMatMul',
    (g) =>
      g.op(
        'FusedMatMul',
        [g.input('x', x, ['b', 4, 's']), g.input('y', x, ['b', 6, 4])],
        { transA: 1, transB: 1, alpha: float(0.5) },
        ms,
      ),
    ['float32[b, s, 6]'],
    { sizes: bs },
  );
  typed(
    'FusedGemm',
    (g) =>
      g.op(
        'FusedGemm',
        [g.input('x', x, [4, 'b']), g.input('y', x, [6, 4])],
        { transA: 1, transB: 1, activation: 'Relu' },
        ms,
      ),
    ['float32[b, 6]'],
    { sizes: bs },
  );
  typed(
    'FusedConv',
    (g) =>
      g.op(
        'FusedConv',
        [g.input('x', x, ['b', 3, 's', 9]), g.input('w', x, [5, 3, 3, 3])],
        { pads: [1, 1, 1, 1], strides: [2, 2], activation: 'Relu' },
        ms,
      ),
    ['float32[b, 5, (s+1)//2, 5]'],
    { sizes: bs },
  );
  typed(
    'NhwcMaxPool',
    (g) => g.op('NhwcMaxPool', [g.input('x', 'uint8', ['b', 9, 7, 4])], { kernel_shape: [3, 3], strides: [2, 2] }, ms),
    ['uint8[b, 4, 3, 4]'],
    { sizes: bs },
  );
  typed(
    'MatMulNBits',
    (g) =>
      g.op(
        'MatMulNBits',
        [
          g.input('x', x, ['b', 's', 32]),
          g.constant('uint8', new Array(96).fill(17), [6, 1, 16]),
          g.constant(x, new Array(6).fill(0.5), [6]),
        ],
        { K: 32, N: 6, block_size: 32, bits: 4 },
        ms,
      ),
    ['float32[b, s, 6]'],
    { sizes: bs },
  );
  typed(
    'MatMulIntegerToFloat',
    (g) =>
      g.op(
        'MatMulIntegerToFloat',
        [g.input('x', 'uint8', ['b', 's', 4]), g.input('y', 'int8', [4, 6]), g.constant(x, 0.5), g.constant(x, 0.5)],
        {},
        ms,
      ),
    ['float32[b, s, 6]'],
    { sizes: bs },
  );
  typed(
    'DynamicQuantizeMatMul',
    (g) =>
      g.op(
        'DynamicQuantizeMatMul',
        [g.input('x', x, ['b', 4]), g.input('y', 'int8', [4, 6]), g.constant(x, 0.5)],
        {},
        ms,
      ),
    ['float32[b, 6]'],
    { sizes: bs },
  );
  typed(
    'GatherBlockQuantized of bytes with two numbers each',
    (g) =>
      g.op(
        'GatherBlockQuantized',
        [
          g.constant('uint8', new Array(5 * 16).fill(17), [5, 16]),
          g.input('i', 'int64', ['b', 's']),
          g.constant(x, new Array(10).fill(0.5), [5, 2]),
        ],
        { block_size: 16, quantize_axis: 1, gather_axis: 0, bits: 4 },
        ms,
      ),
    ['float32[b, s, 32]'],
    { sizes: bs },
  );
});
