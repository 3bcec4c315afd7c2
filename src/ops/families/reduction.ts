/** Operators that reduce axes to one element. */

import { axisOf } from '../../ir/dims/axes.js';
import type { Call, InferRule, PartialDim, PartialShape } from '../call.js';
import { arithmetic, type Combine } from '../contents.js';
import { axes, axesAt, axis, reducible } from '../demands.js';
import type { Precision } from '../precision.js';
import type { OpRow, Rows } from '../row.js';

/** The shape that is left; `axes` undefined: all of them, null: some, not known which. */
export function reducedShape(
  call: Call,
  axes: readonly number[] | undefined | null,
  keepDims: boolean,
): PartialShape | undefined {
  const shape = call.shape(0);
  if (!shape) return axes === undefined && !keepDims ? [] : undefined;
  if (axes === null) return keepDims ? shape.map(() => undefined) : undefined;
  const gone = new Set(axes?.map((axis) => axisOf(axis, shape.length)) ?? shape.keys());
  if (keepDims) return shape.map((dim, axis) => (gone.has(axis) ? 1 : dim));
  return shape.filter((_, axis) => !gone.has(axis));
}

const reduce =
  (inputSince: number): InferRule =>
  (call) => {
    const keepDims = call.int('keepdims', 1) !== 0;
    let axes: readonly number[] | undefined | null;
    if (call.opset < inputSince) axes = call.ints('axes');
    else axes = call.has(1) ? (call.numbers(1) ?? null) : undefined;
    if (axes === undefined || axes?.length === 0) {
      // Nothing named: all axes, or none where it says so.
      if (call.int('noop_with_empty_axes', 0) !== 0) {
        call.set(0, call.shape(0));
        return call.setContents(0, undefined);
      }
      axes = undefined;
    }
    call.set(0, reducedShape(call, axes, keepDims));
    call.setContents(0, foldedContents(call));
  };

/** What folds a list of whole numbers. */
const folds: ReadonlyMap<string, Combine> = new Map([
  ['ReduceProd', arithmetic.multiply],
  ['ReduceSum', arithmetic.add],
  ['ReduceMax', arithmetic.max],
  ['ReduceMin', arithmetic.min],
]);

/** What the product, sum, greatest or least of a list of sizes is. */
function foldedContents(call: Call): readonly PartialDim[] | undefined {
  const fold = folds.get(call.node.opType);
  const contents = call.contents(0);
  const isWhole = call.shapeOf(0)?.every((dim) => dim === 1) && call.rank(0) === 1;
  if (!fold || !contents?.length || !isWhole || call.elem(0) !== 'int64') return undefined;
  return [contents.reduce((a, b) => (a === undefined || b === undefined ? undefined : fold(a, b)))];
}

const argument: InferRule = (call) =>
  call.set(0, reducedShape(call, [call.int('axis', 0)], call.int('keepdims', 1) !== 0));

const reducing = (inputSince: number): OpRow => ({
  infer: reduce(inputSince),
  demands: reducible(axes(axesAt(1, inputSince))),
});
const since18 = reducing(18);

const summing: Precision = { isRowwise: true, stays: 'overflow' };

export const reduction: Rows = {
  ReduceSum: { ...reducing(13), precision: { ...summing, size: 'growing' } },
  ReduceL1: { ...since18, precision: { ...summing, size: 'growing' } },
  ReduceL2: { ...since18, precision: summing },
  ReduceLogSum: { ...since18, precision: { ...summing, size: 'shrinking' } },
  ReduceLogSumExp: { ...since18, precision: { ...summing, size: 'shrinking' } },
  ReduceMax: { ...since18, precision: { isRowwise: true, isExact: true } },
  ReduceMean: { ...since18, precision: summing },
  ReduceMin: { ...since18, precision: { isRowwise: true, isExact: true } },
  ReduceProd: { ...since18, precision: { ...summing, size: 'growing' } },
  ReduceSumSquare: { ...since18, precision: { ...summing, size: 'growing' } },
  ArgMax: { infer: argument, demands: reducible(axis(0)) },
  ArgMin: { infer: argument, demands: reducible(axis(0)) },
};
