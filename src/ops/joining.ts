/** Operators that put tensors together, take them apart, or repeat and extend them. */

import { axisOf } from '../ir/axes.js';
import { addDims, ceilDivide, type Dim, divideExactly, multiplyDims, subtractDims } from '../ir/dims.js';
import type { Shape } from '../ir/types.js';
import type { Call, Contents, InferRule, PartialDim, PartialShape } from './call.js';
import { fillContents, MOST } from './contents.js';
import type { Rows } from './row.js';
import { broadcastShapes, numericShape, unknownDims } from './shapes.js';

const concat: InferRule = (call) => {
  const shapes = Array.from({ length: call.inputCount }, (_, index) => call.shape(index));
  const result = concatenatedShape(shapes, call.int('axis', 1));
  call.set(0, result);
  call.setContents(0, result?.length === 1 ? concatenated(call, shapes) : undefined);
};

/** The shape of tensors one behind the other along an axis; undefined where no rank is known. */
export function concatenatedShape(
  shapes: readonly (PartialShape | undefined)[],
  named: number,
): PartialShape | undefined {
  const known = shapes.find((shape) => shape !== undefined);
  const axis = known && axisOf(named, known.length);
  return known?.map((_, at): PartialDim => {
    const dims = shapes.map((shape) => shape?.[at]);
    if (at === axis)
      return dims.reduce((a, b) => (a === undefined || b === undefined ? undefined : addDims(a, b)), 0 as PartialDim);
    // They are equal: a number says most.
    return dims.find((dim) => typeof dim === 'number') ?? dims.find((dim) => dim !== undefined);
  });
}

function concatenated(call: Call, shapes: readonly (PartialShape | undefined)[]): Contents | undefined {
  const counts = shapes.map((shape) => numericShape(shape)?.[0] ?? Number.POSITIVE_INFINITY);
  if (counts.reduce((sum, count) => sum + count, 0) > MOST) return undefined;
  const parts = counts.map((count, index) => call.contents(index) ?? new Array<PartialDim>(count).fill(undefined));
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}

const split: InferRule = (call) => {
  const shape = call.shape(0);
  const count = call.node.outputs.length;
  const axis = shape && axisOf(call.int('axis', 0), shape.length);
  if (!shape || axis === undefined) return;
  const isGiven = call.opset < 13 ? call.ints('split') !== undefined : call.has(1);
  const sizes = call.opset < 13 ? call.ints('split') : call.contents(1);
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const size = isGiven ? sizes?.[index] : partOf(shape[axis] as Dim, call.int('num_outputs', count), index);
    call.set(
      index,
      shape.map((dim, at) => (at === axis ? size : dim)),
    );
    const contents = shape.length === 1 ? call.contents(0) : undefined;
    const from: number = offset;
    if (contents && typeof size === 'number') {
      call.setContents(index, contents.slice(from, from + size));
      offset += size;
    } else call.setContents(index, undefined);
  }
};

/** Parts of one size; where that does not come out even, the last is smaller. */
function partOf(dim: Dim, parts: number, index: number): PartialDim {
  const even = divideExactly(dim, parts);
  if (even !== undefined) return even;
  const size = ceilDivide(dim, parts);
  return index < parts - 1 ? size : subtractDims(dim, multiplyDims(size, parts - 1));
}

const expand: InferRule = (call) => {
  const target = call.contents(1) ?? unknownDims(call.dim(1, 0));
  const result = broadcastShapes(call.shape(0), target);
  call.set(0, result);
  repeat(call, result);
};

/** A known scalar repeated is known everywhere. */
function repeat(call: Call, result: PartialShape | undefined): void {
  const shape = numericShape(result);
  const scalar = call.scalar(0);
  const same = shape && shape.join() === numericShape(call.shape(0))?.join() ? call.contents(0) : undefined;
  call.setContents(0, same ?? (shape && scalar !== undefined ? fillContents(shape, () => scalar) : undefined));
}

const tile: InferRule = (call) => {
  const shape = call.shape(0);
  if (call.opset < 6)
    return call.set(
      0,
      shape?.map(() => undefined),
    );
  const repeats = call.contents(1);
  const result = shape?.map((dim, axis) => {
    const times = repeats?.[axis];
    return times === undefined ? undefined : multiplyDims(dim, times);
  });
  call.set(0, result);
  repeat(call, result);
};

const pad: InferRule = (call) => {
  const shape = call.shape(0);
  const pads = call.opset < 11 ? (call.ints('pads') ?? call.ints('paddings')) : call.contents(1);
  if (!shape) return;
  const isSome = call.opset >= 18 && call.has(3);
  const given = isSome ? call.numbers(3) : shape.map((_, axis) => axis);
  const axes = given?.map((axis) => axisOf(axis, shape.length));
  call.set(0, axes ? padded(shape, axes, pads) : shape.map(() => undefined));
};

/** The shape with what stands before and after each of the axes: `pads` has the befores of all, then the afters. */
export const padded = (shape: Shape, axes: readonly (number | undefined)[], pads: Contents | undefined): PartialShape =>
  shape.map((dim, axis) => {
    const at = axes.indexOf(axis);
    if (at < 0) return dim;
    const [before, after] = [pads?.[at], pads?.[at + axes.length]];
    return before === undefined || after === undefined ? undefined : addDims(dim, addDims(before, after));
  });

/** CenterCropPad gives the axes it names the sizes it is told. */
const centerCropPad: InferRule = (call) => {
  const shape = call.shape(0);
  if (!shape) return;
  const axes = (call.ints('axes') ?? shape.map((_, axis) => axis)).map((axis) => axisOf(axis, shape.length));
  const sizes = call.contents(1);
  call.set(
    0,
    shape.map((dim, axis) => (axes.includes(axis) ? sizes?.[axes.indexOf(axis)] : dim)),
  );
};

/** What it gives depends on the truths, except that it is of the input's rank along an axis, else flat. */
const compress: InferRule = (call) => {
  const axis = call.int('axis');
  const shape = call.shape(0);
  const count = call.numbers(1)?.filter((truth) => truth !== 0).length;
  if (axis === undefined) return call.set(0, [count]);
  call.set(
    0,
    shape?.map((dim, at) => (at === axisOf(axis, shape.length) ? count : dim)),
  );
};

export const joining: Rows = {
  Concat: { infer: concat },
  Split: { infer: split },
  Expand: { infer: expand },
  Tile: { infer: tile },
  Pad: { infer: pad },
  CenterCropPad: { infer: centerCropPad },
  Compress: { infer: compress },
};
