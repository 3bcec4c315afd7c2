/** Operators that pick elements by position, and those that write at positions. */

import { axisOf } from '../ir/axes.js';
import { addDims, ceilDivide, type Dim, equalDims, isNonNegative, maxDim, minDim, subtractDims } from '../ir/dims.js';
import type { Shape } from '../ir/types.js';
import type { Call, InferRule, PartialDim, PartialShape } from './call.js';
import { fillContents, MOST } from './contents.js';
import type { Rows } from './row.js';
import { like, numericShape, unknownDims } from './shapes.js';

const gather: InferRule = (call) => {
  const [data, indices] = [call.shape(0), call.shape(1)];
  const axis = data && axisOf(call.int('axis', 0), data.length);
  if (!data || !indices || axis === undefined) return call.setContents(0, undefined);
  const result = [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)];
  call.set(0, result);
  const [source, target, at] = [numericShape(data), numericShape(result), numericShape(indices)];
  const [contents, picks] = [call.contents(0), call.contents(1)];
  if (!source || !target || !at || !contents || !picks) return call.setContents(0, undefined);
  const size = source[axis] as number;
  call.setContents(
    0,
    fillContents(target, (to) => {
      const inner = to.slice(axis, axis + at.length);
      const pick = picks[linear(inner, at)];
      if (typeof pick !== 'number') return undefined;
      const from = [...to.slice(0, axis), pick < 0 ? pick + size : pick, ...to.slice(axis + at.length)];
      return contents[linear(from, source)];
    }),
  );
};

const linear = (at: readonly number[], shape: readonly number[]): number =>
  shape.reduce((index, size, axis) => index * size + (at[axis] as number), 0);

export const gatherND: InferRule = (call) => {
  const [data, indices] = [call.shape(0), call.shape(1)];
  const batch = call.int('batch_dims', 0);
  const depth = indices?.at(-1);
  if (!data || !indices || typeof depth !== 'number') return;
  call.set(0, [...indices.slice(0, -1), ...data.slice(batch + depth)]);
};

interface Bounds {
  readonly axes: readonly (number | undefined)[];
  readonly starts: PartialShape | undefined;
  readonly ends: PartialShape | undefined;
  readonly steps: PartialShape | undefined;
}

/** What Slice cuts; undefined where not even the axes are known. */
function boundsOf(call: Call, rank: number): Bounds | undefined {
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
  if (!shape) return call.setContents(0, undefined);
  const bounds = boundsOf(call, shape.length);
  if (!bounds) {
    call.set(
      0,
      shape.map(() => undefined),
    );
    return call.setContents(0, undefined);
  }
  const { axes, starts, ends, steps } = bounds;
  const result = shape.map((dim, axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? dim : sliced(dim, starts?.[at], ends?.[at], steps?.[at]);
  });
  call.set(0, result);
  call.setContents(0, slicedContents(call, shape, bounds, result));
};

function slicedContents(call: Call, shape: Shape, bounds: Bounds, result: PartialShape) {
  const [source, target, contents] = [numericShape(shape), numericShape(result), call.contents(0)];
  if (!source || !target || !contents) return undefined;
  const from = source.map((size, axis) => {
    const at = bounds.axes.indexOf(axis);
    if (at < 0) return { start: 0, step: 1 };
    const [start, end, step] = [bounds.starts?.[at], bounds.ends?.[at], bounds.steps?.[at]] as number[] as [
      number,
      number,
      number,
    ];
    if (step < 0) return { start: backward(size, start, end)[0], step };
    return { start: clampedTo(start, size) as number, step };
  });
  // A symbolic bound may cut to a known size from an unknown place.
  if (from.some(({ start, step }) => typeof start !== 'number' || typeof step !== 'number')) return undefined;
  return fillContents(target, (to) => {
    const at = to.map((i, axis) => (from[axis]?.start as number) + i * (from[axis]?.step as number));
    return contents[linear(at, source)];
  });
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

export const indexing: Rows = {
  Gather: { infer: gather },
  GatherElements: { infer: like(1) },
  GatherND: { infer: gatherND },
  Slice: { infer: slice },
  Scatter: { infer: like() },
  ScatterElements: { infer: like() },
  ScatterND: { infer: like() },
  TensorScatter: { infer: like() },
  ReverseSequence: { infer: like() },
  TopK: { infer: topK },
  NonZero: { infer: nonZero },
  OneHot: { infer: oneHot },
  Unique: { infer: unique },
};
