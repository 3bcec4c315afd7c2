/**
 * Arithmetic on intervals of numbers: what comes of numbers that lie between two each. Infinities may be in one, NaN never; undefined stands for
 * anything, NaN included. Results hold for whatever a runtime rounds to their type, before or after.
 */

import { maxOf, minOf } from '../ir/collections/lists.js';
import { bfloat16Of, floatBits, fromBfloat16, fromSmallFloat, toFloat16 } from '../ir/tensors/float-bits.js';
import { type DataType, dataTypes } from '../ir/types.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The lowest finite number: `low`, or what stands above minus infinity; infinite where nothing does. */
  readonly finite: number;
}

export type Maybe = Interval | undefined;

const { POSITIVE_INFINITY: INFINITY, NEGATIVE_INFINITY: MINUS, MAX_VALUE } = Number;

export function interval(low: number, high: number, finite = low): Maybe {
  if (Number.isNaN(low) || Number.isNaN(high)) return undefined;
  const lowest = low > MINUS ? low : Number.isFinite(finite) ? finite : -MAX_VALUE;
  return { low, high, finite: high === MINUS ? INFINITY : lowest };
}

export const exactly = (x: number): Interval => interval(x, x) as Interval;

/** Undefined: either. */
export const booleans = (known?: boolean): Interval =>
  known === undefined ? { low: 0, high: 1, finite: 0 } : exactly(known ? 1 : 0);

export const joined = (a: Maybe, b: Maybe): Maybe =>
  a && b && interval(Math.min(a.low, b.low), Math.max(a.high, b.high), Math.min(a.finite, b.finite));

/** Of a function that rises or falls with each of its arguments, whatever the other is: its extremes stand at the ends. */
const atEnds =
  (f: (x: number, y: number) => number) =>
  (a: Maybe, b: Maybe): Maybe => {
    if (!a || !b) return undefined;
    const from = (x: number, y: number) => [f(x, y), f(x, b.high), f(a.high, y), f(a.high, b.high)];
    const ends = from(a.low, b.low);
    // An infinity times an interval that holds zero may be NaN.
    if (ends.some(Number.isNaN)) return undefined;
    return interval(minOf(ends), maxOf(ends), minOf(from(a.finite, b.finite).filter(Number.isFinite)));
  };

export const sum = atEnds((x, y) => x + y);
export const product = atEnds((x, y) => x * y);
export const maximum = atEnds(Math.max);
export const minimum = atEnds(Math.min);
const ratio = atEnds((x, y) => x / y);

export const quotient = (a: Maybe, b: Maybe): Maybe => (b && (b.low > 0 || b.high < 0) ? ratio(a, b) : undefined);
export const negated = (a: Maybe): Maybe => a && interval(-a.high, -a.low);
export const difference = (a: Maybe, b: Maybe): Maybe => sum(a, negated(b));
export const magnitude = (a: Maybe): Maybe => {
  if (!a || a.low >= 0) return a;
  return a.high <= 0 ? negated(a) : interval(0, Math.max(-a.low, a.high));
};

/** Of a function that rises with its argument. */
export const risen = (a: Maybe, f: (x: number) => number): Maybe => a && interval(f(a.low), f(a.high), f(a.finite));

/** What kernels approximate comes out a little off. */
export const about = (a: Maybe): Maybe =>
  a && interval(a.low - slack(a.low), a.high + slack(a.high), a.finite - slack(a.finite));
const slack = (x: number): number => 2 ** -16 * Math.abs(x) + 2 ** -22;

/** Whether all of a is below all of b (true), or none (false). */
export const isLess = (a: Maybe, b: Maybe): boolean | undefined =>
  !a || !b ? undefined : a.high < b.low ? true : a.low >= b.high ? false : undefined;

/** The smallest interval with these numbers in it; undefined for none, and where one is NaN. */
export function intervalOf(numbers: Iterable<number>): Maybe {
  let [low, high, finite] = [INFINITY, MINUS, INFINITY];
  for (const x of numbers) {
    if (Number.isNaN(x)) return undefined;
    if (x < low) low = x;
    if (x > high) high = x;
    if (x < finite && x > MINUS) finite = x;
  }
  return low <= high ? interval(low, high, finite) : undefined;
}

const rounding: Partial<Record<DataType, (x: number) => number>> = {
  float16: (x) => fromSmallFloat(toFloat16(Math.fround(x)), 'float16'),
  bfloat16: (x) => fromBfloat16(bfloat16Of(floatBits(Math.fround(x)))),
  float32: Math.fround,
  float64: (x) => x,
};

/** A result in its type: floats that are too low are minus infinity; undefined for what wraps around or may be plus infinity. */
export function fitted(a: Maybe, elem: DataType | undefined): Maybe {
  if (!a || !elem) return undefined;
  const round = rounding[elem];
  if (round) {
    // A runtime that computes in a wider type need not round in between.
    const [low, high] = [
      Math.min(a.low, round(a.low)),
      round(a.high) === MINUS ? MINUS : Math.max(a.high, round(a.high)),
    ];
    return high === INFINITY ? undefined : interval(low, high, Math.min(a.finite, round(a.finite)));
  }
  const { kind, bits } = dataTypes[elem];
  const most = kind === 'bool' ? 1 : Math.min(2 ** (kind === 'signed' ? bits - 1 : bits), 2 ** 53) - 1;
  const isWithin = a.high <= most && a.low >= (kind === 'signed' ? -most - 1 : 0);
  return isWithin && (kind === 'signed' || kind === 'unsigned' || kind === 'bool') ? a : undefined;
}

/** What a Cast gives: towards zero for integers, infinite where it is too large for a float. */
export function cast(a: Maybe, to: DataType | undefined): Maybe {
  if (to !== 'bool') return fitted(to && dataTypes[to].kind === 'float' ? a : risen(a, Math.trunc), to);
  return booleans(!a || (a.low <= 0 && a.high >= 0 && a.low !== a.high) ? undefined : a.low !== 0);
}
