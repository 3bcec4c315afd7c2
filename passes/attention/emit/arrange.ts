/** Brings a tensor whose axes are known by their factors into another arrangement of them: the fewest of Reshape, Transpose, Squeeze, Unsqueeze. */
import { type Dim, divideExactly, equalDims } from '../../../src/ir/dims/dims.js';
import type { Value } from '../../../src/ir/value.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import { type Axes, type AxisFactor, sameAxes, sameFactors, sizeOf } from '../../../src/match/views/view.js';

/** A plan makes nodes later: all questions are asked before the first node is made. */
export type DeferredBuild = (builder: Rewriter) => Value;

/** A change makes one value of another. */
export interface Arrangement {
  /** The number of Transposes, which copy; a Reshape is free. */
  readonly copies: number;
  apply(builder: Rewriter, value: Value): Value;
}

const nothing: Arrangement = { copies: 0, apply: (_, value) => value };

const then = (first: Arrangement, second: Arrangement): Arrangement => ({
  copies: first.copies + second.copies,
  apply: (builder, value) => second.apply(builder, first.apply(builder, value)),
});

/**
 * Plans the change from some axes to others of the same factors. Undefined where a Reshape needs a size that is neither
 * known nor the size of an axis of the value itself or of one of `others`.
 */
export function arrange(from: Axes, to: Axes, others: readonly Value[] = []): Arrangement | undefined {
  if (sameAxes(from, to)) return nothing;
  if (sameFactors(from.flat(), to.flat())) return reshape(from, to, others);
  // Axes that are torn apart become axes of their own first.
  const order = to.flat();
  const isTorn = (axis: readonly AxisFactor[]): boolean => {
    const at = axis.map((factor) => order.indexOf(factor));
    return (
      at.some((place, i) => i > 0 && place !== (at[i - 1] as number) + 1) ||
      to.every((one) => !axis.every((factor) => one.includes(factor)))
    );
  };
  const whole = from.flatMap((axis) => (isTorn(axis) ? axis.map((factor) => [factor]) : [axis]));
  const split = reshape(from, whole, others);
  const perm = permutation(whole, to);
  const moved = perm.map((axis) => whole[axis] as readonly AxisFactor[]);
  const merge = reshape(moved, to, others);
  if (!split || !merge) return undefined;
  const transpose: Arrangement = {
    copies: 1,
    apply: (builder, value) => builder.op('Transpose', [value], { perm }),
  };
  return then(then(split, transpose), merge);
}

/**
 * Sorts the axes into the order of the target. Axes of size 1 stand where the target has one, else behind the axes of
 * unknown size, which a Reshape then copies. They are never last, so that a copy moves whole pieces.
 */
function permutation(from: Axes, to: Axes): number[] {
  const free = from.flatMap((axis, i) => (axis.length === 0 ? [i] : []));
  const perm = to.flatMap((axis) => {
    if (axis.length === 0) return free.length > 0 ? [free.shift() as number] : [];
    const parts = from.flatMap((one, i) => (one.length > 0 && axis.includes(one[0] as AxisFactor) ? [i] : []));
    return parts.sort((a, b) => axis.indexOf(from[a]?.[0] as AxisFactor) - axis.indexOf(from[b]?.[0] as AxisFactor));
  });
  const open = perm.findLastIndex((axis) => typeof sizeOf(from[axis] ?? []) !== 'number');
  return perm.toSpliced(Math.min(open + 1, perm.length - 1), 0, ...free);
}

/**
 * A size of a Reshape's target: a number, 0 for the same axis, -1 for the rest, or the measured axis of the input or of
 * another value.
 */
type ReshapeSize = number | (DividedAxis & { readonly of?: Value });

/**
 * Plans a change between axes whose factors stand in one order: axes of size 1 come or go, else a Reshape, with a
 * constant target where the sizes are known.
 */
