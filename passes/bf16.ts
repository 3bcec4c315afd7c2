/** bfloat16: computed in on CUDA, stored in elsewhere. */

import { z } from 'zod';
import { computesIn } from '../src/ir/targets.js';
import { definePass } from '../src/run/pass.js';
import { toBfloat16Tensor } from './precision/bfloat16.js';
import { narrow } from './precision/narrow.js';
import { fitSource } from './precision/source/fit.js';
import { storeAsBfloat16 } from './precision/storage.js';

export const bf16 = definePass({
  name: 'bf16',
  summary: 'Computes in bfloat16 where the target has kernels (CUDA); stores the weights as bfloat16 elsewhere.',
  fidelity: 'rounding',
  needs: ['types', 'weights'],
  opset: 13,
  options: z.object({
    keep: z.array(z.string()).default([]).describe('Op types or node names (* for any text) that compute in float32.'),
    minElements: z
      .number()
      .int()
      .min(1)
      .default(1024)
      .describe('Smallest constant that is stored as bfloat16 where it is only stored.'),
  }),
  variants: (_options, target) => (computesIn(target, 'bfloat16') ? [] : undefined),
  run(model, { keep, minElements }, context) {
    if (!computesIn(context.target, 'bfloat16')) {
      storeAsBfloat16(model, minElements, context);
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
        misfit: () => undefined,
      },
      context,
    );
  },
});
