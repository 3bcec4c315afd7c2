/** Forms of operators on 8 bits and fewer. */
import type { ProbedForm } from '../form.js';
import { filled, form, hidden, i8, none, port, type Rest, u8, w, x } from './operands.js';

const quantized: readonly ProbedForm[] = [
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

const whole = ['int8', 'uint8'] as const;
const products: readonly ProbedForm[] = whole.flatMap((a) =>
  whole.flatMap((b) => {
    const rest: Rest = { name: `by ${b}`, domain: '', outputs: ['int32'] };
    return [
      form('MatMulInteger', [port(a, 2, 64), filled(b, 1, [64, 32])], rest),
      form('ConvInteger', [port(a, 1, 8, 16, 16), filled(b, 1, [8, 8, 3, 3])], rest),
    ];
  }),
);

export const quantizedForms: readonly ProbedForm[] = [...quantized, ...products];
