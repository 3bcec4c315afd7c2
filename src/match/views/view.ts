/**
 * Reads views: a chain of scalar factors and of ops that move whole axes, in any spelling.
 * A view's axes are products of factors, each factor a part of an axis of the base: `b s (h d) → b h s d`. A Reshape
 * holds when its dims, read from the outermost, are products of consecutive factors, a factor being split where a dim
 * is a part of it; that is row-major order, and holds for any values of the symbols.
 */

import type { Facts } from '../../infer/index.js';
import { type Dim, divideExactly, equalDims, multiplyDims, productOf } from '../../ir/dims/dims.js';
import type { Node } from '../../ir/node.js';
import type { Shape } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { movementOf } from '../../ops/moved.js';
import type { Movement, SourcePlace } from '../../ops/movement.js';
import { scalarOf } from './scalar.js';

/** A part of an axis. Where it was split, `parts` are its outer and inner factor. */
export interface AxisFactor {
  readonly size: Dim;
  parts?: readonly [AxisFactor, AxisFactor];
}

/** A value as an arrangement of another: its axes are products of the axes of that, times a number. */
export interface View {
  readonly base: Value;
  /** Scalar that multiplies the base. */
  readonly scale: number;
  /** Factors of each axis of the base, and of the view; none for an axis of size 1. */
  readonly baseAxes: Axes;
  readonly axes: Axes;
  /** The values between, from the base on, the value itself last; their axes are made of the same factors. */
  readonly via: readonly { readonly value: Value; readonly axes: Axes; readonly scale: number }[];
}

/** A view's axes: the factors of each. */
export type Axes = readonly (readonly AxisFactor[])[];

/** The parts of factors after all splits so far. */
export const leavesOf = (factors: readonly AxisFactor[]): AxisFactor[] =>
  factors.flatMap((factor) => (factor.parts ? leavesOf(factor.parts) : [factor]));

/** The product of the factors' sizes, as a dim. */
export const sizeOf = (factors: readonly AxisFactor[]): Dim => productOf(factors.map(({ size }) => size));

/** The axes of a tensor of its own; none for a size of 1. */
const axesOf = (shape: Shape): AxisFactor[][] => shape.map((size) => (size === 1 ? [] : [{ size }]));

/** The view of a value by itself, with no chain; undefined where its rank is unknown. */
function plainView(value: Value): View | undefined {
  if (!value.shape) return undefined;
  const axes = axesOf(value.shape);
  return { base: value, scale: 1, baseAxes: axes, axes, via: [] };
}

/** The base of a longer chain is the value this many steps back: a chain may be as long as the model. */
const MOST_STEPS = 64;

/**
 * The view of a value, as far back as the chain goes; undefined where its rank is unknown. With `repeats`, a repetition
 * is a step too.
 */
export function viewOf(value: Value, facts: Facts, repeats = false, left = MOST_STEPS): View | undefined {
  const inner = (source: Value): View | undefined => viewOf(source, facts, repeats, left - 1);
  const view = left > 0 ? (movedView(value, facts, repeats, inner) ?? scaledView(value, facts, inner)) : undefined;
  if (!view) return plainView(value);
  return { ...view, via: [...view.via, { value, axes: view.axes, scale: view.scale }] };
}

type InnerView = (source: Value) => View | undefined;

/**
 * The view of a moved value: regrouped in its order, or with whole axes in another order; repeated too with `repeats`.
 */
function movedView(value: Value, facts: Facts, repeats: boolean, inner: InnerView): View | undefined {
  const movement = movementOf(value, facts);
  if (!movement || movement.kind === 'joined') return undefined;
  const view = movement.source.shape && inner(movement.source);
  const axes = view && movedAxes(movement, view.axes, value.shape, repeats);
  return view && axes && { ...view, axes };
}

/** The axes of a moved value of this shape, from its source's axes; undefined where they do not align. */
export function movedAxes(movement: Movement, from: Axes, shape: Shape | undefined, repeats = false): Axes | undefined {
  if (movement.kind === 'joined') return undefined;
  if (movement.kind === 'regrouped') return movement.keepsShape ? from : shape && regroup(from, shape);
  const { places, source } = movement;
  const isWhole = ({ axis, start, list, by, step }: SourcePlace, at: number): boolean =>
    start === 0 && (axis === undefined ? source.shape?.[at] === 1 : step === 1 && !list && !by);
  if (!shape || movement.outside !== undefined || !places.every(isWhole)) return undefined;
  const axes = shape.map((dim, axis) => {
    const at = places.findIndex((place) => place.axis === axis);
    const own = from[at] ?? [];
    const times = divideExactly(dim, source.shape?.[at] ?? 1);
    if (times === 1) return own;
    // A repetition is a factor that the source does not have.
    const isRepeated = repeats && typeof times === 'number' && (at < 0 || places[at]?.cycle !== undefined);
    return isRepeated ? [{ size: times }, ...own] : undefined;
  });
  return axes.every((factors) => factors !== undefined) ? axes : undefined;
}

/**
 * The movement of a value whose op only changes axes: nothing is repeated, left out or put beside. undefined for any
 * other value.
 */
export function viewingOf(value: Value | undefined): Movement | undefined {
  const movement = movementOf(value);
  if (movement?.kind === 'placed')
    return movedAxes(movement, axesOf(movement.source.shape ?? []), value?.shape) && movement;
  return movement?.kind === 'regrouped' ? movement : undefined;
}

