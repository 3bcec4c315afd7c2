/** Operators that give the same elements in another shape. */
import { axisOf, fromStart } from '../../ir/dims/axes.js';
import { type Dim, equalDims, floorDivide, multiplyDims, productOf } from '../../ir/dims/dims.js';
import type { Call, InferRule, PartialDim, PartialShape, Reading } from '../call.js';
import { all, axes, axesAt, ones, permutable, rank, reshapable } from '../demands.js';
import { along, type Movement } from '../movement.js';
import type { Moves, Rows } from '../row.js';
import { unknownDims } from '../shapes.js';

/** The same elements in the same order. */
export const regrouped = ({ node: { inputs } }: Reading): Movement | undefined =>
  inputs[0] && { kind: 'regrouped', source: inputs[0], keepsShape: false };
export const asItIs = ({ node: { inputs } }: Reading): Movement | undefined =>
  inputs[0] && { kind: 'regrouped', source: inputs[0], keepsShape: true };

const reshape: InferRule = (call) => {
  const attribute = call.opset < 5 ? call.ints('shape') : undefined;
  const target: PartialShape | undefined = attribute ?? call.contents(1);
  if (!target) {
    const [length] = call.shape(1) ?? [];
    return call.set(0, unknownDims(length));
  }
  call.set(0, reshaped(call.shape(0), target, call.int('allowzero', 0) !== 0));
};

/** The shape that Reshape gives: 0 copies a dim, one -1 is what is left. */
function reshaped(data: readonly Dim[] | undefined, target: PartialShape, allowZero: boolean): PartialShape {
  // A symbol in the target may turn out to be 0, which copies the dim: then it says nothing new where they are equal.
  const dims = target.map((dim, axis) => {
    if (dim === -1) return undefined;
    if (dim === 0 && !allowZero) return data?.[axis];
    return typeof dim === 'number' && dim < 0 ? undefined : dim;
  });
  const unknowns = dims.filter((dim) => dim === undefined).length;
  // An unknown target element may itself be the -1 or a 0; only when it is the only one does the rest determine it.
  if (!data || unknowns !== 1) return dims;
  const at = dims.indexOf(undefined);
  if (target[at] === 0) return dims;
  const rest = quotientOf(
    data,
    dims.filter((dim) => dim !== undefined),
  );
  return dims.map((dim, axis) => (axis === at ? rest : dim));
}

/** What remains of a product of dims when it is divided by others: shared factors cancel first, so that a size of 0 does no harm. */
function quotientOf(dims: readonly Dim[], divisors: readonly Dim[]): PartialDim {
  const left = [...dims];
  const others: Dim[] = [];
  for (const divisor of divisors) {
    const at = left.findIndex((dim) => equalDims(dim, divisor));
    if (at >= 0) left.splice(at, 1);
    else others.push(divisor);
  }
  const divisor = productOf(others);
  // It divides, or the run fails: the floor is exact even where that cannot be shown.
  return divisor === 0 ? undefined : floorDivide(productOf(left), divisor);
}

const flatten: InferRule = (call) => {
  const shape = call.shape(0);
  const axis = call.int('axis', 1);
  const at = shape && fromStart(axis, shape.length);
  call.set(
    0,
    shape && at !== undefined ? [productOf(shape.slice(0, at)), productOf(shape.slice(at))] : [undefined, undefined],
  );
};

const transpose: InferRule = (call) => {
  const shape = call.shape(0) ?? unknownDims(call.ints('perm')?.length);
  if (!shape) return;
  const perm = permOf(call, shape.length);
  if (perm.length === shape.length)
    call.set(
      0,
      perm.map((axis) => shape[axis]),
    );
};

interface HasPerm {
  ints(name: 'perm'): readonly number[] | undefined;
}

/** The perm of a Transpose. Without the attribute the axes are reversed; undefined where their number is not known then. */
export function permOf(transpose: HasPerm, rank: number): readonly number[];
export function permOf(transpose: HasPerm, rank: number | undefined): readonly number[] | undefined;
export function permOf(transpose: HasPerm, rank: number | undefined): readonly number[] | undefined {
  const reversed = rank === undefined ? undefined : Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return transpose.ints('perm') ?? reversed;
}

