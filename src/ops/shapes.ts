/** Broadcasting, and rules for the many operators that give one of a few simple shapes. */
import { broadcastDims } from '../ir/dims/dims.js';
import { boundsOf, within } from './bounds.js';
import { type Call, type InferRule, MOST_AXES, type PartialDim, type PartialShape } from './call.js';

/** The dim that dims broadcast to, where some are not known. */
export function broadcastDim(a: PartialDim, b: PartialDim): PartialDim {
  if (a === 1) return b;
  if (b === 1) return a;
  // A size other than 1 wins over whatever the other is: it must be the same or 1.
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  return a === undefined || b === undefined ? undefined : broadcastDims(a, b);
}

/** The shape that two shapes broadcast to; undefined where a rank is unknown. */
export function broadcastShapes(a: PartialShape | undefined, b: PartialShape | undefined): PartialShape | undefined {
  if (!a || !b) return undefined;
  const bounds = boundsOf(a, b);
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  const offset = long.length - short.length;
  return long.map((dim, axis) =>
    axis < offset ? dim : broadcastDim(within(dim, bounds), within(short[axis - offset], bounds)),
  );
}

/** Output 0 has the shape of an input. */
export const like =
  (index = 0): InferRule =>
  (call) =>
    call.set(0, call.shape(index));

/** The shape that all inputs from `first` on broadcast to. */
export function broadcastInputs(call: Call, first = 0): PartialShape | undefined {
  let shape = call.shape(first);
  let result: PartialShape | undefined = shape;
  for (let index = first + 1; index < call.inputCount; index++) {
    shape = call.shape(index);
    result = broadcastShapes(result, shape);
  }
  return result;
}

/** A shape of so many axes of which nothing else is known, or of more than any may have; undefined where that is no count of axes. */
export const unknownDims = (count: PartialDim): PartialShape | undefined =>
  typeof count === 'number' && count >= 0
    ? new Array<PartialDim>(Math.min(count, MOST_AXES + 1)).fill(undefined)
    : undefined;

/** The numbers of a shape; undefined where a dim is not one. */
export const numericShape = (shape: PartialShape | undefined): readonly number[] | undefined =>
  shape?.every((dim) => typeof dim === 'number') ? (shape as number[]) : undefined;
