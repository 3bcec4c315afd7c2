/** Arithmetic on intervals of elements; undefined stands for anything, NaN included. Minus infinity may be in one, NaN never. */
import { maxOf, minOf } from '../../../src/ir/lists.js';
import type { DataType } from '../../../src/ir/types.js';

/** key − query lies between `from` and `to`. */
export interface Band {
  readonly from: number;
  readonly to: number;
}

/** An index, or an integer element: query · q + key · k + c. */
export interface Place {
  readonly query: number;
  readonly key: number;
  readonly c: number;
}

/** Where an element stands on an axis; undefined: anywhere. */
export type Position = Place | undefined;

export interface Elements {
  readonly low: number;
  readonly high: number;
  /** Of an element that counts queries or keys. */
  readonly place?: Place;
}

type Maybe = Elements | undefined;

const LARGEST = 3.4028234663852886e38;

/** Integers below this are exact in every type that counts. */
const COUNT = 1 << 24;

/** A number; small integers are counts. */
export const number = (x: number): Elements =>
  Number.isInteger(x) && Math.abs(x) < COUNT ? { low: x, high: x, place: { query: 0, key: 0, c: x } } : exactly(x);

export const combined = (a: Place, b: Place, sign: 1 | -1): Place => ({
  query: a.query + sign * b.query,
  key: a.key + sign * b.key,
  c: a.c + sign * b.c,
});

/** The interval of a count: bounded where it is how far the key is from the query. */
export function ofPlace(place: Place, { from, to }: Band): Elements {
  const { query, key, c } = place;
  if (query === 0 && key === 0) return { low: c, high: c, place };
  const ends = query === -key ? [key * from + c, key * to + c] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return { low: minOf(ends), high: maxOf(ends), place };
}

export const exactly = (x: number): Elements => ({ low: x, high: x });

/** Undefined: either. */
export const booleans = (known: boolean | undefined): Elements =>
  known === undefined ? { low: 0, high: 1 } : exactly(known ? 1 : 0);

const both = (a: Maybe, b: Maybe, f: (a: Elements, b: Elements) => Elements): Maybe => {
  const found = a && b && f(a, b);
  // What is larger than floats go is plus infinity, and NaN is no number of an interval.
  const isKnown = found && !Number.isNaN(found.low) && !Number.isNaN(found.high);
  return isKnown && (found.high <= LARGEST || (a.place ?? b.place)) ? found : undefined;
};

export const joined = (a: Maybe, b: Maybe): Maybe =>
  both(a, b, (x, y) => ({ low: Math.min(x.low, y.low), high: Math.max(x.high, y.high) }));
export const sum = (a: Maybe, b: Maybe): Maybe => both(a, b, (x, y) => ({ low: x.low + y.low, high: x.high + y.high }));
export const maximum = (a: Maybe, b: Maybe): Maybe =>
  both(a, b, (x, y) => ({ low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) }));
export const minimum = (a: Maybe, b: Maybe): Maybe =>
  both(a, b, (x, y) => ({ low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) }));
export const product = (a: Maybe, b: Maybe): Maybe =>
  both(a, b, (x, y) => {
    const ends = [x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high];
    // An infinity times an interval that holds zero may be NaN.
    return { low: minOf(ends), high: maxOf(ends) };
  });

/** Of minus infinity, nothing: plus infinity is in no interval. */
export const negated = (a: Maybe): Maybe => {
  if (!a || a.low === Number.NEGATIVE_INFINITY) return a?.place && negatedPlace(a, a.place);
  const { low, high, place } = a;
  return { low: -high, high: -low, ...(place && negatedPlace(a, place)) };
};

const negatedPlace = ({ low, high }: Elements, { query, key, c }: Place): Elements => ({
  low: -high,
  high: -low,
  place: { query: -query, key: -key, c: -c },
});

/** The smallest interval with these numbers in it; undefined for none, and where one is NaN or plus infinity. */
export function least(numbers: Iterable<number>): Maybe {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of numbers) {
    if (Number.isNaN(x) || x === Number.POSITIVE_INFINITY) return undefined;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return low <= high ? { low, high } : undefined;
}

/** At and below these a cast gives minus infinity. */
const overflow: Partial<Record<DataType, number>> = {
  float16: -65520,
  bfloat16: -3.3961775e38,
  float32: -3.4028236e38,
};
/** Types that hold every count exactly. */
const counting: ReadonlySet<DataType> = new Set(['int32', 'int64', 'float32', 'float64']);

export function cast(a: Maybe, from: DataType | undefined, to: DataType | undefined): Maybe {
  if (!from || !to) return undefined;
  if (to === 'bool') return booleans(!a || (a.low <= 0 && a.high >= 0 && a.low !== a.high) ? undefined : a.low !== 0);
  if (!a || from === to || to === 'float64') return a;
  const isNumber = a.low === a.high;
  if (a.place && !isNumber) return counting.has(to) ? a : undefined;
  const limit = overflow[to];
  if (limit !== undefined) {
    const rounded = (x: number): number => (x <= limit ? Number.NEGATIVE_INFINITY : x);
    return a.high >= -limit ? undefined : { ...a, low: rounded(a.low), high: rounded(a.high) };
  }
  // To integers: how a float is rounded is not followed.
  return counting.has(to) && [a.low, a.high].every((x) => Number.isInteger(x) && Math.abs(x) < 2 ** 31) ? a : undefined;
}

const limits: Partial<Record<DataType, number>> = {
  float16: 65504,
  bfloat16: LARGEST,
  float32: LARGEST,
  float64: LARGEST,
  int32: 2 ** 31,
  int64: 2 ** 53,
  bool: 1,
};

/** A result in its type: floats that are too low are minus infinity; undefined for what wraps around or is too large. */
export function fitted(a: Maybe, elem: DataType | undefined): Maybe {
  const limit = elem && limits[elem];
  if (!a || limit === undefined || (a.place && a.low !== a.high)) return a && limit !== undefined ? a : undefined;
  const isWhole = elem === 'int32' || elem === 'int64';
  if (a.high > limit || (isWhole && a.low < -limit)) return undefined;
  return a.low < -limit ? { low: Number.NEGATIVE_INFINITY, high: a.high } : a;
}

/** a − b, where rounding cannot have changed its sign. */
export function compared(a: Maybe, b: Maybe): Maybe {
  const found = sum(a, negated(b));
  if (!a || !b || !found) return undefined;
  const ends = [a.low, a.high, b.low, b.high];
  const isExact = ends.every((x) => Number.isInteger(x) && Math.abs(x) <= 2048);
  const least = maxOf(ends.map(Math.abs)) / 64;
  return isExact || found.low > least || found.high < -least ? found : undefined;
}
