/** Stores weights as int8 with a scale for each channel or block, decoded to floats at load: a quarter of the file, and the same arithmetic. */
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
  /** Replaces a lookup by one in the bytes that products of the same weight read; false where there are none. */
  readonly lookUp: (node: Node) => boolean;
}

/** Numbers that share a scale. */
const BLOCK = 64;

export interface StoredBytes {
  /** The number of stored weights, repeats included. */
  readonly count: number;
  /** The number of lookups whose rows products share, or one kernel decodes. */
  readonly lookups: number;
  /** All readers of stored weights. */
  readonly readers: ReadonlySet<Node>;
  /** All readers of weights whose reason for staying was reported. */
  readonly told: ReadonlySet<Node>;
}

/** Stores every weight that is multiplied, summed or looked up. */
export function storeAsBytes(model: Model, options: BytesOptions, context: PassContext): StoredBytes {
  let [count, lookups] = [0, 0];
  const readers = new Set<Node>();
  const told = new Set<Node>();
  for (const site of weightSites(model, { withLayers: true })) {
    if (dataTypes[site.tensor.type].bits <= 8 || isVector(site.tensor)) continue;
    const reason = whyNot(site, options, context);
    const rest = reason === undefined ? site.uses.filter(({ node }) => !options.lookUp(node)) : site.uses;
    for (const use of site.uses) if (!rest.includes(use)) lookups += context.timesOf(use.node);
    const left = restOf(site, rest);
    if (!left) continue;
    const form: StorageForm = { type: 'int8', block: BLOCK };
    const result = reason ?? tooFar(left, form, options) ?? storedIn(left, form);
    for (const { node } of site.uses) (typeof result === 'string' ? told : readers).add(node);
    if (typeof result === 'string') context.skip(result, site.value);
    else {
      putStored(left, result, context.target);
      count += context.timesOf(site.value);
    }
  }
  return { count, lookups, readers, told };
}

/** The site with some of its readers; undefined where none is left. */
function restOf(site: WeightSite, uses: WeightSite['uses']): WeightSite | undefined {
  const main = uses.find((use) => use === site.main) ?? uses[0];
  return main && { ...site, uses, main };
}

/** Biases and norms: few numbers, of which nobody expects 8 bits. */
const isMultiplied = ({ main: { role } }: WeightSite): boolean => role !== 'elementwise' && role !== 'other';

function whyNot(site: WeightSite, { isKept, minElements }: BytesOptions, context: PassContext): string | undefined {
  const { tensor, uses, obstacle } = site;
  if (obstacle) return obstacle;
  if (elementCount(tensor.shape) < minElements) return `it has fewer than ${minElements} elements`;
  if (!isMultiplied(site)) return 'it is added or multiplied number by number, or only moved: 8 bits are few for that';
  if (uses.some(({ node }) => isKept(node))) return 'kept in float as asked';
  return uses.map(({ node }) => context.leaves(node)).find((reason) => reason !== undefined);
}

function tooFar(site: WeightSite, form: StorageForm, { maxWeightError }: BytesOptions): string | undefined {
  const price = priceOf(site, form);
  if (typeof price === 'string') return price;
  return price.error > maxWeightError
    ? `it would change by more than ${maxWeightError} of its norm (option maxWeightError)`
    : undefined;
}
