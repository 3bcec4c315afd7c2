/** Arithmetic on what small tensors hold: numbers, and dims of which only the symbols are known. */
import {
  addDims,
  type Dim,
  divideExactly,
  equalDims,
  floorDivide,
  isNonNegative,
  maxDim,
  minDim,
  multiplyDims,
  subtractDims,
} from '../ir/dims/dims.js';
import { elementCount } from '../ir/tensors/tensor.js';
import { type DataType, dataTypes, isFloat, isInteger } from '../ir/types.js';
import type { Call, Contents, PartialDim } from './call.js';

/** Of two elements, the result; undefined where it is not known. */
export type Combine = (a: Dim, b: Dim) => PartialDim;
export type Arithmetic = (call: Call) => Combine;

/** Contents of more elements are not followed. */
export const MOST = 1024;

/** A whole number beyond 2^53 would be rounded. */
const exact = (dim: PartialDim): PartialDim =>
  typeof dim === 'number' && Number.isInteger(dim) && !Number.isSafeInteger(dim) ? undefined : dim;
const truth = (value: boolean | undefined): PartialDim => (value === undefined ? undefined : value ? 1 : 0);

/** What two numbers are to each other; not known of two that may have been rounded to be so. */
const compared = (f: (a: Dim, b: Dim) => boolean | undefined): Combine =>
  whole((a, b) => (exact(a) === undefined && exact(b) === undefined ? undefined : truth(f(a, b))));

/** A symbolic dim stands for a whole number: a fraction may not enter its terms. */
const whole =
  (f: Combine): Combine =>
  (a, b) =>
    (typeof a === 'number' && typeof b === 'number') || (isWhole(a) && isWhole(b)) ? f(a, b) : undefined;
const isWhole = (a: Dim): boolean => typeof a !== 'number' || Number.isInteger(a);

const numeric =
  (f: (a: number) => number) =>
  (a: Dim): PartialDim =>
    typeof a === 'number' ? f(a) : undefined;

/** True or false where one holds whatever the symbols are. */
function isAtLeast(a: Dim, b: Dim): boolean | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a >= b;
  if (isNonNegative(subtractDims(a, b))) return true;
  return isNonNegative(subtractDims(subtractDims(b, a), 1)) ? false : undefined;
}

function isEqual(a: Dim, b: Dim): boolean | undefined {
  if (equalDims(a, b)) return true;
  if (isAtLeast(a, b) === false || isAtLeast(b, a) === false) return false;
  return undefined;
}

/** Whole numbers are divided towards zero. */
function divide(elem: DataType | undefined, a: Dim, b: Dim): PartialDim {
  if (b === 0) return undefined;
  if (typeof a === 'number' && typeof b === 'number') {
    return isInteger(elem) ? Math.trunc(a / b) : a / b;
  }
  if (!isWhole(a) || !isWhole(b)) return undefined;
  const quotient = divideExactly(a, b);
  if (quotient !== undefined || !isInteger(elem)) return quotient;
  if (!isNonNegative(b)) return undefined;
  if (isNonNegative(a)) return floorDivide(a, b);
  // Above -b: (height - 1) / 2 is 0 at a height of 0, where the floor would be -1.
  const least = isNonNegative(subtractDims(addDims(a, b), 1)) ? maxDim(a, 0) : undefined;
  return least === undefined ? undefined : floorDivide(least, b);
}

/** Only what is a whole number in every implementation: a square root of a square, a whole power. */
function power(a: Dim, b: Dim): PartialDim {
  if (typeof b !== 'number') return undefined;
  if (b === 1) return a;
  if (typeof a !== 'number') return b === 2 ? multiplyDims(a, a) : undefined;
  const result = b === 0.5 ? Math.sqrt(a) : Number.isInteger(b) && b >= 0 ? a ** b : undefined;
  return Number.isInteger(a) && result !== undefined && Number.isInteger(result) ? exact(result) : undefined;
}

