/** Stores weights of a model in the forms that were chosen for them. */
import { cloneModel } from '../../src/ir/clone.js';
import type { Model } from '../../src/ir/model.js';
import { sweep } from '../../src/ir/sweep.js';
import type { Value } from '../../src/ir/value.js';
import type { StorageForm } from '../precision/weights/forms.js';
import { weightSites } from '../precision/weights/sites.js';
import { storeWeight } from '../precision/weights/store.js';
import type { Choice } from './choose.js';
import type { PricedWeight } from './prices.js';

/** The form of each weight that is to be stored otherwise. */
export type Assignment = ReadonlyMap<Value, StorageForm>;

export const assignmentOf = (weights: readonly PricedWeight[], choice: Choice): Assignment =>
  new Map(
    weights.flatMap(({ site, forms }, i) => {
      const form = forms[choice[i] as number]?.form;
      return form ? [[site.value, form] as const] : [];
    }),
  );

/** Edits the model itself. */
export function assign(model: Model, chosen: Assignment): void {
  for (const site of weightSites(model)) {
    const form = chosen.get(site.value);
    if (form) storeWeight(site, form);
  }
}

/** A copy of the model with these forms. */
export function assigned(model: Model, chosen: Assignment): Model {
  const values = new Map<Value, Value>();
  const copy = cloneModel(model, undefined, values);
  assign(copy, new Map([...chosen].map(([value, form]) => [values.get(value) as Value, form])));
  sweep(copy);
  return copy;
}
