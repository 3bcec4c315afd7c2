/** Stores weights as int8 with a scale for each channel or block, decoded to floats at load: a quarter of the file, and the same arithmetic. */
import { remembered } from '../../../src/ir/collections/remembered.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import { dataTypes } from '../../../src/ir/types.js';
import type { PassContext } from '../../../src/run/pass.js';
import { takeBack } from '../moments/biases.js';
import type { KnownInputs } from '../moments/measure.js';
import { meanShifts } from '../moments/shifts.js';
import { shiftsWorthTaking } from '../moments/worth.js';
import type { StoredWeight } from './decode.js';
import { priceOf, type StorageForm, storedIn } from './forms.js';
import { closest, MIN_STORED } from './half.js';
import type { MeanShifts, NarrowSite } from './narrow-site.js';
import { isVector, type WeightSite, weightSites } from './sites.js';
import { putStored } from './store.js';
import { halveVectors } from './vectors.js';
import { type Room, roomWithin } from './wide.js';

export interface BytesOptions {
  readonly isKept: (node: Node) => boolean;
  readonly minElements: number;
  readonly maxWeightError: number;
  /** What is known of the numbers that weights multiply. */
  readonly known: KnownInputs;
  /** The share of the file that the result may have: up to there weights have 16 bits. */
  readonly share: number | undefined;
  /** Of the file before the pass, if its weights were float32. */
  readonly bytesBefore: number;
  /** Replaces a lookup by one in the bytes that products of the same weight read; false where there are none. */
  readonly lookUp: (node: Node) => boolean;
}

/** The share of a file of float32 that 8 bits take, and their scales and names. */
const USUAL_SHARE = 0.275;

/** 64 numbers share a scale. */
const FORM: StorageForm = { type: 'int8', block: 64 };

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
export async function storeAsBytes(model: Model, options: BytesOptions, context: PassContext): Promise<StoredBytes> {
  let [count, lookups] = [0, 0];
  const readers = new Set<Node>();
  const told = new Set<Node>();
  const weights = weightSites(model, { withLayers: true }).filter(({ tensor }) => dataTypes[tensor.type].bits > 8);
  const sites = weights.filter(({ tensor }) => !isVector(tensor));
  const reasons = new Map(sites.map((site) => [site, whyNot(site, options, context)] as const));
  // Each answer reads the whole weight.
  const answers = new Map<WeightSite, StoredWeight | string>();
  const results = new Map<WeightSite, StoredWeight | string>();
  const narrowOf = (site: WeightSite): StoredWeight | string =>
    remembered(answers, site, () => storedIn(site, FORM, options.known.get(site.tensor)));
  const free = sites.filter((site) => reasons.get(site) === undefined);
  const resultOf = (site: WeightSite): StoredWeight | string =>
    remembered(results, site, () => near(site, narrowOf(site), options));
  const convolutions = free.flatMap((site): NarrowSite | [] => {
    const stored = site.main.role === 'convolution' ? resultOf(site) : '';
    return typeof stored === 'string' ? [] : { site, stored };
  });
  const shifts = await meanShifts(model, convolutions, context);
  const { wide, lacking } = await wideIn(model, free, narrowOf, shifts, options, context);
  const rounded = convolutions.filter(({ site }) => !wide.has(site.tensor));
  takeBack(rounded, await shiftsWorthTaking(model, rounded, shifts, context), context);
  if (options.share !== undefined)
    halveVectors(
      weightSites(model, { withLayers: true }).filter(({ uses }) => !uses.some(({ node }) => options.isKept(node))),
      lacking,
      context,
    );
  for (const site of sites) {
    const reason = reasons.get(site);
    const rest = reason === undefined ? site.uses.filter(({ node }) => !options.lookUp(node)) : site.uses;
    for (const use of site.uses) if (!rest.includes(use)) lookups += context.timesOf(use.node);
    const left = restOf(site, rest);
    if (!left) continue;
    const isWide = reason === undefined && wide.has(site.tensor);
    if (isWide) context.skip('it has 16 bits, as the file has room for them', site.value);
    if (isWide && site.tensor.type !== 'float32') continue;
    const result = isWide
      ? storedIn(left, closest(left))
      : (reason ?? (left.main === site.main ? resultOf(site) : near(left, narrowOf(left), options)));
    for (const { node } of site.uses) (typeof result === 'string' ? told : readers).add(node);
    if (typeof result === 'string') context.skip(result, site.value);
    else {
      putStored(left, result, context.target);
      if (!isWide) count += context.timesOf(site.value);
    }
  }
  return { count, lookups, readers, told };
}

/** The weights that have 16 bits. Without a share only those of convolutions may: there single small weights cost the most. */
async function wideIn(
  model: Model,
  sites: readonly WeightSite[],
  narrowOf: (site: WeightSite) => StoredWeight | string,
  shifts: MeanShifts,
  { share, bytesBefore }: BytesOptions,
  context: PassContext,
): Promise<Room> {
  const convolutions = sites.filter(({ main: { role } }) => role === 'convolution');
  if (share === undefined && convolutions.length === 0) return { wide: new Set(), lacking: 0 };
  const narrow = sites.flatMap((site): NarrowSite | [] => {
    const stored = narrowOf(site);
    return typeof stored === 'string' ? [] : { site, stored, shift: shifts.get(site.tensor) };
  });
  const found = await roomWithin(model, narrow, (share ?? USUAL_SHARE) * bytesBefore, context);
  const wide = new Set(found.wide);
  if (share === undefined) for (const { tensor, main } of sites) if (main.role !== 'convolution') wide.delete(tensor);
  return { wide, lacking: found.lacking };
}

/** The site with some of its readers; undefined where none is left. */
function restOf(site: WeightSite, uses: WeightSite['uses']): WeightSite | undefined {
  const main = uses.find((use) => use === site.main) ?? uses[0];
  return main && { ...site, uses, main };
}

/** Biases and norms: few numbers, of which nobody expects 8 bits. */
const isMultiplied = ({ main: { role } }: WeightSite): boolean => role !== 'elementwise' && role !== 'other';

function whyNot(site: WeightSite, options: BytesOptions, context: PassContext): string | undefined {
  const { tensor, uses, obstacle } = site;
  const { isKept, share } = options;
  // Where bytes are promised, the small weights of a small model count.
  const minElements = share === undefined ? options.minElements : Math.min(options.minElements, MIN_STORED);
  if (obstacle) return obstacle;
  if (elementCount(tensor.shape) < minElements) return `it has fewer than ${minElements} elements`;
  if (!isMultiplied(site)) return 'it is added or multiplied number by number, or only moved: 8 bits are few for that';
  if (uses.some(({ node }) => isKept(node))) return 'kept in float as asked';
  return uses.map(({ node }) => context.leaves(node)).find((reason) => reason !== undefined);
}

/** The weight in 8 bits; or the reason that it has none, or would change too much. */
function near(
  site: WeightSite,
  stored: StoredWeight | string,
  { maxWeightError }: BytesOptions,
): StoredWeight | string {
  const price = priceOf(site, FORM, stored);
  if (typeof price === 'string') return price;
  return price.error > maxWeightError
    ? `it would change by more than ${maxWeightError} of its norm (option maxWeightError)`
    : stored;
}
