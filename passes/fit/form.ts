/** The forms that `fit` chooses from, and their prices. */
import type { StorageForm } from '../precision/weights/forms.js';
import type { WeightSite } from '../precision/weights/sites.js';
import type { ProductForm } from './product-form.js';

/** A form that is decoded at load, or one that products read directly. */
export type FitForm = StorageForm | ProductForm;

/** A form of a weight and its price. Without a form the weight stays as it is. */
export interface FormPrice {
  readonly form?: FitForm;
  readonly bytes: number;
  /** The norm of the change over the norm of the weight. */
  readonly error: number;
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

const BITS = { float16: 16, bfloat16: 16, int8: 8, int4: 4 } as const;

/** `float16`, `int8`, `int4 by 32`, `int4 in products`. */
export function formText(form: FitForm | undefined): string {
  if (form === undefined) return 'as it is';
  if (form.type === 'products') return `int${form.blocks.bits} in products`;
  return 'block' in form && form.block !== 'channel' ? `${form.type} by ${form.block}` : form.type;
}
