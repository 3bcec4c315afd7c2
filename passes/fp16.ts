/** float16: computed in with islands of float32, or, where the target computes in float32, stored. */

import { z } from 'zod';
import { computesIn } from '../src/ir/targets/targets.js';
import { agreed } from '../src/ir/tensors/bank.js';
import { castTensor } from '../src/ir/tensors/numbers.js';
import type { Tensor } from '../src/ir/tensors/tensor.js';
import { definePass } from '../src/run/pass.js';
import { extentOf, isParameter } from './precision/extent.js';
import { MASK, narrow } from './precision/narrow.js';
import { rangeRequests } from './precision/reach.js';
import { fitSource } from './precision/source/fit.js';
import { MIN_STORED, storeAsHalf } from './precision/weights/half.js';

/** The largest number of float16, and the smallest with all its digits. */
const LARGEST = 65504;
const SMALLEST_NORMAL = 2 ** -14;
/** Below half of the smallest number all becomes zero. */
const TO_ZERO = 2 ** -25;

/** Small weights among others may vanish; an epsilon may not, nor a tensor that is small as a whole. */
function misfit(tensor: Tensor): 'tiny' | 'large' | undefined {
  const { largest, smallest } = extentOf(tensor);
  // A mask just inside the range leaves it with the scores that are added.
  if (largest > LARGEST * MASK) return 'large';
  if (smallest === Number.POSITIVE_INFINITY) return undefined;
  if (isParameter(tensor)) return isDistorted(smallest) ? 'tiny' : undefined;
  return largest < SMALLEST_NORMAL ? 'tiny' : undefined;
}

/** True where rounding changes a number by more than one percent. */
const isDistorted = (value: number): boolean => {
  if (value <= TO_ZERO) return true;
  const step = 2 ** -24;
  return value < SMALLEST_NORMAL && Math.abs(Math.round(value / step) * step - value) > 0.01 * value;
};

export const fp16 = definePass({
  name: 'fp16',
  summary:
    'Computes in float16 where the target has kernels, with float32 where it would overflow; elsewhere stores weights in it.',
  fidelity: 'rounding',
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
    const measured = (await context.activations?.(rangeRequests(model))) ?? new Map();
    fitSource(model, context, 'float16');
    narrow(
      model,
      {
        type: 'float16',
        largest: LARGEST,
        keep,
        keepIo,
        cast: (tensor) => castTensor(tensor, 'float16'),
        measured,
        misfit: (tensor) => agreed(tensor, misfit),
      },
      context,
    );
    if (!isFaster && model.revision !== revision)
      context.note('the CPU provider computes float16 in float32, between casts: there it saves bytes alone');
  },
});
