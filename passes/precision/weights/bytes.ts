/** Weights stored as int8 with a scale for each channel or block, and decoded to floats at load: a quarter of the file, the same arithmetic. */
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import { dataTypes } from '../../../src/ir/types.js';
import type { PassContext } from '../../../src/run/pass.js';
import { priceOf, type StorageForm, storedIn } from './forms.js';
import { isVector, type WeightSite, weightSites } from './sites.js';
import { putStored } from './store.js';

export interface BytesOptions {
  readonly isKept: (node: Node) => boolean;
  readonly minElements: number;
  readonly maxWeightError: number;
}

/** Numbers that share a scale. */
const BLOCK = 64;

export interface StoredBytes {
  /** How many weights, repeats included. */
  readonly count: number;
  /** Everything that reads a weight which is stored now, or of which it is told why not. */
  readonly readers: ReadonlySet<Node>;
}

/** Stores every weight that is multiplied, summed or looked up. */
export function storeAsBytes(model: Model, options: BytesOptions, context: PassContext): StoredBytes {
  let count = 0;
  const readers = new Set<Node>();
  for (const site of weightSites(model, { withLayers: true })) {
    if (dataTypes[site.tensor.type].bits <= 8 || isVector(site.tensor)) continue;
    for (const { node } of site.uses) readers.add(node);
    const form: StorageForm = { type: 'int8', block: BLOCK };
    const result = whyNot(site, form, options, context) ?? storedIn(site, form);
    if (typeof result === 'string') context.skip(result, site.value);
    else {
      putStored(site, result);
      count += context.timesOf(site.value);
    }
  }
  return { count, readers };
}

/** Biases and norms: few numbers, of which nobody expects 8 bits. */

const isMultiplied = ({ main: { role } }: WeightSite): boolean => role !== 'elementwise' && role !== 'other';

function whyNot(
  site: WeightSite,
  form: StorageForm,
  { isKept, minElements, maxWeightError }: BytesOptions,
  context: PassContext,
): string | undefined {
  const { tensor, uses, obstacle } = site;
  if (obstacle) return obstacle;
  if (elementCount(tensor.shape) < minElements) return `it has fewer than ${minElements} elements`;
  if (!isMultiplied(site)) return 'it is added or multiplied number by number, or only moved: 8 bits are few for that';
  if (uses.some(({ node }) => isKept(node))) return 'kept in float as asked';
  const left = uses.map(({ node }) => context.leaves(node)).find((reason) => reason !== undefined);
  if (left) return left;
  const price = priceOf(site, form);
  if (typeof price === 'string') return price;
  return price.error > maxWeightError
    ? `it would change by more than ${maxWeightError} of its norm (option maxWeightError)`
    : undefined;
}
