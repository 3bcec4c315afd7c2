/** Describes float16 as a narrowing: the numbers that it cannot hold, and the rewrite that `fp16` and `bf16` share. */

import type { Model } from '../../src/ir/model.js';
import { agreed } from '../../src/ir/tensors/bank.js';
import { castTensor } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import type { PassContext } from '../../src/run/pass.js';
import { extentOf, isParameter } from './extent.js';
import { MASK, type Narrowing, narrow } from './narrow.js';
import { rangeRequests } from './range/beyond.js';
import { fitSource } from './source/fit.js';

/** The largest number of float16, and the smallest with all its digits. */
const LARGEST = 65504;
const SMALLEST_NORMAL = 2 ** -14;
/** Numbers below half of the smallest one become zero. */
const TO_ZERO = 2 ** -25;

/** The fault of a tensor in float16. Small weights among others may become zero; an epsilon may not, nor a tensor of small numbers only. */
function misfit(tensor: Tensor): 'tiny' | 'large' | undefined {
  const { largest, smallest } = extentOf(tensor);
  // A mask just inside the range is beyond it once scores are added.
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

/** Computes in float16, with islands of float32 for what it cannot hold. Measures activations where the pass has them. */
export async function toFloat16(
  model: Model,
  options: Pick<Narrowing, 'keep' | 'keepIo'>,
  context: PassContext,
): Promise<void> {
  const measured = (await context.activations?.(rangeRequests(model))) ?? new Map();
  fitSource(model, context, 'float16');
  narrow(
    model,
    {
      type: 'float16',
      largest: LARGEST,
      ...options,
      cast: (tensor) => castTensor(tensor, 'float16'),
      measured,
      misfit: (tensor) => agreed(tensor, misfit),
    },
    context,
  );
}