function reshape(from: Axes, to: Axes, others: readonly Value[]): Arrangement | undefined {
  if (sameAxes(from, to)) return nothing;
  const added = addedOnes(from, to);
  if (added) return { copies: 0, apply: (builder, value) => builder.unsqueeze(value, added) };
  const removed = addedOnes(to, from);
  if (removed) return { copies: 0, apply: (builder, value) => builder.squeeze(value, removed) };
  const sizes = sizesOf(from, to, others);
  const isConstant = sizes?.every((size) => typeof size === 'number') ?? false;
  const ones = from.flatMap((axis, i) => (axis.length === 0 ? [i] : []));
  const rest = from.filter((axis) => axis.length > 0);
  const fewer = isConstant || ones.length === 0 ? undefined : sizesOf(rest, to, []);
  if (fewer?.every((size) => typeof size === 'number'))
    return {
      copies: 0,
      apply: (builder, value) => builder.op('Reshape', [builder.squeeze(value, ones), builder.ints(fewer as number[])]),
    };
  if (!sizes) return undefined;
  return {
    copies: 0,
    apply: (builder, value) => builder.op('Reshape', [value, shapeValue(builder, value, sizes)]),
  };
}

/** The target of a Reshape; undefined where a size can neither be written nor measured. */
function sizesOf(from: Axes, to: Axes, others: readonly Value[]): ReshapeSize[] | undefined {
  const given = from.map(sizeOf);
  const sizes = to.map((factors, i): ReshapeSize | undefined => {
    const size = sizeOf(factors);
    // A 0 in the target is no size but a copy.
    if (size === 0 && given[i] !== 0) return undefined;
    if (typeof size === 'number') return size;
    return from[i] && sameFactors(from[i], factors) ? 0 : measure(size, given);
  });
  const isOpen = (size: ReshapeSize | undefined): boolean => typeof size !== 'number';
  // One size may be left open: one that cannot be measured, if there is any.
  const left = sizes.includes(undefined) ? sizes.indexOf(undefined) : sizes.findIndex(isOpen);
  const all = sizes.map((size, i) => (i === left ? -1 : (size ?? measuredIn(others, sizeOf(to[i] ?? [])))));
  return all.includes(undefined) || sizeOf(to[left] ?? []) === 0 ? undefined : (all as ReshapeSize[]);
}

/** The first of some values with an axis that tells a size, and where. */
export function measuredIn(values: readonly Value[], size: Dim): (DividedAxis & { readonly of: Value }) | undefined {
  for (const of of values) {
    const place = measure(size, of.shape ?? []);
    if (place) return { ...place, of };
  }
  return undefined;
}

/** An axis, and the number that its size is divided by. */
interface DividedAxis {
  readonly axis: number;
  readonly by: number;
}

/** Finds the place that a dim can be read from: an axis of these sizes, or such an axis divided by a number. */
export function measure(size: Dim, of: readonly Dim[]): DividedAxis | undefined {
  for (const [axis, dim] of of.entries()) {
    const by = equalDims(dim, size) ? 1 : divideExactly(dim, size);
    if (typeof by === 'number' && by > 0) return { axis, by };
  }
  return undefined;
}

export function measured(builder: Rewriter, value: Value, { axis, by }: DividedAxis): Value {
  const size = builder.op('Gather', [builder.op('Shape', [value]), builder.ints(axis)]);
  return by === 1 ? size : builder.op('Div', [size, builder.ints(by)]);
}

function shapeValue(builder: Rewriter, value: Value, sizes: readonly ReshapeSize[]): Value {
  if (sizes.every((size) => typeof size === 'number')) return builder.ints(sizes as number[]);
  const parts = sizes.map((size) =>
    typeof size === 'number' ? builder.ints(size) : measured(builder, size.of ?? value, size),
  );
  return builder.op('Concat', parts, { axis: 0 });
}

/** Lists the axes of size 1 that the target adds, if nothing else differs. */
function addedOnes(from: Axes, to: Axes): number[] | undefined {
  const rest = [...from];
  const ones: number[] = [];
  for (const [i, axis] of to.entries())
    if (rest[0] && rest[0].length > 0 === axis.length > 0 && sameFactors(rest[0], axis)) rest.shift();
    else if (axis.length === 0) ones.push(i);
    else return undefined;
  return rest.length === 0 ? ones : undefined;
}
