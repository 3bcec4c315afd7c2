/** Where in its inputs the elements of an output stand, of an operator that computes none: a small data type, and what follows from it. */
import { fromStart } from '../ir/dims/axes.js';
import { addDims, type Dim } from '../ir/dims/dims.js';
import { elementCount } from '../ir/tensors/tensor.js';
import { equalShapes, type Shape } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { Contents, PartialDim, Reading } from './call.js';
import { fillContents, linear, MOST } from './contents.js';
import { numericShape } from './shapes.js';

export type Movement =
  /** All elements of the source in their order, whatever the shape. `keepsShape`: under the shape that they had. */
  | { readonly kind: 'regrouped'; readonly source: Value; readonly keepsShape: boolean }
  /** By axes: for each of the source's, where on it an element stands. What stands outside of it is `outside`. */
  | {
      readonly kind: 'placed';
      readonly source: Value;
      readonly places: readonly SourcePlace[];
      readonly outside?: PadFill;
    }
  /** All sources, one behind the other along an axis. */
  | { readonly kind: 'joined'; readonly sources: readonly Value[]; readonly axis: number };

/** A place on an axis of the source, by the place in the output: start + step · the place on the output's `axis`. */
export interface SourcePlace {
  /** None: the same everywhere. */
  readonly axis: number | undefined;
  /** Counted from the front. */
  readonly start: Dim;
  readonly step: number;
  /** After so many it begins anew. */
  readonly cycle?: Dim;
  /** The place is what this list says instead: row by row of the output's axes from `axis` on, which have these sizes. */
  readonly list?: { readonly contents: Contents; readonly sizes: readonly number[] };
  /** Only a run tells, by what these hold: along `axis`, and along axes behind it that no axis of the source follows. */
  readonly by?: readonly Value[];
}

/** The fill of a Pad: a number, or an input that holds it. */
export type PadFill = number | Value;

export const along = (axis: number, start: Dim = 0, step = 1): SourcePlace => ({ axis, start, step });
export const fixed = (start: Dim): SourcePlace => ({ axis: undefined, start, step: 0 });
/** A place along an axis of the output that inputs of the node tell. */
export const toldBy = ({ node }: Reading, axis: number | undefined, ...inputs: readonly number[]): SourcePlace => ({
  axis,
  start: 0,
  step: 1,
  by: inputs.flatMap((index) => node.inputs[index] ?? []),
});

/** An index as operators take it: negative ones count from the end. */
export const indexIn = (index: PartialDim, size: Dim): PartialDim =>
  typeof index === 'number' && index < 0
    ? typeof size === 'number'
      ? fromStart(index, size)
      : addDims(size, index)
    : index;

/** True where the place follows an axis step by step. */
export const runsAlong = (place: SourcePlace | undefined, axis: number): boolean =>
  place?.axis === axis && place.step === 1 && !place.list && !place.by && place.cycle === undefined;

/** True where it does from the first on. */
export const isAlong = (place: SourcePlace | undefined, axis: number): boolean =>
  runsAlong(place, axis) && place?.start === 0;

/** What an output of this shape is, where everything stands where it stood: the source. */
export function unmoved(movement: Movement | undefined, shape: Shape | undefined): Value | undefined {
  if (!movement || movement.kind === 'joined') return undefined;
  const isKept = movement.kind === 'regrouped' ? movement.keepsShape : false;
  const isSame = shape !== undefined && equalShapes(movement.source.shape, shape);
  const staysPut = movement.kind === 'regrouped' || movement.places.every(isAlong);
  return isKept || (isSame && staysPut) ? movement.source : undefined;
}

/** The place on an axis of the source for these coordinates on the output's axes from `firstAxis` on; undefined where it is not known. */
export function placeAt(place: SourcePlace, coordinates: readonly number[], firstAxis = 0): PartialDim {
  const { start, step, cycle, list, by } = place;
  const axis = place.axis === undefined ? undefined : place.axis - firstAxis;
  if (by) return undefined;
  if (list) return list.contents[linear(coordinates.slice(axis ?? 0), list.sizes)];
  if (typeof start !== 'number') return step === 0 || axis === undefined ? start : undefined;
  const at = start + step * (axis === undefined ? 0 : (coordinates[axis] as number));
  return typeof cycle === 'number' ? at % cycle : cycle === undefined ? at : undefined;
}

/** What an output holds, by what the inputs hold. */
export function movedContents(movement: Movement, output: number, call: Reading): Contents | undefined {
  if (movement.kind === 'regrouped') return call.contentsIn(movement.source);
  const shape = numericShape(call.shapeOf(output));
  if (!shape) return undefined;
  if (movement.kind === 'joined') return joinedContents(movement.sources, movement.axis, shape, call);
  const { source, places, outside } = movement;
  const [contents, sizes] = [call.contentsIn(source), numericShape(call.shapeIn(source))];
  if (!contents || !sizes) return undefined;
  const fill = typeof outside === 'object' ? call.contentsIn(outside)?.[0] : outside;
  return fillContents(shape, (to) => {
    const from = places.map((place) => placeAt(place, to));
    if (!from.every((at) => typeof at === 'number')) return undefined;
    const isInside = from.every((at, axis) => at >= 0 && at < (sizes[axis] as number));
    return isInside ? contents[linear(from, sizes)] : fill;
  });
}

function joinedContents(
  sources: readonly Value[],
  axis: number,
  shape: readonly number[],
  call: Reading,
): Contents | undefined {
  if (elementCount(shape) > MOST) return undefined;
  const parts = sources.map((source) => {
    const sizes = numericShape(call.shapeIn(source));
    const length = sizes?.length === shape.length ? elementCount(sizes.slice(axis)) : undefined;
    return { contents: call.contentsIn(source), length };
  });
  if (!parts.every(({ length }) => length !== undefined)) return undefined;
  return Array.from({ length: elementCount(shape.slice(0, axis)) }).flatMap((_, row) =>
    parts.flatMap(
      ({ contents, length = 0 }) =>
        contents?.slice(row * length, (row + 1) * length) ?? new Array<PartialDim>(length).fill(undefined),
    ),
  );
}
