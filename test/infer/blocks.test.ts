import { describe } from 'vitest';
import { float, floats } from '../../src/ir/attribute.js';
import { typed } from './cases.js';

const x = 'float32';
const ms = { domain: 'com.microsoft' };
const bs = [
  { b: 2, s: 3 },
  { b: 1, s: 5 },
];

describe('reductions and norms', () => {
  typed(
    'ReduceMean',
    (g) => g.op('ReduceMean', [g.input('x', x, ['b', 's', 4])], { axes: [-1] }),
    ['float32[b, s, 1]'],
    { sizes: bs },
  );
  typed(
    'ReduceSum of an empty attribute',
    (g) => g.op('ReduceSum', [g.input('x', x, ['b', 's', 4])], { axes: [] }),
    ['float32[1, 1, 1]'],
    { opset: 11 },
  );
  typed(
    'ReduceSum without its axes kept',
    (g) => g.op('ReduceSum', [g.input('x', x, ['b', 's', 4]), g.ints(1)], { keepdims: 0 }),
    ['float32[b, 4]'],
    { sizes: bs },
  );
  typed(
    'ReduceMax of everything',
    (g) => g.op('ReduceMax', [g.input('x', x, ['b', 's'])], { keepdims: 0 }),
    ['float32[]'],
    { sizes: bs },
  );
  typed('ArgMax', (g) => g.op('ArgMax', [g.input('x', x, ['b', 's', 4])], { axis: 1, keepdims: 0 }), ['int64[b, 4]'], {
    sizes: bs,
  });
  typed(
    'LayerNormalization',
    (g) =>
      g.node('LayerNormalization', [g.input('x', x, ['b', 's', 4]), g.input('w', x, [4])], {}, { outputs: 3 })
        .outputs as never,
    ['float32[b, s, 4]', 'float32[b, s, 1]', 'float32[b, s, 1]'],
    { sizes: bs },
  );
  typed(
    'BatchNormalization',
    (g) =>
      g.op('BatchNormalization', [
        g.input('x', x, ['b', 4, 's']),
        ...['a', 'c', 'd', 'e'].map((name) => g.input(name, x, [4])),
      ]),
    ['float32[b, 4, s]'],
    { sizes: bs },
  );
});

describe('attention', () => {
  typed(
    'Attention with a past',
    (g) =>
      g.node(
        'Attention',
        [
          g.input('q', x, ['b', 4, 's', 8]),
          g.input('k', x, ['b', 2, 's', 8]),
          g.input('v', x, ['b', 2, 's', 6]),
          undefined,
          g.input('pk', x, ['b', 2, 'p', 8]),
          g.input('pv', x, ['b', 2, 'p', 6]),
        ],
        {},
        { outputs: 3 },
      ).outputs as never,
    ['float32[b, 4, s, 6]', 'float32[b, 2, p+s, 8]', 'float32[b, 2, p+s, 6]'],
    { opset: 23, sizes: [{ b: 2, s: 3, p: 4 }] },
  );
  typed(
    'Attention on flat heads',
    (g) =>
      g.op(
        'Attention',
        [g.input('q', x, ['b', 's', 32]), g.input('k', x, ['b', 7, 16]), g.input('v', x, ['b', 7, 16])],
        { q_num_heads: 4, kv_num_heads: 2 },
      ),
    ['float32[b, s, 32]'],
    { opset: 23, sizes: bs },
  );
  typed(
    'MultiHeadAttention',
    (g) =>
      g.node(
        'MultiHeadAttention',
        [
          g.input('q', x, ['b', 's', 16]),
          g.input('k', x, ['b', 's', 16]),
          g.input('v', x, ['b', 's', 24]),
          undefined,
          undefined,
          undefined,
          g.input('pk', x, ['b', 2, 'p', 8]),
          g.input('pv', x, ['b', 2, 'p', 12]),
        ],
        { num_heads: 2 },
        { ...ms, outputs: 3 },
      ).outputs as never,
    ['float32[b, s, 24]', 'float32[b, 2, p+s, 8]', 'float32[b, 2, p+s, 12]'],
    { sizes: [{ b: 2, s: 3, p: 4 }], runs: false },
  );
  typed(
    'MultiHeadAttention without a past',
    (g) =>
      g.op(
        'MultiHeadAttention',
        [g.input('q', x, ['b', 's', 16]), g.input('k', x, ['b', 5, 16]), g.input('v', x, ['b', 5, 16])],
        { num_heads: 2 },
        ms,
      ),
    ['float32[b, s, 16]'],
    { sizes: bs },
  );
  typed(
    'Attention with packed weights',
    (g) =>
      g.node(
        'Attention',
        [g.input('x', x, ['b', 's', 8]), g.input('w', x, [8, 24]), g.input('c', x, [24])],
        { num_heads: 2 },
        { ...ms, outputs: 2 },
      ).outputs as never,
    ['float32[b, s, 8]', 'float32[2, b, 2, s, 4]'],
    { sizes: bs },
  );
  typed(
    'SkipLayerNormalization',
    (g) =>
      g
        .node(
          'SkipLayerNormalization',
          [g.input('x', x, ['b', 's', 8]), g.input('y', x, ['b', 's', 8]), g.input('w', x, [8])],
          { epsilon: float(1e-5) },
          { ...ms, outputs: ['a', undefined, undefined, 'd'] },
        )
        .outputs.filter((v) => v) as never,
    ['float32[b, s, 8]', 'float32[b, s, 8]'],
    { sizes: bs },
  );
});

