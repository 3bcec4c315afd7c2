/** Operators that pick elements by position, and those that write at positions. */

import { axisOf } from '../../ir/dims/axes.js';
import {
  addDims,
  ceilDivide,
  type Dim,
  equalDims,
  isNonNegative,
  maxDim,
  minDim,
  subtractDims,
} from '../../ir/dims/dims.js';
import type { Node } from '../../ir/node.js';
import { type InferRule, MOST_AXES, type PartialDim, type PartialShape, type Reading } from '../call.js';
import { fillContents, linear, MOST } from '../contents.js';
import { all, axes, axesAt, axis, sameRank } from '../demands.js';
import { along, fixed, indexIn, type Movement, type SourcePlace, toldBy } from '../movement.js';
import { exact, ranks, selection } from '../precision.js';
import type { Moves, Rows } from '../row.js';
import { like, numericShape, unknownDims } from '../shapes.js';
import { tableWeights } from '../weights.js';
import { asItIs } from './views.js';

const gather: InferRule = (call) => {
  const [data, indices] = [call.shape(0), call.shape(1)];
  const axis = data && axisOf(call.int('axis', 0), data.length);
  if (data && indices && axis !== undefined) call.set(0, [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)]);
};

/** Along an axis the places that the indices say, whose own axes stand there in the output. */
function gathered(reading: Reading): Movement | undefined {
  const [data, indices, contents] = [reading.shape(0), reading.shape(1), reading.contents(1)];
  const axis = data && axisOf(reading.int('axis', 0), data.length);
  const source = reading.node.inputs[0];
  if (!data || !indices || axis === undefined || !source) return undefined;
  const size = data[axis] as Dim;
  const sizes = numericShape(indices);
  const at = contents?.map((index) => indexIn(index, size));
  const [scalar] = at ?? [];
  const place = (): SourcePlace => {
    if (indices.length === 0) return scalar === undefined ? toldBy(reading, undefined, 1) : fixed(scalar);
    return at && sizes ? { ...along(axis), list: { contents: at, sizes } } : toldBy(reading, axis, 1);
  };
  const places = data.map((_, i) => (i === axis ? place() : along(i < axis ? i : i - 1 + indices.length)));
  return { kind: 'placed', source, places };
}

export const gatherND: InferRule = (call) => {
  const [data, indices] = [call.shape(0), call.shape(1)];
  const batch = call.int('batch_dims', 0);
  const depth = indices?.at(-1);
  if (!data || !indices || typeof depth !== 'number') return;
  call.set(0, [...indices.slice(0, -1), ...data.slice(batch + depth)]);
};

function gatheredND(reading: Reading): Movement | undefined {
  const [data, indices] = [reading.shape(0), reading.shape(1)];
  const batch = reading.int('batch_dims', 0);
  const depth = indices?.at(-1);
  const source = reading.node.inputs[0];
  if (!data || !indices || typeof depth !== 'number' || !source) return undefined;
  const places = data.map((_, i) => {
    if (i < batch) return along(i);
    return i < batch + depth ? toldBy(reading, batch, 1) : along(i - batch - depth + indices.length - 1);
  });
  return { kind: 'placed', source, places };
}

interface SliceBounds {
  readonly axes: readonly (number | undefined)[];
  readonly starts: PartialShape | undefined;
  readonly ends: PartialShape | undefined;
  readonly steps: PartialShape | undefined;
}

/** What Slice cuts; undefined where not even the axes are known. */
function boundsOf(call: Reading, rank: number): SliceBounds | undefined {
  if (call.opset < 10) {
    const [starts, ends] = [call.ints('starts'), call.ints('ends')];
    const axes = (call.ints('axes') ?? starts?.map((_, axis) => axis))?.map((axis) => axisOf(axis, rank));
    return axes && { axes, starts, ends, steps: axes.map(() => 1) };
  }
  const [starts, ends] = [call.contents(1), call.contents(2)];
  const count = call.dim(1, 0) ?? call.dim(2, 0);
  const given = call.has(3) ? call.numbers(3) : unknownDims(count)?.map((_, i) => i);
  const axes = given?.map((axis) => axisOf(axis, rank));
  return axes && { axes, starts, ends, steps: call.has(4) ? call.contents(4) : axes.map(() => 1) };
}

