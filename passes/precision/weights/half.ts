/** Stores weights in 16 bits and casts them to float32 where they are read: half the file, and the same arithmetic. */

import { maxOf } from '../../../src/ir/collections/lists.js';
import type { Model } from '../../../src/ir/model.js';
import { instancesOf } from '../../../src/ir/tensors/bank.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import { bytesText } from '../../../src/ir/text/quantities.js';
import type { PassContext } from '../../../src/run/pass.js';
import { keeps } from '../keep.js';
import { fitSource } from '../source/fit.js';
import { storedIn } from './forms.js';
import { channelGroups, matrixOf } from './groups.js';
import { halfErrors } from './rounding.js';
import { isVector, type WeightSite, weightSites } from './sites.js';
import { putStored } from './store.js';

/** The default of `minElements`: slightly more than the bytes that a Cast and its names take. */
export const MIN_STORED = 128;

export interface HalfOptions {
  /** Op types and node name patterns whose weights stay float32. */
  readonly keep: readonly string[];
  /** Smaller constants stay, because a Cast takes as many bytes as they would save. */
  readonly minElements: number;
}

/**
 * Stores every float32 weight as float16 or bfloat16, whichever is closer to it; vectors (biases, norms) where nothing is lost: they are half a percent
 * of a file, and a third of the error.
 */
export function storeAsHalf(model: Model, { keep, minElements }: HalfOptions, context: PassContext): void {
  const { target, note, skip } = context;
  const isKept = keeps(keep);
  fitSource(model, context);
  const small = { count: 0, bytes: 0 };
  const stored = { float16: 0, bfloat16: 0 };
  for (const site of weightSites(model)) {
    const { value, tensor, uses, obstacle } = site;
    if (tensor.type !== 'float32') continue;
    const times = context.timesOf(value);
    const form = closest(site);
    if (elementCount(tensor.shape) < minElements || (isSmallVector(site) && form.error > 0)) {
      small.count += times;
      small.bytes += times * tensor.byteLength;
      continue;
    }
    const nodes = uses.map(({ node }) => node);
    const kept = nodes.some(isKept) ? 'kept in float32 as asked' : undefined;
    const left = nodes.map((node) => context.leaves(node)).find((reason) => reason !== undefined);
    const result = obstacle ?? kept ?? left ?? storedIn(site, form);
    if (typeof result === 'string') skip(result, value);
    else {
      putStored(site, result, target);
      stored[form.type] += times;
    }
  }
  const { float16, bfloat16 } = stored;
  if (float16 + bfloat16 > 0) {
    const wide = bfloat16 > 0 ? `, ${bfloat16} of them as bfloat16, whose range they need` : '';
    note(`${target} computes in float32: weights stored in 16 bits and cast at load: ${float16 + bfloat16}${wide}`);
  }
  if (small.count > 0)
    note(
      `vectors and constants of fewer than ${minElements} elements that stay float32: ${small.count} (${bytesText(small.bytes)})`,
    );
}

/** The 16-bit float that changes a weight less, channel by channel, and that change. */
export function closest({ tensor, main }: WeightSite): {
  readonly type: 'float16' | 'bfloat16';
  readonly error: number;
} {
  const found = [...new Set(instancesOf(tensor))].map((one) =>
    halfErrors(matrixOf(one, channelGroups(one.shape, main))),
  );
  const errorOf = (type: 'float16' | 'bfloat16'): number => maxOf(found.map((errors) => errors[type]));
  const [narrow, wide] = [errorOf('float16'), errorOf('bfloat16')];
  return narrow <= wide ? { type: 'float16', error: narrow } : { type: 'bfloat16', error: wide };
}

/** The largest vector that stays float32. */
const LARGEST_VECTOR = 8192;

/** Stays float32, about: the numbers are not looked at. */
export const isKeptFloat = (site: WeightSite): boolean =>
  elementCount(site.tensor.shape) < MIN_STORED || isSmallVector(site);

const isSmallVector = ({ tensor, main: { role } }: WeightSite): boolean =>
  (role === 'elementwise' || role === 'other') && isVector(tensor) && elementCount(tensor.shape) <= LARGEST_VECTOR;