describe('the rest', () => {
  typed(
    'LSTM',
    (g) =>
      g.node(
        'LSTM',
        [g.input('x', x, ['s', 'b', 4]), g.input('w', x, [2, 12, 4]), g.input('r', x, [2, 12, 3])],
        { hidden_size: 3, direction: 'bidirectional' },
        { outputs: 3 },
      ).outputs as never,
    ['float32[s, 2, b, 3]', 'float32[2, b, 3]', 'float32[2, b, 3]'],
    { sizes: bs },
  );
  typed(
    'GRU',
    (g) =>
      g.op('GRU', [g.input('x', x, ['s', 'b', 4]), g.input('w', x, [1, 9, 4]), g.input('r', x, [1, 9, 3])], {
        hidden_size: 3,
      }),
    ['float32[s, 1, b, 3]'],
    { sizes: bs },
  );
  typed(
    'DynamicQuantizeLinear',
    (g) => g.node('DynamicQuantizeLinear', [g.input('x', x, ['b', 4])], {}, { outputs: 3 }).outputs as never,
    ['uint8[b, 4]', 'float32[]', 'uint8[]'],
    { sizes: bs },
  );
  typed(
    'QuantizeLinear and back',
    (g) => {
      const scale = g.constant('float32', 0.5);
      return g.op('DequantizeLinear', [
        g.op('QuantizeLinear', [g.input('x', x, ['b']), scale, g.constant('int8', 0)]),
        scale,
      ]);
    },
    ['float32[b]'],
    { sizes: bs },
  );
  typed('RandomNormal', (g) => g.op('RandomNormal', [], { shape: [2, 3], dtype: 1 }), ['float32[2, 3]']);
  typed('EyeLike', (g) => g.op('EyeLike', [g.input('x', x, ['b', 's'])], { dtype: 11 }), ['float64[b, s]'], {
    sizes: bs,
  });
  typed(
    'NonMaxSuppression',
    (g) =>
      g.op('NonMaxSuppression', [g.input('x', x, [1, 's', 4]), g.input('y', x, [1, 2, 's']), g.constant('int64', [3])]),
    ['int64[?, 3]'],
    { sizes: bs },
  );
  typed(
    'a sequence',
    (g) =>
      g.op('SequenceAt', [
        g.op('SequenceConstruct', [g.input('x', x, ['b', 4]), g.input('y', x, ['b', 5])]),
        g.constant('int64', 1),
      ]),
    ['float32[...]'],
    { sizes: bs },
  );
  typed(
    'TreeEnsembleRegressor',
    (g) =>
      g.op(
        'LinearRegressor',
        [g.input('x', x, ['b', 2])],
        { coefficients: floats([1, 2, 3, 4, 5, 6]), targets: 3 },
        { domain: 'ai.onnx.ml' },
      ),
    ['float32[b, 3]'],
    { sizes: bs },
  );
  typed(
    'an operator that no schema knows',
    (g) => g.op('Mystery', [g.input('x', x, ['b'])], {}, { domain: 'org.example' }),
    ['?'],
    { runs: false },
  );
});