/** Exporters write such positions for the very end, and their negatives for the beginning. */
const FAR = 2 ** 31 - 1;

/** A position as Slice takes it: negative from the end, and within 0 and the size. */
function clampedTo(position: Dim, size: Dim): PartialDim {
  if (typeof position === 'number') {
    // Beyond any size: to the end.
    if (position >= FAR) return size;
    if (position <= -FAR) return 0;
    if (position < 0) return maxDim(addDims(size, position), 0);
    return position === 0 ? 0 : minDim(position, size);
  }
  if (isNonNegative(position)) return minDim(position, size);
  // size - n, n beyond 0: whether it is negative only a run can tell.
  return undefined;
}

function sliced(size: Dim, start: PartialDim, end: PartialDim, step: PartialDim): PartialDim {
  if (start === undefined || end === undefined || typeof step !== 'number' || step === 0) return undefined;
  if (step < 0) {
    if (typeof size !== 'number' || typeof start !== 'number' || typeof end !== 'number') {
      const isAll =
        (start === -1 || (typeof start === 'number' && start >= FAR)) && typeof end === 'number' && end <= -FAR;
      return isAll ? ceilDivide(size, -step) : undefined;
    }
    const [from, to] = backward(size, start, end);
    return Math.max(0, Math.ceil((to - from) / step));
  }
  const [from, to] = [clampedTo(start, size), clampedTo(end, size)];
  if (from === undefined || to === undefined) return undefined;
  if (equalDims(to, size)) {
    // All but the first few, or the last few.
    const isFromEnd = typeof start === 'number' && start < 0;
    const length = isFromEnd ? minDim(-start, size) : maxDim(subtractDims(size, start), 0);
    return isFromEnd && start <= -FAR ? ceilDivide(size, step) : ceilDivide(length, step);
  }
  return maxDim(ceilDivide(subtractDims(to, from), step), 0);
}

function backward(size: number, start: number, end: number): readonly [number, number] {
  const from = Math.min(Math.max(start < 0 ? start + size : start, 0), size - 1);
  const to = Math.min(Math.max(end < 0 ? end + size : end, -1), size - 1);
  return [from, to];
}

const slice: InferRule = (call) => {
  const shape = call.shape(0);
  const bounds = shape && boundsOf(call, shape.length);
  call.set(
    0,
    shape?.map((dim, axis) => {
      const at = bounds ? bounds.axes.indexOf(axis) : undefined;
      if (at === undefined || at < 0) return at === undefined ? undefined : dim;
      return sliced(dim, bounds?.starts?.[at], bounds?.ends?.[at], bounds?.steps?.[at]);
    }),
  );
};

/** What a Slice takes; of every axis all, from the front, where it does not depend on what the rank is. */
function taken(reading: Reading): Movement | undefined {
  const source = reading.node.inputs[0];
  const shape = reading.shape(0);
  if (!source) return undefined;
  const bounds = boundsOf(reading, shape?.length ?? MOST_AXES);
  const isAll = (start: PartialDim, at: number): boolean => {
    const [end, step] = [bounds?.ends?.[at], bounds?.steps?.[at]];
    return start === 0 && step === 1 && typeof end === 'number' && end >= FAR;
  };
  if (bounds?.starts?.every(isAll)) return asItIs(reading);
  const result = reading.shapeOf(0);
  const place = (size: Dim, axis: number): SourcePlace => {
    const at = bounds ? bounds.axes.indexOf(axis) : undefined;
    if (at !== undefined && at < 0) return along(axis);
    const [start, end, step] = at === undefined ? [] : [bounds?.starts?.[at], bounds?.ends?.[at], bounds?.steps?.[at]];
    const length = result?.[axis];
    if (typeof step === 'number' && step > 0) {
      // As long as the whole: the whole.
      const isWhole = step === 1 && length !== undefined && equalDims(length, size);
      const from = isWhole ? 0 : start === undefined ? undefined : clampedTo(start, size);
      if (from !== undefined) return along(axis, from, step);
    }
    const isKnown = typeof size === 'number' && typeof start === 'number' && typeof step === 'number' && step < 0;
    return isKnown ? along(axis, backward(size, start, Number(end))[0], step) : toldBy(reading, axis, 1, 2, 3, 4);
  };
  return shape && { kind: 'placed', source, places: shape.map(place) };
}

