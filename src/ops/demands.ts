/** What operators demand of their inputs' ranks and sizes: a runtime refuses what refutes a demand, whatever symbols stand for. */
import { axisOf } from '../ir/dims/axes.js';
import { isNonNegative, subtractDims } from '../ir/dims/dims.js';
import type { Call, PartialDim, PartialShape } from './call.js';
import { numericShape } from './shapes.js';

/** What was expected and is not so; undefined where all is well, or may be. */
export type Demand = (call: Call) => string | undefined;

/** The first that is refuted. */
export const all =
  (...demands: readonly Demand[]): Demand =>
  (call) => {
    for (const demand of demands) {
      const expected = demand(call);
      if (expected !== undefined) return expected;
    }
    return undefined;
  };

/** No size is 0, whatever the symbols are. */
const isFull = (shape: PartialShape): boolean =>
  shape.every((dim) => dim !== undefined && isNonNegative(subtractDims(dim, 1)));

/** Only where input 0 has elements: the runtime gives what is empty before it looks. */
export const unlessEmpty =
  (demand: Demand): Demand =>
  (call) => {
    const [expected, shape] = [demand(call), call.shape(0)];
    return expected !== undefined && shape && isFull(shape) ? expected : undefined;
  };

/** What is reduced has such axes: of a scalar the runtime takes any. */
export const reducible = (demand: Demand): Demand =>
  unlessEmpty((call) => (call.rank(0) === 0 ? undefined : demand(call)));

/** An input is of one of these ranks. */
export const rank =
  (index: number, ...ranks: readonly number[]): Demand =>
  (call) => {
    const found = call.rank(index);
    return found === undefined || ranks.includes(found) ? undefined : `input ${index} of rank ${ranks.join(' or ')}`;
  };

/** An input has so many axes or more. */
export const leastRank =
  (index: number, least: number): Demand =>
  (call) =>
    (call.rank(index) ?? least) < least ? `input ${index} of rank ${least} or more` : undefined;

/** Two inputs have as many axes. */
export const sameRank =
  (a: number, b: number): Demand =>
  (call) =>
    differ(call.rank(a), call.rank(b)) ? `inputs ${a} and ${b} of one rank` : undefined;

/** Dims of two inputs that are one. */
export const sameDim =
  (a: number, axisOfA: number, b: number, axisOfB: number): Demand =>
  (call) => {
    const [x, y] = [call.dim(a, axisOfA), call.dim(b, axisOfB)];
    return differ(x, y) ? `${y} at axis ${axisOfA} of input ${a}, not ${x}` : undefined;
  };

const isOutside = (axis: PartialDim, rank: number): boolean =>
  typeof axis === 'number' && axisOf(axis, rank) === undefined;

/** What names axes of input 0, or of a result that has these more. */
export const axes =
  (named: (call: Call) => readonly PartialDim[] | undefined, areAdded = false): Demand =>
  (call) => {
    const [rank, list] = [call.rank(0), named(call)];
    if (rank === undefined || !list) return undefined;
    const odd = list.find((axis) => isOutside(axis, areAdded ? rank + list.length : rank));
    return odd === undefined ? undefined : `an axis of its inputs, not ${odd}`;
  };

/** The attribute `axis`. */
export const axis = (otherwise: number): Demand => axes((call) => [call.int('axis', otherwise)]);

/** The axes of an attribute, or of an input since some opset. */
export const axesAt =
  (index: number, since: number) =>
  (call: Call): readonly PartialDim[] | undefined =>
    call.opset < since ? call.ints('axes') : call.contents(index);

/** An input that lists so much for each axis of input 0. */
export const oneForEach =
  (index: number, times = 1): Demand =>
  (call) => {
    const [rank, count] = [call.rank(0), call.dim(index, 0)];
    return rank !== undefined && differ(count, rank * times) ? `${times * rank} numbers in input ${index}` : undefined;
  };

const differ = (a: PartialDim, b: PartialDim): boolean => typeof a === 'number' && typeof b === 'number' && a !== b;
const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** True where two dims, aligned at the ends, are different numbers of which none is 1. */
const clash = (a: PartialShape, b: PartialShape): boolean =>
  a.some((_, at) => {
    const [x, y] = [a.at(-1 - at), b.at(-1 - at)];
    return at < b.length && x !== 1 && y !== 1 && differ(x, y);
  });

export const broadcasts: Demand = (call) => {
  if (call.opset < 7 || call.inputCount < 2) return undefined;
  const found: number[] = [];
  for (let index = 0; index < call.inputCount; index++) {
    const shape = call.shape(index) ?? [];
    for (let at = 1; at <= shape.length; at++) {
      const dim = shape[shape.length - at];
      if (typeof dim === 'number' && dim !== 1 && (found[at] ??= dim) !== dim) return 'shapes that broadcast';
    }
  }
  return undefined;
};

