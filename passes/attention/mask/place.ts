/** Defines elements that count the queries or the keys of a site. Two of them can be compared at any position. */
import { type Interval, interval, type Maybe } from '../../../src/ops/interval.js';

/** A band holds the pairs of query and key with key − query between `from` and `to`. */
export interface Band {
  readonly from: number;
  readonly to: number;
}

/** An index, or an integer element: query · q + key · k + c. */
export interface LinearIndex {
  readonly query: number;
  readonly key: number;
  readonly c: number;
}

/** The position of an element on an axis; undefined: anywhere. */
export type Position = LinearIndex | undefined;

export interface Elements extends Interval {
  /** The place of an element that counts queries or keys. */
  readonly place?: LinearIndex;
}

/** Integers below this are exact in every type that counts. */
const COUNT = 1 << 24;

/** A small integer, where all elements are this one, is a count. */
export const counted = (a: Maybe): Elements | undefined =>
  a && a.low === a.high && Number.isInteger(a.low) && Math.abs(a.low) < COUNT
    ? { ...a, place: { query: 0, key: 0, c: a.low } }
    : a;

export const combined = (a: LinearIndex, b: LinearIndex, sign: 1 | -1): LinearIndex => ({
  query: a.query + sign * b.query,
  key: a.key + sign * b.key,
  c: a.c + sign * b.c,
});

/** The interval of a count: bounded where it is how far the key is from the query. */
export function ofPlace(place: LinearIndex, { from, to }: Band): Elements {
  const { query, key, c } = place;
  const isConstant = query === 0 && key === 0;
  const [a, b] = isConstant ? [0, 0] : query === -key ? [key * from, key * to] : [-Infinity, Infinity];
  return { ...(interval(Math.min(a, b) + c, Math.max(a, b) + c) as Interval), place };
}