/** The view of a value that is multiplied by a number. */
function scaledView(value: Value, facts: Facts, inner: InnerView): View | undefined {
  const node = value.producer;
  const step = node?.domain === '' && !node.hasReference ? scales.get(node.opType) : undefined;
  return node && step?.(node, value, inner, facts);
}

type ViewStep = (node: Node, value: Value, inner: InnerView, facts: Facts) => View | undefined;

const scaled =
  (f: (scale: number, x: number) => number, isCommutative: boolean): ViewStep =>
  (node, value, inner, facts) => {
    const sides = isCommutative ? [0, 1] : [0];
    for (const side of sides) {
      const x = scalarOf(node.inputs[1 - side], facts);
      const source = node.inputs[side];
      // A scalar of higher rank would add axes.
      if (x === undefined || !source?.shape || source.shape.length !== value.shape?.length) continue;
      const view = inner(source);
      return view && { ...view, scale: f(view.scale, x) };
    }
    return undefined;
  };

const scales: ReadonlyMap<string, ViewStep> = new Map(
  Object.entries<ViewStep>({
    Neg(node, _, inner) {
      const view = node.inputs[0] && inner(node.inputs[0]);
      return view && { ...view, scale: -view.scale };
    },
    Mul: scaled((scale, x) => scale * x, true),
    Div: scaled((scale, x) => scale / x, false),
  }),
);

/** Axes under another shape of as many elements; undefined where the dims do not fall on factors. */
function regroup(from: Axes, shape: Shape): AxisFactor[][] | undefined {
  const queue = leavesOf(from.flat());
  const axes: AxisFactor[][] = [];
  for (const dim of shape) {
    const group: AxisFactor[] = [];
    let product: Dim = 1;
    while (!equalDims(product, dim)) {
      const factor = queue.shift();
      const needed = divideExactly(dim, product);
      if (!factor || needed === undefined || needed === 0) return undefined;
      if (divideExactly(needed, factor.size) !== undefined) {
        group.push(factor);
        product = multiplyDims(product, factor.size);
        continue;
      }
      const parts = split(factor, needed);
      if (!parts) return undefined;
      group.push(parts[0]);
      queue.unshift(parts[1]);
      product = dim;
    }
    axes.push(group);
  }
  return queue.length === 0 ? axes : undefined;
}

/** Splits a factor into an outer part of this size and the rest; undefined where that does not divide it. */
function split(factor: AxisFactor, outer: Dim): readonly [AxisFactor, AxisFactor] | undefined {
  const rest = divideExactly(factor.size, outer);
  if (rest === undefined) return undefined;
  factor.parts = [{ size: outer }, { size: rest }];
  return factor.parts;
}

/** The split of factors: each into outer parts of these sizes, from the outermost in, and the rest. */
export type FactorCuts = ReadonlyMap<AxisFactor, readonly Dim[]>;

/**
 * The cuts by which two lists of factors of one product have parts of equal sizes, one by one; undefined where none make them so.
 * `known` rewrites sizes before they are compared.
 */
export function cutsBetween(
  a: readonly AxisFactor[],
  b: readonly AxisFactor[],
  known = (dim: Dim): Dim => dim,
): FactorCuts | undefined {
  const cuts = new Map<AxisFactor, Dim[]>();
  const queue = (factors: readonly AxisFactor[]) => leavesOf(factors).map((factor) => ({ factor, size: factor.size }));
  const [x, y] = [queue(a), queue(b)];
  for (;;) {
    const [p, q] = [x[0], y[0]];
    if (!p || !q) return p === q ? cuts : undefined;
    if (equalDims(known(p.size), known(q.size))) {
      x.shift();
      y.shift();
      continue;
    }
    const ofP = divideExactly(p.size, q.size);
    const rest = ofP ?? divideExactly(q.size, p.size);
    if (rest === undefined) return undefined;
    const [whole, part, long, short] = ofP === undefined ? [q, p, y, x] : [p, q, x, y];
    cuts.set(whole.factor, [...(cuts.get(whole.factor) ?? []), part.size]);
    long[0] = { factor: whole.factor, size: rest };
    short.shift();
  }
}

/** Splits the factors, in every list that they are in. */
export function cut(cuts: FactorCuts): void {
  for (const [factor, sizes] of cuts)
    sizes.reduce((rest, size) => (split(rest, size) as readonly [AxisFactor, AxisFactor])[1], factor);
}

/** The factors of one list by those of another, which has as many of the same sizes. */
export function namesBy(own: readonly AxisFactor[], other: readonly AxisFactor[]): ReadonlyMap<AxisFactor, AxisFactor> {
  const names = leavesOf(other);
  return new Map(leavesOf(own).map((factor, i) => [factor, names[i] as AxisFactor]));
}

/** True where two axes are the same factors. */
export const sameFactors = (a: readonly AxisFactor[], b: readonly AxisFactor[]): boolean => {
  const [x, y] = [leavesOf(a), leavesOf(b)];
  return x.length === y.length && x.every((factor, i) => factor === y[i]);
};

/** True where the base itself has these axes: no node is needed to make them. */
export const isBase = (view: View, axes: Axes): boolean => sameAxes(view.baseAxes, axes);

/** True where two tensors have the same axes. */
export const sameAxes = (a: Axes, b: Axes): boolean =>
  a.length === b.length && a.every((factors, i) => sameFactors(factors, b[i] as readonly AxisFactor[]));
