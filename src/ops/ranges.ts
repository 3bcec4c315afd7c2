/** How rows say what an operator's numbers lie between, by what its inputs' do. */
import { isFloat } from '../ir/types.js';
import {
  about,
  booleans,
  cast,
  exactly,
  interval,
  isLess,
  joined,
  type Maybe,
  maximum,
  minimum,
  quotient,
  risen,
} from './interval.js';
import type { RangeRule } from './row.js';

export const ofOne =
  (f: (a: Maybe) => Maybe): RangeRule =>
  (input) =>
    f(input(0));
export const ofAll =
  (f: (a: Maybe, b: Maybe) => Maybe): RangeRule =>
  (input, { inputs }) =>
    inputs.map((_, index) => input(index)).reduce((a, b) => f(a, b));

/** A function that rises and is exact; of what is below `from` it gives NaN. */
export const rising = (f: (x: number) => number, from = Number.NEGATIVE_INFINITY): RangeRule =>
  ofOne((a) => (a && a.low >= from ? risen(a, f) : undefined));
/** A function that rises, and is approximated. */
export const curve = (f: (x: number) => number): RangeRule => ofOne((a) => about(risen(a, f)));
/** Of finite numbers: between these, whatever they are. */
export const bounded = (low: number, high: number): RangeRule =>
  ofOne((a) => (a && Number.isFinite(a.high - a.low) ? interval(low, high) : undefined));

/** A comparison: true, false, or undefined where it depends. */
export const ofOrder =
  (isTrue: (a: Maybe, b: Maybe) => boolean | undefined): RangeRule =>
  (input) =>
    booleans(isTrue(input(0), input(1)));
export const isGreater = (a: Maybe, b: Maybe): boolean | undefined => isLess(b, a);
export const isNot =
  (isTrue: typeof isLess): typeof isLess =>
  (a, b) => {
    const truth = isTrue(a, b);
    return truth === undefined ? undefined : !truth;
  };
export const isEqual = (a: Maybe, b: Maybe): boolean | undefined => {
  if (a && b && a.low === a.high && b.low === b.high) return a.low === b.low;
  return isLess(a, b) || isLess(b, a) ? false : undefined;
};

/** Integers are divided towards zero. */
export const ratio: RangeRule = (input, { outputs }) => {
  const found = quotient(input(0), input(1));
  return isFloat(outputs[0]?.elem) ? found : risen(found, Math.trunc);
};

/** Between bounds that are inputs, or attributes of older operator sets. */
export const clipped: RangeRule = (input, node) => {
  const bound = (index: number, name: string, otherwise: number) =>
    node.inputs[index] ? input(index) : exactly(node.float(name, otherwise));
  const above = maximum(input(0), bound(1, 'min', Number.NEGATIVE_INFINITY));
  const found = minimum(above, bound(2, 'max', Number.POSITIVE_INFINITY));
  // Where no bound is given it is the lowest finite number, which minus infinity may become.
  return found && found.low === Number.NEGATIVE_INFINITY ? interval(found.low, found.high, -Number.MAX_VALUE) : found;
};

/** Where(condition, a, b). */
export const ofChoice: RangeRule = (input) => {
  const condition = input(0);
  if (condition?.low === 1) return input(1);
  return condition?.high === 0 ? input(2) : joined(input(1), input(2));
};

export const ofCast: RangeRule = (input, { outputs }) => cast(input(0), outputs[0]?.elem);
