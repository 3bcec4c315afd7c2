/** bfloat16: computed in on CUDA; elsewhere weights are stored in 16 bits. */

import { z } from 'zod';
import { inferTypes } from '../src/infer/index.js';
import { computesIn } from '../src/ir/targets/targets.js';
import { raiseOpset } from '../src/opset/raise.js';
import { definePass } from '../src/run/pass.js';
import { toBfloat16Tensor } from './precision/bfloat16.js';
import { chooseFloat } from './precision/choose-float.js';
import { toFloat16 } from './precision/float16.js';
import { narrow } from './precision/narrow.js';
import { fitSource } from './precision/source/fit.js';
import { MIN_STORED, storeAsHalf } from './precision/weights/half.js';

export const bf16 = definePass({
  name: 'bf16',
  summary:
    'Computes in bfloat16 where the target has kernels (CUDA); elsewhere stores weights in 16 bits, as the closer float.',
  fidelity: 'rounding',
  narrows: true,
  needs: ['types', 'weights', 'activations'],
  opset: 13,
  options: z.object({
    keep: z.array(z.string()).default([]).describe('Op types or node names (* for any text) that stay float32.'),
    float: z
      .enum(['bfloat16', 'auto'], 'expected bfloat16 | auto')
      .default('bfloat16')
      .describe(
        'What is computed in; auto: float16 for a model whose convolutions or norms have kernels in that alone, and opset 22 where bfloat16 then has all.',
      ),
    minElements: z.number().int().min(1).default(MIN_STORED).describe('Smallest weight that is stored in 16 bits.'),
  }),
  variants: ({ float, ...options }, target) =>
    computesIn(target, 'bfloat16')
      ? [{ ...options, float: float === 'auto' ? ('bfloat16' as const) : ('auto' as const) }]
      : undefined,
  async run(model, { keep, float, minElements }, context) {
    if (!computesIn(context.target, 'bfloat16')) {
      storeAsHalf(model, { keep, minElements }, context);
      return;
    }
    const { type, opset, why } = float === 'auto' ? chooseFloat(model, context) : { type: float };
    if (type === 'float16') {
      context.note(`computed in float16: ${why}`);
      await toFloat16(model, { keep, keepIo: true }, context);
      return;
    }
    if (opset !== undefined) {
      context.note(`raised the opset to ${opset}: ${why}`);
      raiseOpset(model, opset);
      inferTypes(model);
    }
    fitSource(model, context, 'bfloat16');
    narrow(
      model,
      {
        type: 'bfloat16',
        largest: undefined,
        keep,
        keepIo: true,
        cast: toBfloat16Tensor,
        measured: new Map(),
        misfit: () => undefined,
      },
      context,
    );
  },
});
