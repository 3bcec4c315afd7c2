/** The forms that `fit` chooses from, and their prices. */
import type { StorageForm } from '../precision/weights/forms.js';
import type { WeightSite } from '../precision/weights/sites.js';
import type { DynamicForm } from './dynamic-form.js';
import type { ProductForm } from './product-form.js';

/** A form that is decoded at load, one that products read directly, or one that they compute in. */
export type FitForm = StorageForm | ProductForm | DynamicForm;

/** A form of a weight and its price. Without a form the weight stays as it is. */
export interface FormPrice {
  readonly form?: FitForm;
  readonly bytes: number;
  /** The norm of the change over the norm of the weight; of a form that rounds activations as well, with what that is like. */
  readonly error: number;
  /** Milliseconds that it saves in a run, less than 0 where it takes more; absent: none, as what is decoded at load. */
  readonly savedMs?: number;
}

export interface PricedWeight {
  readonly site: WeightSite;
  /** The forms of a weight. With the first it stays as it is. */
  readonly forms: readonly FormPrice[];
}

/** Bits of a number; of a weight that stays as it is, 32. */
export function bitsOf(form: FitForm | undefined): number {
  if (form === undefined) return 32;
  return form.type === 'products' ? form.blocks.bits : BITS[form.type];
}

const BITS = { float16: 16, bfloat16: 16, int8: 8, int4: 4, dynamic: 8 } as const;

/** True for a form that rounds activations: what it does to the outputs says nothing of others. */
export const isDynamic = (form: FitForm | undefined): form is DynamicForm => form?.type === 'dynamic';

/** `float16`, `int8`, `int4 by 32`, `int4 in products`, `int8 computed`. */
export function formText(form: FitForm | undefined): string {
  if (form === undefined) return 'as it is';
  if (form.type === 'dynamic') return 'int8 computed';
  if (form.type === 'products') return `int${form.blocks.bits} in products`;
  return 'block' in form && form.block !== 'channel' ? `${form.type} by ${form.block}` : form.type;
}
