/**
 * Lanes: a value's last axes as one row of numbered places, and where each comes from, whatever ops moved them.
 *
 * A Slice, Split, Gather, Concat, Reshape, Squeeze, Unsqueeze, Transpose or Expand that leaves the leading axes alone only moves
 * lanes: `Concat(x[…, 8:], x[…, :8])` is eight lanes of x and eight others, and so is any other spelling of it.
 */
import type { Facts } from '../infer/index.js';
import { fromStart } from '../ir/axes.js';
import { equalDims } from '../ir/dims.js';
import type { Node } from '../ir/node.js';
import type { Shape } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { integersOf, sliceOf } from './slice.js';

/** One place in the last `rank` axes of a value, counted row by row. */
export interface Lane {
  readonly value: Value;
  readonly rank: number;
  readonly index: number;
}

/** Rows of more places than this are no head of a model. */
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

/**
 * Where each lane of a value's last `rank` axes comes from, one op back; undefined where its op does more than move lanes.
 * The leading axes of every source are those of the value.
 */
export function movedLanes(value: Value, rank: number, facts: Facts): readonly Lane[] | undefined {
  const node = value.producer;
  const block = blockOf(value.shape, rank);
  if (node?.domain !== '' || node.hasReference || !block || !value.shape) return undefined;
  const move = moves.get(node.opType);
  return move?.({ node, value, shape: value.shape, rank, block, facts });
}

interface Moved {
  readonly node: Node;
  readonly value: Value;
  readonly shape: Shape;
  readonly rank: number;
  readonly block: readonly number[];
  readonly facts: Facts;
}
type Move = (moved: Moved) => readonly Lane[] | undefined;

/** Every place of a block, in order. */
function* placesOf(block: readonly number[]): Iterable<number[]> {
  const place = block.map(() => 0);
  for (let count = widthOf(block); count > 0; count--) {
    yield [...place];
    for (let axis = block.length - 1; axis >= 0; axis--) {
      place[axis] = (place[axis] as number) + 1;
      if ((place[axis] as number) < (block[axis] as number)) break;
      place[axis] = 0;
    }
  }
}

const indexOf = (place: readonly number[], block: readonly number[]): number =>
  block.reduce((index, size, axis) => index * size + (place[axis] as number), 0);

/** A block read within a larger one: axes of size 1 and absent ones are repeated. Undefined where the sizes do not broadcast. */
export function broadcastLanes(from: readonly number[], to: readonly number[]): readonly number[] | undefined {
  const missing = to.length - from.length;
  if (missing < 0 || !from.every((size, axis) => size === 1 || size === to[axis + missing])) return undefined;
  return [...placesOf(to)].map((place) =>
    indexOf(
      from.map((size, axis) => (size === 1 ? 0 : (place[axis + missing] as number))),
      from,
    ),
  );
}

/** Lanes whose place in one source is computed from theirs. */
function lanesFrom(
  { shape, rank, block }: Moved,
  source: Value | undefined,
  sourceRank: number,
  placeOf: (place: readonly number[]) => readonly number[],
): readonly Lane[] | undefined {
  const from = blockOf(source?.shape, sourceRank);
  if (!source?.shape || !from || !equalLeads(leadOf(source.shape, sourceRank), leadOf(shape, rank))) return undefined;
  return [...placesOf(block)].map((place) => ({
    value: source,
    rank: sourceRank,
    index: indexOf(placeOf(place), from),
  }));
}

/** The same lanes in the same order, under other axes. */
const regrouped: Move = ({ node, shape, rank, block }) => {
  const source = node.inputs[0];
  const sourceRank = (source?.shape?.length ?? 0) - (shape.length - rank);
  const from = sourceRank >= 0 ? blockOf(source?.shape, sourceRank) : undefined;
  if (!source?.shape || !from || widthOf(from) !== widthOf(block)) return undefined;
  if (!equalLeads(leadOf(source.shape, sourceRank), leadOf(shape, rank))) return undefined;
  return Array.from({ length: widthOf(block) }, (_, index) => ({ value: source, rank: sourceRank, index }));
};

const slice: Move = (moved) => {
  const taken = sliceOf(moved.node, moved.facts);
  const first = moved.shape.length - moved.rank;
  const isWhole = [...(taken ?? [])].every(([axis, { step }]) => axis >= first || step === 1);
  if (!taken || !isWhole) return undefined;
  return lanesFrom(moved, moved.node.inputs[0], moved.rank, (place) =>
    place.map((at, i) => {
      const { start, step } = taken.get(first + i) ?? { start: 0, step: 1 };
      return start + at * step;
    }),
  );
};

