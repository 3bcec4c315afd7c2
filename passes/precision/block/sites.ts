/** Puts the weights of a model in blocks, each for all of its readers: products, lookups in tables, and others, for which it is stored narrow. */
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import type { Target } from '../../../src/ir/targets/targets.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import type { WeightRole } from '../../../src/ops/weights.js';
import type { PassContext } from '../../../src/run/pass.js';
import { spectrumNodes } from '../deciding.js';
import { LeftWeights } from '../left-alone.js';
import { type Product, productOf } from '../product.js';
import { obstacleOn, priceOf, type StorageForm } from '../weights/forms.js';
import { type WeightSite, weightSites } from '../weights/sites.js';
import { storeWeight } from '../weights/store.js';
import type { BlockForm } from './form.js';
import { normalObstacle, productObstacle, putProduct } from './products.js';
import { lookedUp, putTable, type Table, tableObstacle, tableOf } from './tables.js';
import type { BlockWeights } from './weights.js';

interface SiteOptions {
  isKept(node: Node): boolean;
  /** The fewest elements of a weight that is put in blocks. */
  readonly minElements: number;
}

/** The roles of weights that are summed over or looked up, so that the error of one number is one among many. */
const layers: ReadonlySet<WeightRole> = new Set(['product', 'convolution', 'recurrent', 'table']);

/** A weight that may be put in blocks, and its readers that can read blocks. */
interface BlockSite {
  readonly site: WeightSite;
  readonly products: readonly Product[];
  readonly tables: readonly Table[];
}

export class BlockSites {
  readonly #sites: readonly BlockSite[];
  readonly #left: LeftWeights;
  readonly #spectra: ReadonlyMap<Node, string>;

  /** Reports the weights that stay; edits nothing. */
  constructor(
    model: Model,
    readonly context: PassContext,
    { isKept, minElements }: SiteOptions,
  ) {
    this.#left = new LeftWeights(model);
    this.#spectra = spectrumNodes(model);
    let small = 0;
    this.#sites = weightSites(model, { withLayers: true }).flatMap((site): BlockSite[] => {
      if (elementCount(site.tensor.shape) < minElements) {
        small += context.timesOf(site.value);
        return [];
      }
      const nodes = site.uses.map(({ node }) => node);
      const reason =
        site.obstacle ??
        (layers.has(site.main.role) ? undefined : 'its constant is no factor of a layer') ??
        (nodes.some(isKept) ? 'kept as asked' : undefined) ??
        nodes.flatMap((node) => context.leaves(node) ?? []).map(withEightBits)[0];
      if (reason === undefined) return [{ site, ...this.#readersOf(site) }];
      this.#leave(site, reason);
      return [];
    });
    const stay = small === 1 ? 'weight stays' : 'weights stay';
    if (small > 0) context.note(`${small} ${stay} as stored: fewer than ${minElements} elements`);
  }

  /** The products that may read weights in blocks. */
  get products(): readonly Product[] {
    return this.#sites.flatMap(({ products }) => products);
  }

