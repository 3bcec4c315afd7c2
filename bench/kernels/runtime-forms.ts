/**
 * Forms of onnxruntime's own operators, of attention and similar operators of ai.onnx, of casts and of integer products. Float operands are float32 here;
 * the forms in other types are derived from these.
 */
import { type Attribute, type AttributeLike, float } from '../../src/ir/attribute.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes } from '../../src/ir/types.js';
import { kernelTypes } from '../../src/runtime/kernels/table.js';
import type { Form, Operand } from './form.js';

interface Rest {
  readonly name?: string;
  readonly domain?: string;
  readonly opset?: number;
  readonly outputs?: readonly (DataType | undefined)[];
  readonly attributes?: Readonly<Record<string, AttributeLike>>;
}

const form = (opType: string, inputs: readonly Operand[], rest: Rest = {}): Form => ({
  opType,
  domain: 'com.microsoft',
  opset: 17,
  name: 'plain',
  inputs,
  outputs: ['float32'],
  attributes: {},
  ...rest,
});

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
const filled = (elem: DataType, value: number, shape: readonly number[]): { tensor: Tensor } => ({
  tensor: tensorOf(elem, new Array(count(shape)).fill(value), shape),
});

const code = (elem: DataType): Attribute => ({ type: 'int', value: BigInt(dataTypes[elem].code) });

/** A float operand that is computed. */
const x = (...shape: number[]): Operand => ({ elem: 'float32', shape });
/** A float operand that is constant. */
const w = (...shape: number[]): Operand => filled('float32', 0.5, shape);
const port = (elem: DataType, ...shape: number[]): Operand => ({ elem, shape });
const u8 = (...shape: number[]): Operand => filled('uint8', 0, shape);
const i8 = (...shape: number[]): Operand => filled('int8', 1, shape);
const i32 = (...values: number[]): Operand => ({ tensor: tensorOf('int32', values, [values.length]) });
const positions = (length: number): Operand => ({
  tensor: tensorOf(
    'int64',
    Array.from({ length }, (_, i) => i),
    [1, length],
  ),
});
const none = undefined;

const SEQUENCE = 64;
const HEADS = 4;
const HEAD = 64;
const WIDTH = HEADS * HEAD;

const hidden = x(1, SEQUENCE, WIDTH);
const heads = x(1, HEADS, SEQUENCE, HEAD);
const scores = x(1, 1, SEQUENCE, SEQUENCE);
const num_heads = HEADS;

const pointwise: readonly Form[] = [
  form('Gelu', [hidden]),
  form('FastGelu', [hidden]),
  form('FastGelu', [hidden, w(WIDTH)], { name: 'bias' }),
  form('QuickGelu', [hidden], { attributes: { alpha: float(1.702) } }),
  form('BiasGelu', [hidden, w(WIDTH)]),
  form('BiasSplitGelu', [x(1, SEQUENCE, 5120), w(5120)]),
  form('BiasAdd', [x(1, SEQUENCE, 320), w(320), x(1, SEQUENCE, 320)]),
];

const norms: readonly Form[] = [
  form('SkipLayerNormalization', [hidden, hidden, w(WIDTH), w(WIDTH)]),
  form('SkipLayerNormalization', [hidden, hidden, w(WIDTH), w(WIDTH), w(WIDTH)], {
    name: 'bias and sum',
    outputs: ['float32', none, none, 'float32'],
  }),
  form('SkipSimplifiedLayerNormalization', [hidden, hidden, w(WIDTH)]),
  form('SimplifiedLayerNormalization', [hidden, w(WIDTH)], { domain: '' }),
  form(
    'EmbedLayerNormalization',
    [
      port('int32', 1, SEQUENCE),
      port('int32', 1, SEQUENCE),
      w(100, WIDTH),
      w(100, WIDTH),
      w(2, WIDTH),
      w(WIDTH),
      w(WIDTH),
    ],
    { outputs: ['float32', 'int32'] },
  ),
  ...[0, 1].flatMap((activation) => {
    const attributes = { groups: 4, activation, channels_last: 1, epsilon: float(1e-5) };
    const rest = { name: `activation ${activation}`, attributes };
    return [
      form('GroupNorm', [x(1, 16, 16, 32), w(32), w(32)], rest),
      form('SkipGroupNorm', [x(1, 16, 16, 32), w(32), w(32), x(1, 16, 16, 32), w(32)], {
        ...rest,
        outputs: ['float32', 'float32'],
      }),
    ];
  }),
];

