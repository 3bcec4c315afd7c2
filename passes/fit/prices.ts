/** Prices every weight in every form that it can have: by bytes, and by the change of the weight. */
import type { Model } from '../../src/ir/model.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import type { PassContext } from '../../src/run/pass.js';
import { keeps } from '../precision/keep.js';
import { priceOf } from '../precision/weights/forms.js';
import { type WeightSite, weightSites } from '../precision/weights/sites.js';
import { assigned } from './assign.js';
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
const forms = ladder.flat();

export interface PricingOptions {
  readonly keep: readonly string[];
  readonly minElements: number;
}

/** Prices the weights that can be stored in other forms, and reports why the others cannot. */
export function pricesOf(model: Model, { keep, minElements }: PricingOptions, context: PassContext): PricedWeight[] {
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
      price: form.type === 'products' ? productPrice(site, form, context) : priceOf(site, form),
    }));
    const had = ladder.flatMap((rung) => {
      const prices = found.flatMap(({ form, price }) =>
        !rung.includes(form) || typeof price === 'string' || !Number.isFinite(price.error) ? [] : [{ form, ...price }],
      );
      return prices.length ? [prices.reduce((best, one) => (one.error < best.error ? one : best))] : [];
    });
    if (had.length > 0) return [{ site, forms: [{ bytes: site.tensor.byteLength, error: 0 }, ...had] }];
    context.skip(found.flatMap(({ price }) => (typeof price === 'string' ? price : []))[0] ?? NO_FORM, site.value);
    return [];
  });
  return withNodes(model, priced, context).flatMap(({ site, forms: [own, ...others] }) => {
    const fewer = others.filter(({ bytes }) => bytes < (own as FormPrice).bytes);
    if (fewer.length === 0) context.skip(NO_FORM, site.value);
    return fewer.length === 0 ? [] : [{ site, forms: [own as FormPrice, ...fewer] }];
  });
}

const NO_FORM = 'no form has fewer bytes';

/** Adds the bytes of the nodes and names that a form needs in the file: the average of all weights that can have it. */
function withNodes(model: Model, weights: readonly PricedWeight[], { fileBytes, target }: PassContext): PricedWeight[] {
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
