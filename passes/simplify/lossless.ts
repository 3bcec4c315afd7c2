/** Casts that lose nothing: every number of one element type is a number of another. */
import { type DataType, dataTypes, isFloat } from '../../src/ir/types.js';

/** Bits of precision and largest exponent of the floats that such a cast may go through. */
const floats: Partial<Record<DataType, { readonly precision: number; readonly exponent: number }>> = {
  float16: { precision: 11, exponent: 15 },
  bfloat16: { precision: 8, exponent: 127 },
  float32: { precision: 24, exponent: 127 },
  float64: { precision: 53, exponent: 1023 },
};

/** Bits of magnitude of an integer type, and whether it has a sign. */
function integer(type: DataType): { readonly bits: number; readonly isSigned: boolean } | undefined {
  const { kind, bits } = dataTypes[type];
  if (type === 'bool') return { bits: 1, isSigned: false };
  if (bits < 8 || (kind !== 'signed' && kind !== 'unsigned')) return undefined;
  return { bits: kind === 'signed' ? bits - 1 : bits, isSigned: kind === 'signed' };
}

/** True where `to` holds every number that `from` does. */
function holdsAll(from: DataType, to: DataType): boolean {
  if (from === to) return true;
  const [f, t] = [floats[from], floats[to]];
  const [i, j] = [integer(from), integer(to)];
  if (f && t) return f.precision <= t.precision && f.exponent <= t.exponent;
  // -2^bits is a power of two: it needs no more precision than the largest number.
  if (i && t) return i.bits <= t.precision && i.bits <= t.exponent;
  if (i && j) return to !== 'bool' && i.bits <= j.bits && (j.isSigned || !i.isSigned);
  return false;
}

/**
 * True where casting `from` through `through` to `to` is casting `from` to `to`. Floats to integers are left alone:
 * what NaN and overflow become depends on the type they come from.
 */
export const isLosslessCast = (from: DataType, through: DataType, to: DataType): boolean =>
  holdsAll(from, through) && (!isFloat(from) || isFloat(to)) && to !== 'string';