const topK: InferRule = (call) => {
  const shape = call.shape(0);
  const k = call.opset < 10 ? call.int('k') : call.scalar(1);
  const axis = shape && axisOf(call.int('axis', -1), shape.length);
  const result = shape?.map((dim, at) => (at === axis ? k : dim));
  call.set(0, result);
  call.set(1, result);
};

/** One row an axis, one column an element that is not 0; of a scalar, one row. */
const nonZero: InferRule = (call) => {
  const shape = call.shape(0);
  const [numbers, source] = [call.numbers(0), numericShape(shape)];
  const found = numbers?.flatMap((number, at) => (number === 0 ? [] : [at]));
  const rank = shape && Math.max(1, shape.length);
  call.set(0, [rank, found?.length]);
  if (!found || !source || source.length === 0 || found.length * source.length > MOST)
    return call.setContents(0, undefined);
  const strides = source.map((_, axis) => source.slice(axis + 1).reduce((n, size) => n * size, 1));
  call.setContents(
    0,
    source.flatMap((size, axis) => found.map((at) => Math.floor(at / (strides[axis] as number)) % size)),
  );
};

const oneHot: InferRule = (call) => {
  const shape = call.shape(0);
  const axis = shape && axisOf(call.int('axis', -1), shape.length + 1);
  if (!shape || axis === undefined) return;
  const depth = call.scalar(1);
  const result = [...shape.slice(0, axis), depth, ...shape.slice(axis)];
  call.set(0, result);
  const [target, source] = [numericShape(result), numericShape(shape)];
  const [picks, values] = [call.numbers(0), call.contents(2)];
  const isKnown = target && source && picks && values?.length === 2 && typeof depth === 'number';
  call.setContents(
    0,
    isKnown
      ? fillContents(target, (to) => {
          const pick = picks[linear([...to.slice(0, axis), ...to.slice(axis + 1)], source)] as number;
          return values[(pick < 0 ? pick + depth : pick) === to[axis] ? 1 : 0];
        })
      : undefined,
  );
};

const unique: InferRule = (call) => {
  const shape = call.shape(0);
  const axis = call.int('axis');
  const at = shape && axis !== undefined ? axisOf(axis, shape.length) : undefined;
  const count = call.unknown(0, 0) ?? call.unknown(1, 0) ?? call.unknown(3, 0);
  if (axis === undefined) call.set(0, [count]);
  else
    call.set(
      0,
      shape?.map((dim, i) => (i === at ? count : dim)),
    );
  call.set(1, [count]);
  call.set(2, [undefined]);
  call.set(3, [count]);
};

const scattered: Moves = { from: [0, 2], when: (node) => (node.string('reduction') ?? 'none') === 'none' };

const byAxis = (node: Node): number => node.int('axis', 0);

export const indexing: Rows = {
  Gather: {
    infer: gather,
    demands: axis(0),
    moves: { from: [0], how: gathered },
    precision: selection,
    weights: tableWeights([0], byAxis),
  },
  GatherElements: {
    infer: like(1),
    demands: all(sameRank(0, 1), axis(0)),
    moves: { from: [0] },
    precision: selection,
    weights: tableWeights([0], byAxis),
  },
  GatherND: {
    infer: gatherND,
    moves: { from: [0], how: gatheredND },
    precision: selection,
    weights: tableWeights([0]),
  },
  Slice: { infer: slice, demands: axes(axesAt(3, 10)), moves: { from: [0], how: taken } },
  Scatter: { infer: like(), moves: scattered },
  ScatterElements: { infer: like(), demands: all(sameRank(0, 1), axis(0)), moves: scattered, precision: selection },
  ScatterND: { infer: like(), moves: scattered, precision: selection },
  TensorScatter: { infer: like(), moves: { from: [0, 1] } },
  ReverseSequence: { infer: like(), moves: { from: [0] } },
  TopK: {
    infer: topK,
    demands: axis(-1),
    moves: { from: [0], outputs: 1, isChoice: true },
    precision: { decides: [ranks(0)] },
  },
  NonZero: { infer: nonZero, precision: exact },
  OneHot: { infer: oneHot, precision: { ...selection, float32Inputs: [1], isExact: true } },
  Unique: { infer: unique, moves: { from: [0], outputs: 1, isChoice: true } },
};
