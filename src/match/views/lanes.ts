/**
 * Lanes: a value's last axes as one row of numbered places, and where each comes from, whatever ops moved them.
 *
 * An op that moves elements and leaves the leading axes alone only moves lanes: `Concat(x[…, 8:], x[…, :8])` is eight lanes of x and eight others, and so is any other spelling of it.
 */
import type { Facts } from '../../infer/index.js';
import { equalDims } from '../../ir/dims/dims.js';
import type { Shape } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { broadcastIndex, linear, mapPlaces } from '../../ops/contents.js';
import { movementOf } from '../../ops/moved.js';
import { isAlong, placeAt } from '../../ops/movement.js';

/** One place in the last `rank` axes of a value, counted row by row. */
export interface Lane {
  readonly value: Value;
  readonly rank: number;
  readonly index: number;
}

/** The most places of a row: no head of a model has more. */
const WIDEST = 1024;

/** The sizes of the last `rank` axes of a shape; undefined where they are not static, or too many to follow. */
export function blockOf(shape: Shape | undefined, rank: number): readonly number[] | undefined {
  if (!shape || rank > shape.length) return undefined;
  const block = shape.slice(shape.length - rank);
  const isStatic = block.every((dim) => typeof dim === 'number');
  return isStatic && widthOf(block as number[]) <= WIDEST ? (block as number[]) : undefined;
}

export const widthOf = (block: readonly number[]): number => block.reduce((width, size) => width * size, 1);

/** The axes before the last `rank`. */
export const leadOf = (shape: Shape, rank: number): Shape => shape.slice(0, shape.length - rank);

export const equalLeads = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, axis) => equalDims(dim, b[axis] as typeof dim));

/** A block read within a larger one: axes of size 1 and absent ones are repeated. Undefined where the sizes do not broadcast. */
export function broadcastLanes(from: readonly number[], to: readonly number[]): readonly number[] | undefined {
  const missing = to.length - from.length;
  if (missing < 0 || !from.every((size, axis) => size === 1 || size === to[axis + missing])) return undefined;
  return mapPlaces(to, (place) => broadcastIndex(from, place));
}

/**
 * The source of each lane of a value's last `rank` axes, one op back; undefined where its op does more than move lanes.
 * The leading axes of every source are those of the value.
 */
export function movedLanes(value: Value, rank: number, facts: Facts): readonly Lane[] | undefined {
  const movement = movementOf(value, facts);
  const block = movement && blockOf(value.shape, rank);
  if (!block || !value.shape) return undefined;
  const lead = leadOf(value.shape, rank);
  if (movement.kind === 'joined') return joinedLanes(movement.sources, movement.axis - lead.length, block);
  const { source } = movement;
  const sourceRank = (source.shape?.length ?? 0) - lead.length;
  const from = sourceRank >= 0 ? blockOf(source.shape, sourceRank) : undefined;
  if (!source.shape || !from || !equalLeads(leadOf(source.shape, sourceRank), lead)) return undefined;
  const lane = (index: number): Lane => ({ value: source, rank: sourceRank, index });
  if (movement.kind === 'regrouped')
    return widthOf(from) === widthOf(block) ? Array.from({ length: widthOf(block) }, (_, at) => lane(at)) : undefined;
  const isKept = movement.places.every((place, axis) =>
    axis < lead.length ? isAlong(place, axis) : (place.axis ?? lead.length) >= lead.length,
  );
  if (!isKept) return undefined;
  const inner = movement.places.slice(lead.length);
  const lanes = mapPlaces(block, (place) => {
    const there = inner.map((one) => placeAt(one, place, lead.length));
    const isInside = there.every((at, i) => typeof at === 'number' && at >= 0 && at < (from[i] as number));
    return isInside ? lane(linear(there as number[], from)) : undefined;
  });
  return lanes.every((one) => one !== undefined) ? lanes : undefined;
}

function joinedLanes(sources: readonly Value[], axis: number, block: readonly number[]): readonly Lane[] | undefined {
  const rank = block.length;
  const blocks = sources.map((source) => blockOf(source.shape, rank));
  if (axis < 0 || !blocks.every((one) => one?.length === rank)) return undefined;
  return mapPlaces(block, (place) => {
    let at = place[axis] as number;
    let which = 0;
    for (let size = blocks[0]?.[axis]; size !== undefined && at >= size; size = blocks[++which]?.[axis]) at -= size;
    const index = linear(place.with(axis, at), blocks[which] as number[]);
    return { value: sources[which] as Value, rank, index };
  });
}
