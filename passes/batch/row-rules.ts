/** How ops go along axes: what of the rows of a batch they would mix. */

import { fromStart } from '../../src/ir/dims/axes.js';
import { type Dim, equalDims, productOf } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Value } from '../../src/ir/value.js';

/** A node, the axis of each input that holds the batch, undefined for inputs without it, and that of its first output. */
interface Reading {
  readonly node: Node;
  readonly at: readonly (number | undefined)[];
  readonly to: number;
}

/** The axis along which rows would mix; undefined where none do; a text where it is told otherwise. */
export type RowRule = (reading: Reading) => number | string | undefined;

const rankOf = (value: Value | undefined): number => value?.shape?.length ?? 0;
const isIn = (axis: number | undefined, axes: readonly number[], rank: number): boolean =>
  axis !== undefined && axes.some((one) => fromStart(one, rank) === axis);

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** Constants of an input; undefined where they are not known. */
export const constants = (value: Value | undefined): readonly number[] | undefined => {
  const tensor = constantTensor(value);
  return tensor && [...numbersOf(tensor)];
};

/** Of each input with the batch: it is not along one of these axes. */
export const along =
  (axesOf: (node: Node, rank: number) => readonly number[] | undefined): RowRule =>
  ({ node, at }) =>
    at.find((axis, index) => {
      const rank = rankOf(node.inputs[index]);
      const axes = axesOf(node, rank);
      return axis !== undefined && (!axes || isIn(axis, axes, rank));
    });

export const alongAttribute = (otherwise: number): RowRule => along((node) => [node.int('axis', otherwise)]);

export const fromAxis: RowRule = along((node, rank) => range(fromStart(node.int('axis', -1), rank), rank));
/** Axes as an attribute or the second input; all where none are named. */
export const reduction = along((node, rank) => {
  const given = node.ints('axes') ?? (node.inputs[1] ? constants(node.inputs[1]) : []);
  if (given?.length === 0) return node.int('noop_with_empty_axes', 0) === 1 ? [] : range(0, rank);
  return given;
});

/** The first axis is that of the batch, in all inputs that have it and in the outputs. */
export const first: RowRule = ({ node, at }) =>
  at.find((axis) => axis !== undefined && axis !== 0) ??
  (node.inputs[0] && at[0] === undefined ? 'its weights hold the batch, not what goes through it' : undefined);

const ONCE = 'is there once, and the op takes one for each row of the batch';

/** The same where these inputs, as far as they have two dims or more, have a row for each of the batch. */
export const firstOf =
  (...indices: readonly number[]): RowRule =>
  (reading) => {
    const once = indices.find((index) => rankOf(reading.node.inputs[index]) > 1 && reading.at[index] === undefined);
    return first(reading) ?? (once === undefined ? undefined : `its input ${once} ${ONCE}`);
  };

/** Numbers in training mode are made of the whole batch. */
export const notTrained: RowRule = (reading) =>
  reading.node.int('training_mode', 0) === 1 ? 'in training mode it takes means of the whole batch' : first(reading);

/** Operands broadcast from their last axes on: each has the batch at the same place, or one row for all. */
export const broadcast: RowRule = ({ node, at, to }) => {
  const fromEnd = to - rankOf(node.output);
  const isBroken = node.inputs.some((input, index) => {
    const axis = at[index];
    if (axis !== undefined) return axis - rankOf(input) !== fromEnd;
    return !equalDims(input?.shape?.at(fromEnd) ?? 1, 1);
  });
  return isBroken ? 'it broadcasts one row, or puts the batch beside another axis' : undefined;
};

/** All inputs have the batch, and none along the axis of the node. */
export const elements: RowRule = (reading) => {
  const once = reading.at.findIndex((axis, index) => axis === undefined && reading.node.inputs[index]);
  return alongAttribute(0)(reading) ?? (once < 0 ? undefined : `its input ${once} ${ONCE}`);
};

/** Its size at the axis of the batch stays: nothing is taken, repeated or added there. */
export const sameSize: RowRule = ({ node, at: [axis] }) =>
  axis !== undefined && !equalDims(node.inputs[0]?.shape?.[axis] as Dim, node.output.shape?.[axis] ?? 0)
    ? axis
    : undefined;

export const slice: RowRule = (reading) => {
  const [, starts, , axes, steps] = reading.node.inputs;
  const count = constants(starts)?.length ?? 0;
  const named = axes ? constants(axes) : range(0, count);
  const [axis] = reading.at;
  const index = named?.findIndex((one) => isIn(axis, [one], rankOf(reading.node.inputs[0]))) ?? 0;
  const isWhole = sameSize(reading) === undefined && (!steps || constants(steps)?.[index] === 1);
  return index < 0 || isWhole ? undefined : axis;
};

/** What is in front of the batch in memory stays in front of it. */
export const view: RowRule = ({ node, at: [axis], to }) => {
  const [before, after] = [node.inputs[0]?.shape?.slice(0, axis) ?? [], node.output.shape?.slice(0, to) ?? []];
  return equalDims(productOf(before), productOf(after)) ? undefined : 'it puts parts of different rows together';
};

export const matrices: RowRule = ({ node, at: [left, right] }) => {
  const [a, b] = [rankOf(node.inputs[0]), rankOf(node.inputs[1])];
  if (left !== undefined && left === a - 1) return left;
  if (right !== undefined && (b === 1 || right === b - 2)) return right;
  if (left === undefined || right === undefined || (left - a === right - b && left < a - 2)) return undefined;
  return 'it multiplies rows of the batch with each other';
};

export const gemm: RowRule = ({ node, at: [left, right] }) => {
  if (right !== undefined) return right;
  return left === (node.int('transA', 0) ? 0 : 1) ? left : undefined;
};

/** One letter stands for the batch in every term that has it, and in the result. */
export const einsum: RowRule = ({ node, at }) => {
  const [terms = '', result = ''] = (node.string('equation') ?? '').replaceAll(' ', '').split('->');
  const letters = new Set(terms.split(',').flatMap((term, index) => [term[at[index] ?? term.length] ?? []].flat()));
  const [letter = ''] = letters;
  const isKept = letters.size === 1 && result.includes(letter) && !terms.includes('.');
  return isKept ? undefined : `its equation "${terms}->${result}" is not known to keep rows of the batch apart`;
};

export const recurrent: RowRule = ({ node, at }) => {
  const axis = node.int('layout', 0) === 1 ? 0 : 1;
  if (at[0] !== axis) return at[0] ?? 0;
  // Lengths, and the states that it begins with.
  const once = [4, 5, 6].find((index) => node.inputs[index] && at[index] !== (index === 4 ? 0 : axis));
  return once === undefined ? undefined : `its input ${once} ${ONCE}`;
};

/** A table that all rows look things up in, or one place of each. */
export const gather: RowRule = ({ node, at: [data, indices] }) => {
  if (data !== undefined && indices !== undefined) return 'it looks up rows of the batch by numbers of the batch';
  return isIn(data, [node.int('axis', 0)], rankOf(node.inputs[0])) ? data : undefined;
};
