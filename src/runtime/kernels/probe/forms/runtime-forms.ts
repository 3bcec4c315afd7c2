/** Forms of onnxruntime's own operators, and of those of ai.onnx that ONNX's node tests leave out. */
import { float } from '../../../../ir/attribute.js';
import type { ProbedForm } from '../form.js';
import { attentionForms } from './attention-forms.js';
import { code, form, hidden, none, port, SEQUENCE, WIDTH, w, x } from './operands.js';
import { quantizedForms } from './quantized-forms.js';

const pointwise: readonly ProbedForm[] = [
  form('Gelu', [hidden]),
  form('FastGelu', [hidden]),
  form('FastGelu', [hidden, w(WIDTH)], { name: 'bias' }),
  form('QuickGelu', [hidden], { attributes: { alpha: float(1.702) } }),
  form('BiasGelu', [hidden, w(WIDTH)]),
  form('BiasSplitGelu', [x(1, SEQUENCE, 5120), w(5120)]),
  form('BiasAdd', [x(1, SEQUENCE, 320), w(320), x(1, SEQUENCE, 320)]),
];

const norms: readonly ProbedForm[] = [
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

const products: readonly ProbedForm[] = [
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

/** Random operators of ai.onnx. The node tests have none, because their results differ each time. */
const draws: readonly ProbedForm[] = [
  ...['RandomNormal', 'RandomUniform'].map((opType) =>
    form(opType, [], { domain: '', attributes: { dtype: code('float32'), shape: [2, 3] } }),
  ),
  ...['RandomNormalLike', 'RandomUniformLike'].map((opType) =>
    form(opType, [x(2, 3)], { domain: '', attributes: { dtype: code('float32') } }),
  ),
  form('Multinomial', [x(2, 3)], { domain: '', outputs: ['int32'] }),
  form('MaxRoiPool', [x(1, 2, 8, 8), x(2, 5)], { domain: '', attributes: { pooled_shape: [2, 2] } }),
];

/** Makers of sequences, whose length is read. */
const sequences: readonly ProbedForm[] = (
  [
    ['SequenceConstruct', [x(2, 3), x(2, 3)]],
    ['SplitToSequence', [x(2, 3)]],
  ] as const
).map(([opType, inputs]) => form(opType, inputs, { domain: '', read: 'SequenceLength' }));

export const runtimeForms: readonly ProbedForm[] = [
  ...pointwise,
  ...norms,
  ...products,
  ...attentionForms,
  ...quantizedForms,
  ...draws,
  ...sequences,
];