/** Half-way cases go to the even neighbour. */
export const toEven = (x: number): number => (x - Math.floor(x) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

export const arithmetic = {
  add: whole((a, b) => exact(addDims(a, b))),
  subtract: whole((a, b) => exact(subtractDims(a, b))),
  multiply: whole((a, b) => exact(multiplyDims(a, b))),
  divide:
    (elem: DataType | undefined): Combine =>
    (a, b) =>
      divide(elem, a, b),
  power: power as Combine,
  /** The remainder of the division towards minus infinity, or, as C's fmod, towards zero. */
  modulo: (isTowardsZero: boolean): Combine =>
    whole((a, b) => {
      if (!isNonNegative(b) || b === 0 || (isTowardsZero && !isNonNegative(a))) return undefined;
      return subtractDims(a, multiplyDims(b, floorDivide(a, b)));
    }),
  min: whole(minDim),
  max: whole(maxDim),
  equal: compared(isEqual),
  greater: compared((a, b) => (typeof a === 'number' && typeof b === 'number' ? a > b : isAtLeast(a, addDims(b, 1)))),
  greaterOrEqual: compared(isAtLeast),
  and: ((a, b) => (a === 0 || b === 0 ? 0 : a === 1 && b === 1 ? 1 : undefined)) as Combine,
  or: ((a, b) => (a === 1 || b === 1 ? 1 : a === 0 && b === 0 ? 0 : undefined)) as Combine,
  xor: ((a, b) => (typeof a === 'number' && typeof b === 'number' ? a ^ b : undefined)) as Combine,
  not: numeric((a) => (a === 0 ? 1 : 0)),
  abs: (a: Dim): PartialDim => (typeof a === 'number' ? Math.abs(a) : isNonNegative(a) ? a : undefined),
  negate: (a: Dim): PartialDim => subtractDims(0, a),
  floor: (a: Dim): PartialDim => (typeof a === 'number' ? Math.floor(a) : a),
  ceil: (a: Dim): PartialDim => (typeof a === 'number' ? Math.ceil(a) : a),
  round: (a: Dim): PartialDim => (typeof a === 'number' ? toEven(a) : a),
  sqrt: numeric(Math.sqrt),
} as const;

/** A result as its element type holds it: rounded where that is exact to say, else undefined. */
function held(dim: PartialDim, elem: DataType | undefined): PartialDim {
  if (dim === undefined || elem === undefined) return undefined;
  const { kind, bits } = dataTypes[elem];
  if (typeof dim !== 'number') return bits >= 32 ? dim : undefined;
  if (kind === 'float') return elem === 'float64' ? dim : elem === 'float32' ? Math.fround(dim) : undefined;
  if (kind === 'bool') return dim;
  const most = 2 ** (kind === 'signed' ? bits - 1 : bits);
  return dim < most && dim >= (kind === 'signed' ? -most : 0) ? exact(dim) : undefined;
}

/** Each element by itself; `elem` is the type of the results. */
export const mapContents = (
  contents: Contents | undefined,
  elem: DataType | undefined,
  f: (a: Dim) => PartialDim,
): Contents | undefined => contents?.map((one) => (one === undefined ? undefined : held(f(one), elem)));

/** The row-major number of a place in a tensor. */
export const linear = (at: readonly number[], shape: readonly number[]): number =>
  shape.reduce((index, size, axis) => index * size + (at[axis] as number), 0);

/** Where in a tensor of `shape` the element stands that is broadcast to `coordinates`. */
export function broadcastIndex(shape: readonly number[], coordinates: readonly number[]): number {
  const offset = coordinates.length - shape.length;
  return shape.reduce((at, size, axis) => at * size + (size === 1 ? 0 : (coordinates[axis + offset] as number)), 0);
}

/** One of each place of a shape in row-major order, from its coordinates, which are another place's after that. */
export function mapPlaces<T>(shape: readonly number[], f: (coordinates: readonly number[]) => T): T[] {
  const coordinates = shape.map(() => 0);
  const found: T[] = [];
  for (let left = elementCount(shape); left > 0; left--) {
    found.push(f(coordinates));
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      coordinates[axis] = (coordinates[axis] as number) + 1;
      if ((coordinates[axis] as number) < (shape[axis] as number)) break;
      coordinates[axis] = 0;
    }
  }
  return found;
}

/** Elements in row-major order, each from its coordinates; undefined where there are too many. */
export function fillContents(
  shape: readonly number[],
  f: (coordinates: readonly number[]) => PartialDim,
): Contents | undefined {
  const count = elementCount(shape);
  return count > MOST || count * shape.length > 16 * MOST ? undefined : mapPlaces(shape, f);
}

export const combine = (
  left: Contents,
  leftShape: readonly number[],
  right: Contents,
  rightShape: readonly number[],
  shape: readonly number[],
  elem: DataType | undefined,
  f: Combine,
): Contents | undefined =>
  fillContents(shape, (at) => {
    const a = left[broadcastIndex(leftShape, at)];
    const b = right[broadcastIndex(rightShape, at)];
    return a === undefined || b === undefined ? undefined : held(f(a, b), elem);
  });

/** Where's elements: where the condition is not known, what both sides agree on. */
export function chooseContents(
  contents: readonly (Contents | undefined)[],
  shapes: readonly (readonly number[] | undefined)[],
  shape: readonly number[],
): Contents | undefined {
  if (!shapes.every((one) => one !== undefined)) return undefined;
  const at = (index: number, coordinates: readonly number[]) =>
    contents[index]?.[broadcastIndex(shapes[index] as number[], coordinates)];
  return fillContents(shape, (coordinates) => {
    const condition = at(0, coordinates);
    const [a, b] = [at(1, coordinates), at(2, coordinates)];
    if (condition === 1) return a;
    if (condition === 0) return b;
    return a !== undefined && b !== undefined && equalDims(a, b) ? a : undefined;
  });
}

/** Contents in another element type, where each element stays what it is. */
export function castContents(
  contents: Contents | undefined,
  from: DataType | undefined,
  to: DataType | undefined,
): Contents | undefined {
  if (!contents || !to || !from) return undefined;
  const { kind, bits } = dataTypes[to];
  return contents.map((one) => {
    if (one === undefined) return undefined;
    if (kind === 'bool') return typeof one === 'number' ? truth(one !== 0) : isAtLeast(one, 1) ? 1 : undefined;
    if (kind === 'float') {
      if (typeof one === 'number') return to === 'float64' ? one : to === 'float32' ? Math.fround(one) : undefined;
      // A size is exact in float32 up to 2^24, beyond any dim that is not a count of all elements.
      return bits >= 32 ? one : undefined;
    }
    if (kind !== 'signed' && kind !== 'unsigned') return undefined;
    const value = typeof one === 'number' && isFloat(from) ? Math.trunc(one) : one;
    if (typeof value !== 'number') return bits >= 32 ? value : undefined;
    const isSigned = kind === 'signed';
    const most = 2 ** (isSigned ? bits - 1 : bits);
    return value < most && value >= (isSigned ? -most : 0) ? value : undefined;
  });
}
