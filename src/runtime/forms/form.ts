/** Defines the rows of the tables of forms. */

import { under } from '../../ir/collections/named.js';
import { type Dim, equalDims } from '../../ir/dims/dims.js';
import type { KernelCall } from '../../ir/targets/kernel-call.js';
import type { Shape } from '../../ir/types.js';

/** True, false, or undefined for unknown sizes. */
export type Truth = boolean | undefined;

export interface KernelForm {
  /** The refusal: `expected …`. */
  readonly expected: string;
  holds(call: CallReader): Truth;
}

/** Reads a call for rows of the tables. */
export class CallReader {
  constructor(readonly call: KernelCall) {}
  has = (index: number): boolean => this.call.inputs[index] !== undefined;
  int = (name: string): number | undefined => under(this.call.ints, name);
  float = (name: string): number | undefined => this.call.floats?.[name];
  shape(index: number): Shape | undefined {
    const type = this.call.inputs[index];
    return type?.kind === 'tensor' ? type.shape : undefined;
  }
  rank = (index: number): number | undefined => this.shape(index)?.length;
  dim = (index: number, axis: number): Dim | undefined => this.shape(index)?.at(axis);
  /** True for one of these ranks, and for an absent input. */
  isRank = (index: number, ...ranks: readonly number[]): Truth => {
    const rank = this.rank(index);
    return !this.has(index) || rank === undefined ? !this.has(index) || undefined : ranks.includes(rank);
  };
}

export const both = (...truths: readonly Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes(undefined) ? undefined : true;

export function same(a: Dim | undefined, b: Dim | undefined): Truth {
  if (a === undefined || b === undefined) return undefined;
  return equalDims(a, b) || (typeof a === 'number' && typeof b === 'number' ? false : undefined);
}
export const isOneOr = (dim: Dim | undefined, other: Dim | undefined): Truth => (dim === 1 ? true : same(dim, other));
export const divides = (count: Dim | undefined, dim: Dim | undefined): Truth =>
  typeof count === 'number' && typeof dim === 'number' ? dim % count === 0 : undefined;
export const only = (condition: Truth, then: () => Truth): Truth =>
  condition === true ? then() : condition === false ? true : undefined;
