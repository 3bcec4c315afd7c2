/** float16: computed in with islands of float32, or, where the target computes in float32, stored. */

import { z } from 'zod';
import { computesIn } from '../src/ir/targets/targets.js';
import { definePass } from '../src/run/pass.js';
import { toFloat16 } from './precision/float16.js';
import { MIN_STORED, storeAsHalf } from './precision/weights/half.js';

export const fp16 = definePass({
  name: 'fp16',
  summary:
    'Computes in float16 where the target has kernels, with float32 where it would overflow; elsewhere stores weights in it.',
  fidelity: 'rounding',
  narrows: true,
  needs: ['types', 'weights', 'activations'],
  opset: 13,
  options: z.object({
    keep: z.array(z.string()).default([]).describe('Op types or node names (* for any text) that stay float32.'),
    keepIo: z.boolean().default(true).describe('Inputs and outputs stay float32.'),
    compute: z
      .union([z.literal('auto'), z.boolean()])
      .default('auto')
      .describe(
        'Computes in float16; auto: where the target has kernels for it, or inputs and outputs become float16.',
      ),
    minElements: z.number().int().min(1).default(MIN_STORED).describe('Smallest weight that is stored in 16 bits.'),
  }),
  variants: (_options, target) => (computesIn(target, 'float16') ? [] : undefined),
  async run(model, { keep, keepIo, compute, minElements }, context) {
    const isFaster = computesIn(context.target, 'float16');
    if (compute === false || (compute === 'auto' && keepIo && !isFaster)) {
      storeAsHalf(model, { keep, minElements }, context);
      return;
    }
    const { revision } = model;
    await toFloat16(model, { keep, keepIo }, context);
    if (!isFaster && model.revision !== revision)
      context.note('the CPU provider computes float16 in float32, between casts: there it saves bytes alone');
  },
});
