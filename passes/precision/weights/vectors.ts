/** Vectors (biases, norms) in 16 bits where a file has no room for 32. */
import { appendTo } from '../../../src/ir/collections/lists.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import type { PassContext } from '../../../src/run/pass.js';
import { storedIn } from './forms.js';
import { closest } from './half.js';
import { isVector, type WeightSite } from './sites.js';
import { putStored } from './store.js';
import { CAST } from './wide.js';

/** Vectors in 16 bits, the largest first, those of one length together, as many as it takes: where a file is small they are a part of it. */
export function halveVectors(
  weights: readonly WeightSite[],
  lacking: number,
  { target, leaves, timesOf, note }: PassContext,
): void {
  const lists = new Map<number, WeightSite[]>();
  for (const site of weights) {
    const { tensor, obstacle, uses } = site;
    const isOne = tensor.type === 'float32' && isVector(tensor) && elementCount(tensor.shape) >= LEAST_VECTOR;
    if (isOne && !obstacle && !uses.some(({ node }) => leaves(node))) appendTo(lists, tensor.byteLength, site);
  }
  let [left, count] = [lacking, 0];
  for (const [, equals] of [...lists].sort(([a], [b]) => b - a)) {
    if (left <= 0) break;
    for (const site of equals) {
      const stored = storedIn(site, closest(site));
      if (typeof stored === 'string') continue;
      const times = timesOf(site.value);
      left -= times * (site.tensor.byteLength / 2 - CAST);
      count += times;
      putStored(site, stored, target);
    }
  }
  if (count > 0) note(`vectors that have 16 bits, as the file had no room for 32: ${count}`);
}

/** Of fewer numbers a Cast takes more than it saves. */
const LEAST_VECTOR = 32;
