/** Stores weights in 4 bits by blocks for products (MatMulNBits): scales are searched, and the weight stays in 4 bits in memory. */
import type { Target } from '../../src/ir/targets/targets.js';
import type { PassContext } from '../../src/run/pass.js';
import { chosenRounding } from '../precision/block/error.js';
import { type BlockForm, bytesIn } from '../precision/block/form.js';
import { productObstacle, putProduct } from '../precision/block/products.js';
import { BlockWeights } from '../precision/block/weights.js';
import { type Product, productOf } from '../precision/product.js';
import type { StoragePrice } from '../precision/weights/forms.js';
import type { WeightSite } from '../precision/weights/sites.js';

/** The form of a weight in products. */
export interface ProductForm {
  readonly type: 'products';
  readonly blocks: BlockForm;
}

export const productForm: ProductForm = { type: 'products', blocks: { bits: 4, block: 32, isSymmetric: false } };

/** The products, where nothing else reads the weight. */
export function productsOf({ value, uses }: WeightSite): readonly Product[] | undefined {
  const found = uses.map(({ node }) => productOf(node));
  const products = found.filter((one) => typeof one === 'object' && one.weight.stored === value) as Product[];
  return products.length === uses.length ? products : undefined;
}

/** The price of the form, or the reason that the weight cannot have it. */
export function productPrice(site: WeightSite, { blocks }: ProductForm, context: PassContext): StoragePrice | string {
  const [first, ...others] = productsOf(site) ?? [];
  if (!first) return 'other nodes than products read it';
  const isAlike = others.every(({ weight }) => weight.isTransposed === first.weight.isTransposed);
  if (!isAlike) return 'products read it in two ways';
  const obstacle = [first, ...others].map((product) => productObstacle(product, context)).find(Boolean);
  if (obstacle) return obstacle;
  const found = chosenRounding(first.weight, blocks);
  return found ? { bytes: bytesIn(first.weight, blocks), error: found.error } : 'it holds NaN or infinity';
}

/** Puts the weight and its products in this form. */
export function putProducts(site: WeightSite, { blocks }: ProductForm, target: Target): void {
  const weights = new BlockWeights({
    forms: [blocks],
    maxWeightError: Number.POSITIVE_INFINITY,
    importances: new Map(),
  });
  for (const { node } of productsOf(site) ?? []) putProduct(node, weights, blocks, target);
}
