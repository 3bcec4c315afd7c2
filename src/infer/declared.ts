/** What a file declares of its values, held against what is inferred. */
import { equalTypes, type Type, typeText } from '../ir/types.js';

/** What was inferred of a model as it was read where that contradicts a declaration, by the declared type. */
const refuted = new WeakMap<Type, Type>();

/**
 * True where a declaration that inference contradicts stays: of a model as it was read, which is not ours to correct, and later as long as
 * inference says the same. Otherwise an edit has changed what is declared.
 */
export function stillHolds(declared: Type, inferred: Type, isAsRead: boolean): boolean {
  if (isAsRead) refuted.set(declared, inferred);
  const known = refuted.get(declared);
  // Dims that nobody knows are a copy's own.
  return known !== undefined && (equalTypes(known, inferred) || typeText(known) === typeText(inferred));
}

/** True where no value can be of both types. Names of dims say nothing. */
export function contradicts(a: Type, b: Type): boolean {
  if (a.kind !== b.kind) return true;
  if (a.kind === 'tensor' || a.kind === 'sparse') {
    const { elem, shape } = b as typeof a;
    if (a.elem !== elem && a.elem !== 'undefined') return true;
    if (!a.shape || !shape) return false;
    if (a.shape.length !== shape.length) return true;
    return a.shape.some((dim, axis) => {
      const other = shape[axis];
      return typeof dim === 'number' && typeof other === 'number' && dim !== other;
    });
  }
  if (a.kind === 'map' || a.kind === 'opaque') return false;
  const { elem } = b as typeof a;
  return a.elem !== undefined && elem !== undefined && contradicts(a.elem, elem);
}
