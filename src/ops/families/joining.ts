/** Operators that put tensors together, take them apart, or repeat and extend them. */

import { axisOf } from '../../ir/dims/axes.js';
import {
  addDims,
  ceilDivide,
  type Dim,
  divideExactly,
  equalDims,
  multiplyDims,
  subtractDims,
} from '../../ir/dims/dims.js';
import type { Node } from '../../ir/node.js';
import type { Shape } from '../../ir/types.js';
import type { Contents, InferRule, PartialDim, PartialShape, Reading } from '../call.js';
import { axis, expandable, joinable, oneForEach } from '../demands.js';
import { along, fixed, type Movement, type SourcePlace, toldBy } from '../movement.js';
import type { Rows } from '../row.js';
import { broadcastShapes, unknownDims } from '../shapes.js';
import { asItIs } from './views.js';

const shapesOf = (reading: Reading) => Array.from({ length: reading.inputCount }, (_, index) => reading.shape(index));

const concat: InferRule = (call) => call.set(0, concatenatedShape(shapesOf(call), call.int('axis', 1)));

function joined(reading: Reading): Movement | undefined {
  if (reading.inputCount === 1) return asItIs(reading);
  const sources = reading.node.inputs.filter((value) => value !== undefined);
  const rank = shapesOf(reading).find((shape) => shape !== undefined)?.length;
  const axis = rank === undefined ? undefined : axisOf(reading.int('axis', 1), rank);
  return axis === undefined || sources.length < reading.inputCount ? undefined : { kind: 'joined', sources, axis };
}

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

const split: InferRule = (call) => {
  const shape = call.shape(0);
  const count = call.node.outputs.length;
  const axis = shape && axisOf(call.int('axis', 0), shape.length);
  if (!shape || axis === undefined) return;
  const isGiven = call.opset < 13 ? call.ints('split') !== undefined : call.has(1);
  const sizes = call.opset < 13 ? call.ints('split') : call.contents(1);
  for (let index = 0; index < count; index++) {
    const size = isGiven ? sizes?.[index] : partOf(shape[axis] as Dim, call.int('num_outputs', count), index);
    call.set(
      index,
      shape.map((dim, at) => (at === axis ? size : dim)),
    );
  }
};

/** Behind the parts before it, on its axis. */
function cut(reading: Reading, output: number): Movement | undefined {
  const source = reading.node.inputs[0];
  const shape = reading.shape(0);
  const axis = shape && axisOf(reading.int('axis', 0), shape.length);
  if (!source || !shape || axis === undefined) return undefined;
  let start: PartialDim = 0;
  for (let index = 0; index < output; index++) {
    const size = reading.shapeOf(index)?.[axis];
    start = start === undefined || size === undefined ? undefined : addDims(start, size);
  }
  const place = start === undefined ? toldBy(reading, axis, 1) : along(axis, start);
  return { kind: 'placed', source, places: shape.map((_, i) => (i === axis ? place : along(i))) };
}

/** Parts of one size; where that does not come out even, the last is smaller. */
function partOf(dim: Dim, parts: number, index: number): PartialDim {
  const even = divideExactly(dim, parts);
  if (even !== undefined) return even;
  const size = ceilDivide(dim, parts);
  return index < parts - 1 ? size : subtractDims(dim, multiplyDims(size, parts - 1));
}

const expand: InferRule = (call) => {
  const target = call.contents(1) ?? unknownDims(call.dim(1, 0));
  call.set(0, broadcastShapes(call.shape(0), target));
};

/** Each axis again and again: by a broadcast one of size 1, by Tile as a whole. */
const repeated =
  (isBroadcast: boolean) =>
  (reading: Reading): Movement | undefined => {
    const source = reading.node.inputs[0];
    const [from, to] = [reading.shape(0), reading.shapeOf(0)];
    if (!source || !from || !to) return undefined;
    const added = to.length - from.length;
    const places = from.map((size, i): SourcePlace => {
      const length = to[i + added];
      if (length !== undefined && equalDims(length, size)) return along(i + added);
      if (size === 1) return fixed(0);
      return isBroadcast ? toldBy(reading, i + added, 1) : { ...along(i + added), cycle: size };
    });
    return { kind: 'placed', source, places };
  };

const tile: InferRule = (call) => {
  const shape = call.shape(0);
  if (call.opset < 6)
    return call.set(
      0,
      shape?.map(() => undefined),
    );
  const repeats = call.contents(1);
  call.set(
    0,
    shape?.map((dim, axis) => {
      const times = repeats?.[axis];
      return times === undefined ? undefined : multiplyDims(dim, times);
    }),
  );
};

/** What stands before and after each of these axes, the befores first. */
function padsOf(reading: Reading, rank: number | undefined) {
  const pads = reading.opset < 11 ? (reading.ints('pads') ?? reading.ints('paddings')) : reading.contents(1);
  const isSome = reading.opset >= 18 && reading.has(3);
  const given = isSome ? reading.numbers(3) : rank === undefined ? undefined : [...new Array(rank).keys()];
  return { pads, axes: rank === undefined ? undefined : given?.map((axis) => axisOf(axis, rank)) };
}

const pad: InferRule = (call) => {
  const shape = call.shape(0);
  const { axes, pads } = padsOf(call, shape?.length);
  call.set(0, shape && axes ? padded(shape, axes, pads) : shape?.map(() => undefined));
};

/** Behind what stands before it. Other modes repeat what stands at the ends, and are not told. */
function behindPads(reading: Reading): Movement | undefined {
  const source = reading.node.inputs[0];
  const shape = reading.shape(0);
  const { axes, pads } = padsOf(reading, shape?.length);
  if (pads?.every((one) => one === 0)) return asItIs(reading);
  if (!source || !shape || !axes || (reading.string('mode') ?? 'constant') !== 'constant') return undefined;
  const place = (axis: number): SourcePlace => {
    const before = axes.includes(axis) ? pads?.[axes.indexOf(axis)] : 0;
    return before === undefined ? toldBy(reading, axis, 1) : along(axis, subtractDims(0, before));
  };
  const outside = reading.node.inputs[2] ?? padFill(reading.node) ?? 0;
  return { kind: 'placed', source, places: shape.map((_, axis) => place(axis)), outside };
}

/** What Pad writes where no input says it. */
const padFill = (node: Node): number | undefined => (node.inputs[2] ? undefined : node.float('value', 0));

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
  Concat: { infer: concat, demands: joinable, moves: { from: 'all', how: joined } },
  Split: { infer: split, demands: axis(0), moves: { from: [0], how: cut } },
  Expand: { infer: expand, demands: expandable, moves: { from: [0], how: repeated(true) } },
  Tile: { infer: tile, demands: oneForEach(1), moves: { from: [0], how: repeated(false) } },
  Pad: {
    infer: pad,
    demands: (call) => (call.has(3) ? undefined : oneForEach(1, 2)(call)),
    moves: { from: [0, 2], how: behindPads, fill: padFill },
  },
  CenterCropPad: { infer: centerCropPad, moves: { from: [0], fill: () => 0 } },
  Compress: { infer: compress, moves: { from: [0] } },
};