export const expandable: Demand = (call) => {
  const [data, target] = [call.shape(0), call.contents(1)];
  return data && target && clash(data, target) ? `a shape that broadcasts with [${target.join(', ')}]` : undefined;
};

export const factors =
  (second = 1): Demand =>
  (call) => {
    const [a, b] = [call.shape(0), call.shape(second)];
    if (a?.length === 0 || b?.length === 0) return 'matrices or vectors';
    if (!a || !b) return undefined;
    const [columns, rows] = [a.at(-1), b.length > 1 ? b.at(-2) : b[0]];
    if (differ(columns, rows)) return `as many columns on the left as rows on the right, not ${columns} and ${rows}`;
    return clash(a.slice(0, -2), b.slice(0, -2)) ? 'batches that broadcast' : undefined;
  };

export const matrices: Demand = (call) => {
  const [a, b] = [call.shape(0), call.shape(1)];
  // The runtime takes a vector for a row.
  if ((a && a.length > 2) || (b && b.length !== 2)) return 'two matrices';
  const [columns, rows] = [a?.[call.int('transA', 0) ? 0 : 1], b?.[call.int('transB', 0) ? 1 : 0]];
  return differ(columns, rows)
    ? `as many columns on the left as rows on the right, not ${columns} and ${rows}`
    : undefined;
};

export const reshapable: Demand = (call) => {
  const data = numericShape(call.shape(0));
  const target = call.opset < 5 ? call.ints('shape') : call.numbers(1);
  if (!data || !target) return undefined;
  const copies = call.int('allowzero', 0) === 0;
  const dims = target.map((dim, axis) => (dim === 0 && copies ? data[axis] : dim));
  const text = `[${target.join(', ')}]`;
  if (dims.includes(undefined)) return `a dim to copy for each 0 of ${text}`;
  const [count, rest] = [product(data), product((dims as number[]).filter((dim) => dim !== -1))];
  const free = dims.filter((dim) => dim === -1).length;
  if (free > 1) return `one -1 at most in ${text}`;
  const fits = free === 1 ? rest === 0 || count % rest === 0 : rest === count;
  return fits ? undefined : `${free ? 'a multiple of ' : ''}${rest} elements for ${text}, not ${count}`;
};

export const joinable: Demand = (call) => {
  let rank: number | undefined;
  const found: number[] = [];
  const named = call.int('axis', 1);
  for (let index = 0; index < call.inputCount; index++) {
    const shape = call.shape(index);
    // The runtime passes over what is empty, whatever its rank.
    if (!shape || !isFull(shape)) continue;
    rank ??= shape.length;
    if (shape.length !== rank) return 'inputs of one rank';
    const axis = axisOf(named, rank);
    if (axis === undefined) return `an axis of its inputs, not ${named}`;
    const isOdd = (dim: PartialDim, at: number) =>
      at !== axis && typeof dim === 'number' && (found[at] ??= dim) !== dim;
    if (shape.some(isOdd)) return `dims that are equal but for axis ${axis}`;
  }
  return undefined;
};

export const permutable: Demand = (call) => {
  const [rank, perm] = [call.rank(0), call.ints('perm')];
  return rank !== undefined && perm && perm.length !== rank ? `rank ${perm.length}, as perm has` : undefined;
};

/** Squeeze takes dims of 1. */
export const ones: Demand = (call) => {
  const shape = call.shape(0);
  const odd = shape && axesAt(1, 13)(call)?.find((axis) => typeof axis === 'number' && differ(shape.at(axis), 1));
  return odd === undefined ? undefined : `1 at axis ${odd}`;
};

/** The data have batch, channels and the axes of the window, which the weights at `weights` have too. */
export const windowed =
  (weights?: number): Demand =>
  (call) => {
    const [rank, window] = [call.rank(0), call.ints('kernel_shape')?.length];
    const expected = window === undefined ? undefined : window + 2;
    if (differ(rank, expected)) return `data of rank ${expected}`;
    return weights !== undefined && differ(rank, call.rank(weights)) ? 'data and weights of one rank' : undefined;
  };

/** [batch, channels, …] and [outputs, channels / group, …]. */
export const convolved =
  (weights = 1): Demand =>
  (call) => {
    const channels = call.dim(weights, 1);
    const expected = typeof channels === 'number' ? channels * call.int('group', 1) : undefined;
    const found = call.dim(0, 1);
    return windowed(weights)(call) ?? (differ(found, expected) ? `${expected} channels, not ${found}` : undefined);
  };

/** Each term of an Einsum has as many labels as its input axes. */
export const labelled: Demand = (call) => {
  const terms = call.string('equation')?.replaceAll(' ', '').split('->')[0]?.split(',') ?? [];
  const odd = terms.findIndex((term, index) => {
    const [found, labels] = [call.rank(index), term.replace('...', '').length];
    return found !== undefined && (term.includes('...') ? found < labels : found !== labels);
  });
  return odd < 0 ? undefined : `input ${odd} with an axis for each label of ${terms[odd]}`;
};