const products: readonly Form[] = [
  form('FusedMatMul', [hidden, w(WIDTH, WIDTH)]),
  form('FusedMatMul', [hidden, w(WIDTH, WIDTH)], { name: 'transB', attributes: { transB: 1, alpha: float(0.5) } }),
  form('FusedGemm', [x(4, 8), w(8, 8), w(8)], { attributes: { activation: 'Relu' } }),
  form('FusedConv', [x(1, 8, 16, 16), w(8, 8, 3, 3), w(8)], { attributes: { activation: 'Relu', pads: [1, 1, 1, 1] } }),
  form('NhwcConv', [x(1, 16, 16, 8), w(8, 3, 3, 8), w(8)], {
    attributes: { pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
  }),
  form('GemmFloat8', [x(16, 64), w(64, 32)], { attributes: { dtype: 1 } }),
  form('MoE', [x(16, 256), x(16, 4), w(4, 512, 256), none, w(4, 256, 512)], {
    attributes: { k: 2, activation_type: 'silu' },
  }),
];

const groupQuery: readonly Operand[] = [
  hidden,
  x(1, SEQUENCE, 2 * HEAD),
  x(1, SEQUENCE, 2 * HEAD),
  x(1, 2, 0, HEAD),
  x(1, 2, 0, HEAD),
  i32(SEQUENCE - 1),
  i32(SEQUENCE),
];
const three: Rest['outputs'] = ['float32', 'float32', 'float32'];
const grouped = { num_heads, kv_num_heads: 2 };

const attention: readonly Form[] = [
  form('MultiHeadAttention', [hidden, hidden, hidden], { attributes: { num_heads } }),
  form('MultiHeadAttention', [hidden, hidden, hidden, none, none, scores], {
    name: 'bias of scores',
    attributes: { num_heads, scale: float(0.1) },
  }),
  form('MultiHeadAttention', [hidden, heads, heads], { name: 'K V by head', attributes: { num_heads } }),
  form('MultiHeadAttention', [x(1, SEQUENCE, HEADS, 3, HEAD)], { name: 'packed QKV', attributes: { num_heads } }),
  form('MultiHeadAttention', [hidden, x(1, SEQUENCE, HEADS, 2, HEAD)], {
    name: 'packed KV',
    attributes: { num_heads },
  }),
  form('Attention', [hidden, w(WIDTH, 3 * WIDTH), w(3 * WIDTH)], { attributes: { num_heads } }),
  form('Attention', [hidden, w(WIDTH, 3 * WIDTH), w(3 * WIDTH), none, none, scores], {
    name: 'bias of scores',
    attributes: { num_heads },
  }),
  form(
    'PackedMultiHeadAttention',
    [
      x(SEQUENCE, HEADS, 3, HEAD),
      none,
      none,
      none,
      {
        tensor: tensorOf(
          'int32',
          Array.from({ length: SEQUENCE }, (_, i) => i),
          [1, SEQUENCE],
        ),
      },
      i32(0, SEQUENCE),
    ],
    { attributes: { num_heads } },
  ),
  form('GroupQueryAttention', groupQuery, { name: 'past', outputs: three, attributes: grouped }),
  form('GroupQueryAttention', [...groupQuery, none, none, none, scores], {
    name: 'bias of scores',
    outputs: three,
    attributes: grouped,
  }),
  form('GroupQueryAttention', [...groupQuery, w(128, HEAD / 2), w(128, HEAD / 2)], {
    name: 'rotary, window, softcap',
    outputs: three,
    attributes: { ...grouped, do_rotary: 1, softcap: float(30), local_window_size: 32 },
  }),
  form('RotaryEmbedding', [heads, positions(SEQUENCE), w(128, HEAD / 2), w(128, HEAD / 2)]),
  ...[23, 24].flatMap((opset) => {
    const few = x(1, 2, SEQUENCE, HEAD);
    const standard = (name: string, inputs: readonly Operand[], rest: Rest = {}) =>
      form('Attention', inputs, { ...rest, name, domain: '', opset });
    return [
      standard('rank 3', [hidden, hidden, hidden], { attributes: { q_num_heads: HEADS, kv_num_heads: HEADS } }),
      standard('rank 4', [heads, heads, heads]),
      standard('boolean mask', [heads, heads, heads, port('bool', 1, 1, SEQUENCE, SEQUENCE)]),
      standard('float mask', [heads, heads, heads, scores]),
      standard('softcap', [heads, heads, heads], { attributes: { softcap: float(30) } }),
      standard('grouped, causal', [heads, few, few], { attributes: { is_causal: 1 } }),
      standard('past', [heads, heads, heads, none, x(1, HEADS, 8, HEAD), x(1, HEADS, 8, HEAD)], { outputs: three }),
    ];
  }),
];

const quantized: readonly Form[] = [
  ...[2, 4, 8].flatMap((bits) =>
    [32, 128].flatMap((block) => {
      const size = { K: 256, N: 256, bits, block_size: block };
      const weights = [hidden, u8(256, 256 / block, (block * bits) / 8), w(256, 256 / block)];
      const points = u8(256, Math.ceil(((256 / block) * bits) / 8));
      return [
        form('MatMulNBits', weights, { name: `${bits} bits, block ${block}`, attributes: size }),
        form('MatMulNBits', [...weights, points], {
          name: `${bits} bits, block ${block}, zero points`,
          attributes: size,
        }),
      ];
    }),
  ),
  form('MatMulBnb4', [hidden, u8((256 * 256) / 2), w((256 * 256) / 64)], {
    attributes: { K: 256, N: 256, block_size: 64, quant_type: 1 },
  }),
  form('MatMulIntegerToFloat', [port('uint8', 2, 64), i8(64, 32), w(), w(32)]),
  form('DynamicQuantizeMatMul', [x(2, 64), i8(64, 32), w(32)]),
  ...[i8, u8].map((bytes, at) =>
    form(
      'DynamicQuantizeLSTM',
      [
        x(4, 1, 16),
        ...[bytes(1, 16, 32), bytes(1, 8, 32), none, none, none, none, none],
        ...[w(1, 32), bytes(1, 32), w(1, 32), bytes(1, 32)],
      ],
      { name: `weights of ${at ? 'uint8' : 'int8'}`, outputs: ['float32'], attributes: { hidden_size: 8 } },
    ),
  ),
  form('GatherBlockQuantized', [u8(64, 32), port('int64', 1, 4), w(64, 2)], {
    attributes: { gather_axis: 0, quantize_axis: 1, block_size: 32, bits: 4 },
  }),
  form('DynamicQuantizeLinear', [x(2, 64)], { domain: '', outputs: ['uint8', 'float32', 'uint8'] }),
];

/** Random operators of ai.onnx. The node tests have none, because their results differ each time. */
const draws: readonly Form[] = [
  ...['RandomNormal', 'RandomUniform'].map((opType) =>
    form(opType, [], { domain: '', attributes: { dtype: code('float32'), shape: [2, 3] } }),
  ),
  ...['RandomNormalLike', 'RandomUniformLike'].map((opType) =>
    form(opType, [x(2, 3)], { domain: '', attributes: { dtype: code('float32') } }),
  ),
  form('Multinomial', [x(2, 3)], { domain: '', outputs: ['int32'] }),
  form('MaxRoiPool', [x(1, 2, 8, 8), x(2, 5)], { domain: '', attributes: { pooled_shape: [2, 2] } }),
];

const whole = ['int8', 'uint8'] as const;
const products8: readonly Form[] = whole.flatMap((a) =>
  whole.flatMap((b) => {
    const rest: Rest = { name: `by ${b}`, domain: '', outputs: ['int32'] };
    return [
      form('MatMulInteger', [port(a, 2, 64), filled(b, 1, [64, 32])], rest),
      form('ConvInteger', [port(a, 1, 8, 16, 16), filled(b, 1, [8, 8, 3, 3])], rest),
    ];
  }),
);

export const runtimeForms: readonly Form[] = [
  ...pointwise,
  ...norms,
  ...products,
  ...attention,
  ...quantized,
  ...draws,
  ...products8,
];

const castTypes = kernelTypes.filter((type) => type !== 'string');

/** Casts between all pairs of types, in each operator set that changed Cast. The table names them `Cast>float16`. */
export const castForms: readonly Form[] = [9, 13, 19, 21, 23, 24, 25].flatMap((opset) =>
  castTypes.flatMap((from) =>
    castTypes
      .filter((to) => to !== from)
      .map((to) =>
        form('Cast', [port(from, 2, 8)], { name: to, domain: '', opset, outputs: [to], attributes: { to: code(to) } }),
      ),
  ),
);