/** Places before this output of a Split, or this input of a Concat, on their axis. */
function placesBefore(values: readonly (Value | undefined)[], count: number, axis: number): number | undefined {
  let places = 0;
  for (const value of values.slice(0, count)) {
    const size = value?.shape?.[axis];
    if (typeof size !== 'number') return undefined;
    places += size;
  }
  return places;
}

const split: Move = (moved) => {
  const { node, value, shape, rank } = moved;
  const axis = fromStart(node.int('axis', 0), shape.length);
  const offset = placesBefore(node.outputs, value.index, axis);
  const inner = axis - (shape.length - rank);
  if (offset === undefined || inner < 0) return undefined;
  return lanesFrom(moved, node.inputs[0], rank, (place) => place.map((at, i) => (i === inner ? at + offset : at)));
};

const concat: Move = ({ node, shape, rank, block }) => {
  const axis = fromStart(node.int('axis', 0), shape.length);
  const inner = axis - (shape.length - rank);
  if (inner < 0 || inner >= rank) return undefined;
  const lanes: Lane[] = [];
  const blocks = node.inputs.map((input) => blockOf(input?.shape, rank));
  if (blocks.some((one) => !one)) return undefined;
  for (const place of placesOf(block)) {
    let at = place[inner] as number;
    let which = 0;
    for (let size = blocks[0]?.[inner]; size !== undefined && at >= size; size = blocks[++which]?.[inner]) at -= size;
    // Of other ranks than the whole: no run takes them.
    if (blocks[which]?.length !== rank) return undefined;
    const there = place.map((one, i) => (i === inner ? at : one));
    lanes.push({ value: node.inputs[which] as Value, rank, index: indexOf(there, blocks[which] as number[]) });
  }
  return lanes;
};

const gather: Move = (moved) => {
  const { node, shape, rank, facts } = moved;
  const [source, indicesInput] = node.inputs;
  const indices = integersOf(indicesInput, facts);
  const taken = indicesInput?.shape?.length;
  if (!source?.shape || !indices || taken === undefined || taken > 1) return undefined;
  const axis = fromStart(node.int('axis', 0), source.shape.length);
  const sourceRank = rank + 1 - taken;
  const inner = axis - (source.shape.length - sourceRank);
  const size = source.shape[axis];
  if (inner < 0 || sourceRank > source.shape.length || typeof size !== 'number') return undefined;
  if (shape.length !== source.shape.length - 1 + taken) return undefined;
  const at = indices.map((index) => fromStart(index, size));
  return lanesFrom(moved, source, sourceRank, (place) => [
    ...place.slice(0, inner),
    at[taken === 0 ? 0 : (place[inner] as number)] as number,
    ...place.slice(inner + taken),
  ]);
};

const transpose: Move = (moved) => {
  const { node, shape, rank } = moved;
  const first = shape.length - rank;
  const perm = node.ints('perm') ?? shape.map((_, axis) => shape.length - 1 - axis);
  if (!perm.every((axis, i) => i >= first || axis === i)) return undefined;
  return lanesFrom(moved, node.inputs[0], rank, (place) => {
    const there = [...place];
    place.forEach((at, i) => {
      there[(perm[first + i] as number) - first] = at;
    });
    return there;
  });
};

const expand: Move = ({ node, shape, rank, block }) => {
  const source = node.inputs[0];
  const from = blockOf(source?.shape, rank);
  if (!source?.shape || !from || !equalLeads(leadOf(source.shape, rank), leadOf(shape, rank))) return undefined;
  return broadcastLanes(from, block)?.map((index) => ({ value: source, rank, index }));
};

const tile: Move = (moved) => {
  const from = blockOf(moved.node.inputs[0]?.shape, moved.rank);
  return (
    from &&
    lanesFrom(moved, moved.node.inputs[0], moved.rank, (place) => place.map((at, i) => at % (from[i] as number)))
  );
};

const same: Move = (moved) => (moved.value.elem === moved.node.inputs[0]?.elem ? regrouped(moved) : undefined);

const moves: ReadonlyMap<string, Move> = new Map(
  Object.entries({
    Identity: regrouped,
    Reshape: regrouped,
    Flatten: regrouped,
    Squeeze: regrouped,
    Unsqueeze: regrouped,
    Cast: same,
    Slice: slice,
    Split: split,
    Concat: concat,
    Gather: gather,
    Transpose: transpose,
    Expand: expand,
    Tile: tile,
  }),
);

/** The ops that may only move lanes. */
export const movers: ReadonlySet<string> = new Set(moves.keys());