const transposed = (reading: Reading): Movement | undefined => {
  const [source] = reading.node.inputs;
  const rank = reading.rank(0) ?? reading.ints('perm')?.length;
  if (!source || rank === undefined) return undefined;
  const perm = permOf(reading, rank);
  if (perm.every((from, to) => from === to)) return asItIs(reading);
  return { kind: 'placed', source, places: perm.map((_, axis) => along(perm.indexOf(axis))) };
};

/** Axes given as an attribute or, later, as an input. null: they are given, but not known. */
function axesOf(call: Reading, inputSince: number): readonly number[] | undefined | null {
  if (call.opset < inputSince) return call.ints('axes');
  return call.has(1) ? (call.numbers(1) ?? null) : undefined;
}

const squeeze: InferRule = (call) => {
  const shape = call.shape(0);
  const axes = axesOf(call, 13);
  if (!shape) return call.set(0, undefined);
  if (axes === null) {
    const [count] = call.shape(1) ?? [];
    return call.set(0, typeof count === 'number' && count > 0 ? unknownDims(shape.length - count) : undefined);
  }
  if (!axes?.length) {
    // None named: every dim of 1 goes, a symbol may or may not be one.
    return call.set(0, shape.every((dim) => typeof dim === 'number') ? shape.filter((dim) => dim !== 1) : undefined);
  }
  const gone = new Set(axes.map((axis) => axisOf(axis, shape.length)));
  call.set(
    0,
    shape.filter((_, axis) => !gone.has(axis)),
  );
};

const unsqueeze: InferRule = (call) => {
  const shape = call.shape(0);
  const axes = axesOf(call, 13);
  if (!shape || axes === undefined) return call.set(0, undefined);
  if (axes === null) {
    const [count] = call.shape(1) ?? [];
    return call.set(0, typeof count === 'number' ? unknownDims(shape.length + count) : undefined);
  }
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => axisOf(axis, rank)));
  const rest = [...shape];
  call.set(
    0,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift())),
  );
};

/** What is divided comes out even, or the run fails. */
const depthToSpace: InferRule = (call) => {
  const [n, c, h, w] = fourDims(call);
  const block = call.int('blocksize', 1);
  call.set(0, [n, c && floorDivide(c, block * block), h && multiplyDims(h, block), w && multiplyDims(w, block)]);
};

const spaceToDepth: InferRule = (call) => {
  const [n, c, h, w] = fourDims(call);
  const block = call.int('blocksize', 1);
  call.set(0, [n, c && multiplyDims(c, block * block), h && floorDivide(h, block), w && floorDivide(w, block)]);
};

const fourDims = (call: Call): readonly PartialDim[] => {
  const shape = call.shape(0);
  return shape?.length === 4 ? shape : [];
};

const isOfNoAxes = (reading: Reading): boolean => axesOf(reading, 13)?.length === 0;

const keepsOrder: Moves = { from: [0], how: regrouped };

export const views: Rows = {
  Reshape: { infer: reshape, demands: all(rank(1, 1), reshapable), moves: keepsOrder },
  Flatten: { infer: flatten, demands: axes((call) => [call.int('axis', 1)], true), moves: keepsOrder },
  Transpose: { infer: transpose, demands: permutable, moves: { from: [0], how: transposed } },
  Squeeze: { infer: squeeze, demands: all(axes(axesAt(1, 13)), ones), moves: keepsOrder },
  Unsqueeze: {
    infer: unsqueeze,
    demands: axes(axesAt(1, 13), true),
    moves: { from: [0], how: (reading) => (isOfNoAxes(reading) ? asItIs(reading) : regrouped(reading)) },
  },
  DepthToSpace: { infer: depthToSpace, demands: rank(0, 4), moves: { from: [0] } },
  SpaceToDepth: { infer: spaceToDepth, demands: rank(0, 4), moves: { from: [0] } },
};
