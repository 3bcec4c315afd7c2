/**
 * Split(Cast(weight)), Concat of those, …  ⟶  Cast(the parts as they are stored), where a weight has 16 bits and nodes only move its numbers: gates of an LSTM in
 * another order, tables of heads. They are moved in float32, as the nodes say, and stored in 16 bits again, which rounds nothing.
 */
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { castTensor } from '../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../src/ir/tensors/tensor.js';
import { byteLengthOf } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { castTo, isNarrow, type Narrow } from '../../src/ir/whole-model/widen.js';
import { rowOf } from '../../src/ops/registry.js';
import { isFrom, isMover } from '../../src/ops/row.js';
import { canEvaluate } from './evaluable.js';
import { isStatic } from './small.js';
import { isStorage, LARGE } from './worth.js';

/** A value that nodes make of stored weights by moving their numbers, and the type that these are stored in. */
export interface StoredPart {
  readonly value: Value;
  readonly type: Narrow;
}

/** The parts that other nodes read, where they take no more bytes than the weights that they are made of, which nothing else reads. */
export function storedPartsOf(graph: Graph, isLeft: (node: Node) => boolean): StoredPart[] {
  const types = new Map<Node, Narrow>();
  const weights = new Set<Value>();
  for (const node of graph.nodes()) {
    if (isLeft(node)) continue;
    const [weight] = node.inputs;
    const stored = storedType(node);
    const type = stored ?? movedType(node, types);
    if (type) types.set(node, type);
    if (stored && weight) weights.add(weight);
  }
  const parts = [...types].flatMap(([node, type]) =>
    node.outputs.flatMap((value) => {
      const isRead = value?.users.some((user) => !types.has(user)) && !node.is('Cast');
      return value && isRead ? [{ value, type }] : [];
    }),
  );
  const read = [...weights].reduce((sum, { tensor }) => sum + (tensor?.byteLength ?? 0), 0);
  const made = parts.reduce((sum, part) => sum + bytesOf(part), 0);
  return read <= LARGE && made <= read ? parts : [];
}

const bytesOf = ({ value: { shape }, type }: StoredPart): number =>
  isStatic(shape) ? byteLengthOf(type, elementCount(shape)) : Number.POSITIVE_INFINITY;

/** The type of the weight that a node casts to float32 where nodes that move it alone read both. */
function storedType(node: Node): Narrow | undefined {
  const [weight] = node.inputs;
  const type = weight?.tensor?.type;
  if (!node.is('Cast') || !isStorage(node) || !isNarrow(type) || node.output.elem !== 'float32') return undefined;
  const readers = (weight as Value).users.flatMap((user) => (user.is('Cast') ? user.output.users : [user]));
  return readers.every(moves) ? type : undefined;
}

/** The type in which the numbers are stored that a node moves, where all of them are in one, and constants say where they go. */
function movedType(node: Node, types: ReadonlyMap<Node, Narrow>): Narrow | undefined {
  const row = rowOf(node)?.moves;
  if (!row || !moves(node)) return undefined;
  const from = new Set<Narrow | undefined>();
  for (const [index, value] of node.inputs.entries())
    if (value && isFrom(row, index)) from.add(value.producer && types.get(value.producer));
    else if (value && !value.tensor) return undefined;
  return from.size === 1 ? [...from][0] : undefined;
}

/** True for a node that moves its numbers and adds none. */
function moves(node: Node): boolean {
  const row = rowOf(node)?.moves;
  return row !== undefined && !row.recasts && !row.fill && !row.isChoice && isMover(row, node) && canEvaluate(node);
}

/** Puts the numbers of a part in its place, stored as the weights were. */
export function storePart({ value, type }: StoredPart, moved: Tensor): void {
  const { graph, name } = value;
  graph.replaceUses(value, castTo(graph, graph.constant(castTensor(moved, type), name), 'float32'));
}
