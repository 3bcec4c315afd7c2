/** Prices every weight in every form that it can have: by bytes, and by the change of the weight. */
import type { Model } from '../../src/ir/model.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import type { PassContext } from '../../src/run/pass.js';
import { obstaclesIn } from '../precision/integer/products.js';
import { keeps } from '../precision/keep.js';
import { obstacleOn, priceOf, type StoragePrice } from '../precision/weights/forms.js';
import { type WeightSite, weightSites } from '../precision/weights/sites.js';
import { assigned } from './assign.js';
import { dynamicFormOn, dynamicPrice } from './dynamic-form.js';
import type { FitForm, FormPrice, PricedWeight } from './form.js';
import { tellHandedIn } from './functions.js';
import { productForm, productPrice } from './product-form.js';

/** From many bits to few. Of one rung a weight has the form that changes it less. */
const ladder: readonly (readonly FitForm[])[] = [
  [{ type: 'float16' }, { type: 'bfloat16' }],
  [{ type: 'int8', block: 64 }],
  [{ type: 'int4', block: 32 }],
  [productForm],
];

export interface PricingOptions {
  readonly keep: readonly string[];
  readonly minElements: number;
  /** True where time decides: then products may compute in 8 bits. */
  readonly isTimed: boolean;
}

/** Prices the weights that can be stored in other forms, and reports why the others cannot. */
export function pricesOf(
  model: Model,
  { keep, minElements, isTimed }: PricingOptions,
  context: PassContext,
): PricedWeight[] {
  const dynamic = isTimed ? dynamicFormOn(context.target, context.targetCpu) : undefined;
  // The last: all others have the same numbers with it and without.
  const rungs = dynamic ? [...ladder, [dynamic]] : ladder;
  const forms = rungs.flat();
  const obstacleOf = dynamic ? obstaclesIn(model, context) : () => undefined;
  const isKept = keeps(keep);
  tellHandedIn(model, minElements, context);
  const priced = weightSites(model).flatMap((site): PricedWeight[] => {
    const nodes = site.uses.map(({ node }) => node);
    const reason =
      site.obstacle ??
      (nodes.some(isKept) ? 'kept in float as asked' : undefined) ??
      (isSmall(site, minElements) ? '' : undefined);
    if (reason) context.skip(reason, site.value);
    if (reason !== undefined) return [];
    const found = forms.map((form) => ({
      form,
      price: priceIn(site, form, { context, obstacleOf }),
    }));
    const had = rungs.flatMap((rung) => {
      const prices = found.flatMap(({ form, price }) =>
        !rung.includes(form) || typeof price === 'string' || !Number.isFinite(price.error) ? [] : [{ form, ...price }],
      );
      return prices.length ? [prices.reduce((best, one) => (one.error < best.error ? one : best))] : [];
    });
    if (had.length > 0) return [{ site, forms: [{ bytes: site.tensor.byteLength, error: 0 }, ...had] }];
    context.skip(found.flatMap(({ price }) => (typeof price === 'string' ? price : []))[0] ?? NO_FORM, site.value);
    return [];
  });
  return withNodes(model, priced, forms, context).flatMap(({ site, forms: [own, ...others] }) => {
    const fewer = others.filter(({ bytes }) => bytes < (own as FormPrice).bytes);
    if (fewer.length === 0) context.skip(NO_FORM, site.value);
    return fewer.length === 0 ? [] : [{ site, forms: [own as FormPrice, ...fewer] }];
  });
}

const NO_FORM = 'no form has fewer bytes';

interface Pricing {
  readonly context: PassContext;
  readonly obstacleOf: ReturnType<typeof obstaclesIn>;
}

function priceIn(site: WeightSite, form: FitForm, { context, obstacleOf }: Pricing): StoragePrice | string {
  if (form.type === 'products') return productPrice(site, form, context);
  if (form.type === 'dynamic') return dynamicPrice(site, form, obstacleOf);
  return obstacleOn(form, context.target) ?? priceOf(site, form);
}

/** Adds the bytes of the nodes and names that a form needs in the file: the average of all weights that can have it. */
function withNodes(
  model: Model,
  weights: readonly PricedWeight[],
  forms: readonly FitForm[],
  { fileBytes, target }: PassContext,
): PricedWeight[] {
  const whole = fileBytes(model);
  const extra = new Map<FitForm | undefined, number>();
  for (const form of forms) {
    const having = weights.flatMap(({ site, forms: all }) => {
      const price = all.find((one) => one.form === form);
      return price ? [{ site, saved: site.tensor.byteLength - price.bytes }] : [];
    });
    if (having.length === 0) continue;
    const bytes = fileBytes(assigned(model, new Map(having.map(({ site }) => [site.value, form])), target));
    const expected = having.reduce((left, { saved }) => left - saved, whole);
    extra.set(form, Math.round((bytes - expected) / having.length));
  }
  return weights.map(({ site, forms: all }) => ({
    site,
    forms: all.map((one) => ({ ...one, bytes: Math.max(1, one.bytes + (extra.get(one.form) ?? 0)) })),
  }));
}

/** True for vectors (biases, norms, scales), which are a fraction of a percent of a model, while each would cost a node. */
const isSmall = ({ tensor: { shape } }: WeightSite, minElements: number): boolean => {
  const count = elementCount(shape);
  return count < minElements || shape.some((dim) => dim === count);
};
