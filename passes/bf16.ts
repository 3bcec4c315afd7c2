/** bfloat16: computed in on CUDA; elsewhere weights are stored in 16 bits. */

import { z } from 'zod';
import { computesIn } from '../src/ir/targets/targets.js';
import { definePass } from '../src/run/pass.js';
import { toBfloat16Tensor } from './precision/bfloat16.js';
import { narrow } from './precision/narrow.js';
import { fitSource } from './precision/source/fit.js';
import { MIN_STORED, storeAsHalf } from './precision/weights/half.js';

export const bf16 = definePass({
  name: 'bf16',
  summary:
    'Computes in bfloat16 where the target has kernels (CUDA); elsewhere stores weights in 16 bits, as the closer float.',
  fidelity: 'rounding',
  needs: ['types', 'weights'],
  opset: 13,
  options: z.object({
    keep: z.array(z.string()).default([]).describe('Op types or node names (* for any text) that stay float32.'),
    minElements: z.number().int().min(1).default(MIN_STORED).describe('Smallest weight that is stored in 16 bits.'),
  }),
  variants: (_options, target) => (computesIn(target, 'bfloat16') ? [] : undefined),
  run(model, { keep, minElements }, context) {
    if (!computesIn(context.target, 'bfloat16')) {
      storeAsHalf(model, { keep, minElements }, context);
      return;
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
