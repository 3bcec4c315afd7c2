/** Defines elements that count the queries or the keys of a site. Two of them can be compared at any position. */
import { type Interval, interval, type Maybe } from '../../../src/ops/interval.js';

/** A band holds the pairs of query and key with key − query between `from` and `to`. */
export interface Band {
  readonly from: number;
  readonly to: number;
}

/** An index, or an integer element: query · q + key · k + past · p + c, where p keys stand before those of the queries. */
export interface LinearIndex {
  readonly query: number;
  readonly key: number;
  readonly c: number;
  readonly past?: number;
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
  past: (a.past ?? 0) + sign * (b.past ?? 0),
});

/** The index times a number. */
export const scaledIndex = ({ query, key, c, past = 0 }: LinearIndex, by: number): LinearIndex => ({
  query: query * by,
  key: key * by,
  c: c * by,
  past: past * by,
});

/** The interval of a count: bounded where it is how far the key is from the query. */
export function ofPlace(place: LinearIndex, { from, to }: Band): Elements {
  const { query, key, c, past = 0 } = place;
  const isConstant = query === 0 && key === 0;
  const [a, b] = isConstant ? [0, 0] : query === -key ? [key * from, key * to] : [-Infinity, Infinity];
  // There may be any number of keys before.
  const [low, high] = [past < 0 ? -Infinity : Math.min(a, b) + c, past > 0 ? Infinity : Math.max(a, b) + c];
  return { ...(interval(low, high) as Interval), place };
}
