/** com.microsoft operators that transformers are fused into: what is inferred, and that the CPU provider gives it. */
import { describe } from 'vitest';
import { typed } from './cases.js';

const x = 'float32';
const ms = { domain: 'com.microsoft' };
const bs = [
  { b: 2, s: 3 },
  { b: 1, s: 5 },
];

describe('blocks of transformers', () => {
  typed(
    'SkipSimplifiedLayerNormalization',
    (g) =>
      g
        .node(
          'SkipSimplifiedLayerNormalization',
          [g.input('x', x, ['b', 's', 8]), g.input('y', x, ['b', 's', 8]), g.input('w', x, [8])],
          {},
          { ...ms, outputs: ['a', undefined, undefined, 'd'] },
        )
        .outputs.filter((value) => value) as never,
    ['float32[b, s, 8]', 'float32[b, s, 8]'],
    { sizes: bs },
  );
  typed(
    'SimplifiedLayerNormalization, which the runtime keeps in ai.onnx',
    (g) => g.op('SimplifiedLayerNormalization', [g.input('x', x, ['b', 's', 8]), g.input('w', x, [8])]),
    ['float32[b, s, 8]'],
    { sizes: bs },
  );
  typed(
    'EmbedLayerNormalization',
    (g) => {
      const table = (name: string, rows: number) => g.input(name, x, [rows, 8]);
      return g.node(
        'EmbedLayerNormalization',
        [
          g.input('ids', 'int32', ['b', 's']),
          g.input('segments', 'int32', ['b', 's']),
          table('words', 9),
          table('positions', 6),
          table('kinds', 2),
          g.input('gamma', x, [8]),
          g.input('beta', x, [8]),
        ],
        {},
        { ...ms, outputs: 3 },
      ).outputs as never;
    },
    ['float32[b, s, 8]', 'int32[b]', 'float32[b, s, 8]'],
    { sizes: bs },
  );
  typed(
    'RotaryEmbedding',
    (g) =>
      g.op(
        'RotaryEmbedding',
        [
          g.input('x', x, ['b', 's', 32]),
          g.input('p', 'int64', ['b', 's']),
          g.input('cos', x, [16, 8]),
          g.input('sin', x, [16, 8]),
        ],
        { num_heads: 2 },
        ms,
      ),
    ['float32[b, s, 32]'],
    { sizes: bs, values: { p: [0, 1, 2] } },
  );
  typed(
    'GroupQueryAttention: as long as total_sequence_length says, or as the buffer is',
    (g) => {
      const mask = g.input('mask', 'int64', ['b', 't']);
      const total = g.op('Cast', [g.op('Gather', [g.op('Shape', [mask]), g.constant('int64', 1)], { axis: 0 })], {
        to: 6,
      });
      const cache = (name: string) => g.input(name, x, ['b', 2, 'p', 16]);
      return g.node(
        'GroupQueryAttention',
        [
          g.input('q', x, ['b', 's', 64]),
          g.input('k', x, ['b', 's', 32]),
          g.input('v', x, ['b', 's', 32]),
          cache('pk'),
          cache('pv'),
          g.input('lengths', 'int32', ['b']),
          total,
        ],
        { num_heads: 4, kv_num_heads: 2 },
        { ...ms, outputs: 3 },
      ).outputs as never;
    },
    ['float32[b, s, 64]', 'float32[b, 2, max(p,t), 16]', 'float32[b, 2, max(p,t), 16]'],
    {
      sizes: [
        { b: 2, s: 1, p: 4, t: 5 },
        { b: 1, s: 1, p: 8, t: 5 },
      ],
      values: { lengths: [4] },
    },
  );
  typed(
    'MultiHeadAttention with a past',
    (g) =>
      g.node(
        'MultiHeadAttention',
        [
          g.input('q', x, ['b', 's', 16]),
          g.input('k', x, ['b', 's', 16]),
          g.input('v', x, ['b', 's', 16]),
          undefined,
          undefined,
          undefined,
          g.input('pk', x, ['b', 2, 'p', 8]),
          g.input('pv', x, ['b', 2, 'p', 8]),
        ],
        { num_heads: 2 },
        { ...ms, outputs: 3 },
      ).outputs as never,
    ['float32[b, s, 16]', 'float32[b, 2, p+s, 8]', 'float32[b, 2, p+s, 8]'],
    {
      sizes: [
        { b: 2, s: 3, p: 4 },
        { b: 1, s: 1, p: 6 },
      ],
    },
  );
  typed(
    'PackedMultiHeadAttention',
    (g) =>
      g.op(
        'PackedMultiHeadAttention',
        [
          g.input('q', x, ['n', 2, 3, 8]),
          undefined,
          undefined,
          undefined,
          g.input('offset', 'int32', ['b', 's']),
          g.input('lengths', 'int32', [3]),
        ],
        { num_heads: 2 },
        ms,
      ),
    ['float32[n, 16]'],
    { runs: false },
  );
  typed(
    'DecoderMaskedMultiHeadAttention',
    (g) =>
      g.node(
        'DecoderMaskedMultiHeadAttention',
        [
          g.input('q', x, ['b', 1, 16]),
          g.input('k', x, ['b', 1, 16]),
          g.input('v', x, ['b', 1, 16]),
          undefined,
          undefined,
          g.input('pk', x, ['b', 2, 'p', 8]),
          g.input('pv', x, ['b', 2, 'p', 8]),
          g.constant('int32', [2]),
        ],
        { num_heads: 2, past_present_share_buffer: 1 },
        { ...ms, outputs: 3 },
      ).outputs as never,
    ['float32[b, 1, 16]', 'float32[b, 2, p, 8]', 'float32[b, 2, p, 8]'],
    { sizes: [{ b: 2, p: 4 }] },
  );
  for (const op of ['GroupNorm', 'SkipGroupNorm'])
    typed(
      op,
      (g) => {
        const image = (name: string) => g.input(name, x, ['b', 's', 's', 8]);
        const weights = [g.input('gamma', x, [8]), g.input('beta', x, [8])];
        return g.op(
          op,
          [image('x'), ...weights, ...(op === 'GroupNorm' ? [] : [image('y')])],
          { groups: 2, activation: 0 },
          ms,
        );
      },
      ['float32[b, s, s, 8]'],
      { runs: false },
    );
  typed(
    'BiasSplitGelu',
    (g) => g.op('BiasSplitGelu', [g.input('x', x, ['b', 's', 'd']), g.input('c', x, ['d'])], {}, ms),
    ['float32[b, s, d//2]'],
    {
      runs: false,
    },
  );
});
