import { describe } from 'vitest';
import { typed } from './cases.js';

const x = 'float32';
const bs = [
  { b: 2, s: 3 },
  { b: 1, s: 5 },
];
const images = [
  { b: 1, h: 8, w: 9 },
  { b: 2, h: 11, w: 6 },
];

describe('products', () => {
  typed(
    'MatMul',
    (g) => g.op('MatMul', [g.input('x', x, ['b', 1, 's', 4]), g.input('y', x, [3, 4, 5])]),
    ['float32[b, 3, s, 5]'],
    { sizes: bs },
  );
  typed(
    'MatMul with a vector',
    (g) => g.op('MatMul', [g.input('x', x, ['b', 4]), g.input('y', x, [4])]),
    ['float32[b]'],
    { sizes: bs },
  );
  typed(
    'Gemm',
    (g) => g.op('Gemm', [g.input('x', x, ['b', 4]), g.input('y', x, [5, 4])], { transB: 1 }),
    ['float32[b, 5]'],
    { sizes: bs },
  );
  typed(
    'Einsum',
    (g) =>
      g.op('Einsum', [g.input('x', x, ['b', 's', 2, 4]), g.input('y', x, ['b', 7, 2, 4])], {
        equation: 'bqhd,bkhd->bhqk',
      }),
    ['float32[b, 2, s, 7]'],
    { sizes: bs },
  );
  typed(
    'Einsum with an ellipsis',
    (g) => g.op('Einsum', [g.input('x', x, ['b', 's', 4]), g.input('y', x, [4, 5])], { equation: '...i,ij->...j' }),
    ['float32[b, s, 5]'],
    { sizes: bs },
  );
  typed(
    'MatMulInteger',
    (g) => g.op('MatMulInteger', [g.input('x', 'uint8', ['b', 4]), g.input('y', 'int8', [4, 5])]),
    ['int32[b, 5]'],
    { sizes: bs },
  );
});

describe('windows', () => {
  const image = ['b', 4, 'h', 'w'] as const;
  typed(
    'Conv with strides',
    (g) =>
      g.op('Conv', [g.input('x', x, image), g.input('w', x, [6, 4, 3, 3])], { strides: [2, 1], pads: [1, 1, 1, 1] }),
    ['float32[b, 6, (h+1)//2, w]'],
    { sizes: images },
  );
  typed(
    'Conv twice',
    (g) => {
      const w = g.input('w', x, [4, 4, 3, 3]);
      const once = g.op('Conv', [g.input('x', x, image), w], { strides: [2, 2], pads: [1, 1, 1, 1] });
      return g.op('Conv', [once, w], { strides: [2, 2], pads: [1, 1, 1, 1] });
    },
    ['float32[b, 4, (h+3)//4, (w+3)//4]'],
    { sizes: images },
  );
  typed(
    'Conv, SAME and dilated',
    (g) =>
      g.op('Conv', [g.input('x', x, image), g.input('w', x, [6, 4, 3, 3])], {
        strides: [2, 1],
        auto_pad: 'SAME_UPPER',
      }),
    ['float32[b, 6, (h+1)//2, w]'],
    { sizes: images },
  );
  typed(
    'ConvTranspose',
    (g) =>
      g.op('ConvTranspose', [g.input('x', x, image), g.input('w', x, [4, 3, 2, 2])], { strides: [2, 2], group: 2 }),
    ['float32[b, 6, 2*h, 2*w]'],
    { sizes: images },
  );
  typed(
    'MaxPool, sizes rounded up',
    (g) =>
      g.node(
        'MaxPool',
        [g.input('x', x, ['b', 4, 7, 8])],
        { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
        { outputs: 2 },
      ).outputs as never,
    ['float32[b, 4, 4, 5]', 'int64[b, 4, 4, 5]'],
    { sizes: images },
  );
  typed(
    'AveragePool, sizes rounded up',
    (g) => g.op('AveragePool', [g.input('x', x, image)], { kernel_shape: [2, 2], strides: [3, 3], ceil_mode: 1 }),
    ['float32[b, 4, min((h+2)//3,h//3+1), min((w+2)//3,w//3+1)]'],
    { sizes: [...images, { b: 1, h: 10, w: 4 }] },
  );
  typed('GlobalAveragePool', (g) => g.op('GlobalAveragePool', [g.input('x', x, image)]), ['float32[b, 4, 1, 1]'], {
    sizes: images,
  });
  typed(
    'Resize by scales',
    (g) => g.op('Resize', [g.input('x', x, image), undefined, g.constant('float32', [1, 1, 2, 2])]),
    ['float32[b, 4, 2*h, 2*w]'],
    { sizes: images },
  );
  typed(
    'Resize to sizes',
    (g) => g.op('Resize', [g.input('x', x, ['b', 4, 5, 6]), undefined, undefined, g.ints(2, 4, 9, 7)]),
    ['float32[2, 4, 9, 7]'],
    { sizes: [{ b: 2 }] },
  );
  typed(
    'GridSample',
    (g) => g.op('GridSample', [g.input('x', x, image), g.input('g', x, ['b', 5, 'w', 2])]),
    ['float32[b, 4, 5, w]'],
    { sizes: images },
  );
});