  /** The weights that are decoded by plain ops, in part at least. */
  get decoded(): readonly WeightSite[] {
    return this.#sites.flatMap(({ site, products, tables }) => {
      const inBlocks = new Set([...products, ...tables].map(({ node }) => node));
      return site.uses.every(({ node }) => inBlocks.has(node)) ? [] : [site];
    });
  }

  /** Puts each weight in the narrowest form within the limit of error, and reports the others. `costly`: weights that stay, each with the reason. */
  rewrite(weights: BlockWeights, costly: ReadonlyMap<Value, string> = new Map()): void {
    const counts = new Map<string, number>();
    for (const one of this.#sites) {
      const stays = costly.get(one.site.value);
      const { form, reason } = stays ? { form: '', reason: stays } : this.#put(one, weights);
      if (reason !== undefined) this.#leave(one.site, reason);
      else counts.set(form, (counts.get(form) ?? 0) + this.context.timesOf(one.site.value));
    }
    for (const [form, count] of counts) this.context.note(`${count} ${count === 1 ? 'weight' : 'weights'} ${form}`);
    const text = this.#left.text();
    if (text) this.context.note(text);
  }

  #readersOf({ value, uses }: WeightSite): Pick<BlockSite, 'products' | 'tables'> {
    const found = uses.map(({ node }) => [productOf(node), tableOf(node)] as const);
    const products = found.flatMap(([product]) =>
      typeof product === 'object' && product.weight.stored === value && !productObstacle(product, this.context)
        ? [product]
        : [],
    );
    const tables = found.flatMap(([, table]) => (table?.matrix.stored === value ? [table] : []));
    return { products, tables };
  }

  /** All checks come before the first edit. */
  #put({ site, products, tables }: BlockSite, weights: BlockWeights): { form: string; reason?: string } {
    const matrix = products[0]?.weight ?? tables[0]?.matrix;
    const { target } = this.context;
    const normal = weights.options.forms.find(({ isNormal }) => isNormal);
    const obstacle = normal && (tables.length > 0 ? 'that is for products alone' : normalObstacle(normal, products));
    const form =
      matrix &&
      weights.formOf(matrix, (one) =>
        one.isNormal && obstacle ? undefined : tables.reduce((fit, table) => lookedUp(fit, table, target), one),
      );
    if (typeof form === 'string') return { form: '', reason: form };
    const looked = tables.filter((table) => form && !tableObstacle(table, form, this.context));
    const inBlocks = new Set([...products, ...looked].map(({ node }) => node));
    const rest = site.uses.filter(({ node }) => !inBlocks.has(node));
    const [main] = rest;
    const left = main && { ...site, uses: rest, main };
    const storage = left && storageOf(left, weights, target);
    if (typeof storage === 'string') return { form: '', reason: storage };
    if (form) {
      for (const { node } of products) putProduct(node, weights, form, target, this.#spectra.has(node));
      for (const table of looked) putTable(table, weights, form, target);
    }
    if (left && storage) storeWeight(left, storage.form, target);
    const why = normal && !form?.isNormal ? `, not NF4: ${obstacle ?? tooFar(weights)}` : '';
    return { form: (form && inBlocks.size > 0 ? blockText(form) : storage?.text) + why };
  }

  #leave({ main, value }: WeightSite, reason: string): void {
    this.context.skip(reason, value);
    this.#left.add(main.node, this.context.timesOf(main.node));
  }
}

/** The reason that a weight is kept from 4 bits, and what takes it: a pass with a gate of its own, as `eighth` has it. */
const withEightBits = (reason: string): string => `${reason}; int8:compute=false behind int4 stores it in 8 bits`;

/** The narrowest form for a weight that plain ops decode, also in words; or the reason that there is none. */
export function storageOf(
  site: WeightSite,
  weights: BlockWeights,
  target: Target,
): { form: StorageForm; text: string } | string {
  const { forms, maxWeightError } = weights.options;
  let reason = '';
  for (const { bits, block, isNormal } of forms) {
    if (isNormal) continue;
    const form: StorageForm = { type: bits === 4 ? 'int4' : 'int8', block: bits === 4 ? block : 'channel' };
    const price = obstacleOn(form, target) ?? priceOf(site, form);
    if (typeof price === 'object' && price.error <= maxWeightError)
      return { form, text: `stored as ${form.type} and widened at load${reason && `, not in 4 bits: ${reason}`}` };
    reason = typeof price === 'string' ? price : tooFar(weights);
  }
  return reason;
}

const tooFar = ({ options: { maxWeightError } }: BlockWeights): string =>
  `it would change by more than ${maxWeightError} of its norm (option maxWeightError)`;

const blockText = ({ bits, block, isNormal, isNearest }: BlockForm): string =>
  `in ${isNormal ? 'NF4' : `${bits} bits`} by blocks of ${block}${isNearest ? ', rounded to the nearest: nothing else is closer' : ''}`;
