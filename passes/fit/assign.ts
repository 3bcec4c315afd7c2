/** Stores weights of a model in the forms that were chosen for them. */

import type { Model } from '../../src/ir/model.js';
import type { Target } from '../../src/ir/targets/targets.js';
import type { Value } from '../../src/ir/value.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { sweep } from '../../src/ir/whole-model/sweep.js';
import { weightSites } from '../precision/weights/sites.js';
import { storeWeight } from '../precision/weights/store.js';
import type { Choice } from './choose.js';
import { DynamicProducts } from './dynamic-form.js';
import type { FitForm, PricedWeight } from './form.js';
import { putProducts } from './product-form.js';

/** The form of each weight that is to be stored otherwise. */
export type Assignment = ReadonlyMap<Value, FitForm>;

export const assignmentOf = (weights: readonly PricedWeight[], choice: Choice): Assignment =>
  new Map(
    weights.flatMap(({ site, forms }, i) => {
      const form = forms[choice[i] as number]?.form;
      return form ? [[site.value, form] as const] : [];
    }),
  );

/** Edits the model itself. */
export function assign(model: Model, chosen: Assignment, target: Target): void {
  const dynamic = new DynamicProducts();
  for (const site of weightSites(model)) {
    const form = chosen.get(site.value);
    if (form?.type === 'products') putProducts(site, form, target);
    else if (form?.type === 'dynamic') dynamic.put(site, form);
    else if (form) storeWeight(site, form, target);
  }
}

/** A copy of the model with these forms. */
export function assigned(model: Model, chosen: Assignment, target: Target): Model {
  const values = new Map<Value, Value>();
  const copy = cloneModel(model, undefined, values);
  assign(copy, new Map([...chosen].map(([value, form]) => [values.get(value) as Value, form])), target);
  sweep(copy);
  return copy;
}
