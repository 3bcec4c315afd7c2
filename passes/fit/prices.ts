/** What every weight costs in every form that it can have: bytes, and the change of the weight. */
import type { Model } from '../../src/ir/model.js';
import { elementCount } from '../../src/ir/tensor.js';
import type { PassContext } from '../../src/run/pass.js';
import { keeps } from '../precision/keep.js';
import { priceOf, type StorageForm } from '../precision/weights/forms.js';
import { type WeightSite, weightSites } from '../precision/weights/sites.js';

/** A form of a weight and its price; without a form it stays as it is. */
export interface FormPrice {
  readonly form?: StorageForm;
  readonly bytes: number;
  /** The norm of the change over the norm of the weight. */
  readonly error: number;
}

export interface PricedWeight {
  readonly site: WeightSite;
  /** The first: it stays as it is. */
  readonly forms: readonly FormPrice[];
}

/** From many bits to few. */
const forms: readonly StorageForm[] = [
  { type: 'float16' },
  { type: 'bfloat16' },
  { type: 'int8', block: 32 },
  { type: 'int8', block: 'channel' },
  { type: 'int4', block: 32 },
];

/** `float16`, `int8`, `int4 by 32`. */
export const formText = (form: StorageForm | undefined): string =>
  form === undefined
    ? 'as it is'
    : 'block' in form && form.block !== 'channel'
      ? `${form.type} by ${form.block}`
      : form.type;

/** What a stored weight brings along besides its numbers: nodes that widen it, and their names. */
const NODE_BYTES = 60;
const nodesOf = (form: StorageForm, { value: { name } }: WeightSite): number =>
  ('block' in form ? 3 : 1) * (NODE_BYTES + 2 * name.length);

export interface PricingOptions {
  readonly keep: readonly string[];
  readonly minElements: number;
}

/** Prices the weights that can be stored otherwise; says why of the others. */
export function pricesOf(model: Model, { keep, minElements }: PricingOptions, context: PassContext): PricedWeight[] {
  const isKept = keeps(keep);
  return weightSites(model).flatMap((site) => {
    const nodes = site.uses.map(({ node }) => node);
    const reason =
      site.obstacle ??
      (nodes.some(isKept) ? 'kept in float as asked' : undefined) ??
      (isSmall(site, minElements) ? '' : undefined);
    if (reason) context.skip(reason, site.value);
    if (reason !== undefined) return [];
    const found = forms.map((form) => ({ form, price: priceOf(site, form) }));
    const priced = found.flatMap(({ form, price }) =>
      typeof price === 'string' || !Number.isFinite(price.error)
        ? []
        : [{ form, error: price.error, bytes: price.bytes + nodesOf(form, site) }],
    );
    const own = { bytes: site.tensor.byteLength, error: 0 };
    const fewer = priced.filter(({ bytes }) => bytes < own.bytes);
    if (fewer.length === 0) {
      context.skip(
        found.map(({ price }) => price).find((price) => typeof price === 'string') ?? 'no form has fewer bytes',
        site.value,
      );
      return [];
    }
    return [{ site, forms: [own, ...fewer] }];
  });
}

/** Vectors (biases, norms, scales) are a fraction of a percent of a model, and each would cost a node. */
const isSmall = ({ tensor: { shape } }: WeightSite, minElements: number): boolean => {
  const count = elementCount(shape);
  return count < minElements || shape.some((dim) => dim === count);
};
