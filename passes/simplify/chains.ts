/** Two nodes of a kind in a row: one node, or none. The first stays where something else reads it. */

import { append } from '../../src/ir/collections/lists.js';
import { fromStart } from '../../src/ir/dims/axes.js';
import type { Node } from '../../src/ir/node.js';
import { reshaped } from '../../src/ir/tensors/numbers.js';
import { dataTypeOfCode, equalShapes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { reshapeOf } from '../../src/match/views/reshaped.js';
import { isLosslessCast } from './lossless.js';
import { byOp, everywhere, replaceBy, setInputs, soleProducer } from './rules.js';
import { joinSlice } from './slices.js';
import { permIn } from './small.js';

const producerOf = (value: Value | undefined, opType: string): Node | undefined => {
  const node = value?.producer;
  return node?.is(opType) && !node.hasReference ? node : undefined;
};

/** Transpose(Transpose(x, p), q) ⟶ Transpose(x, p∘q) */
function transposes(node: Node): void {
  const inner = producerOf(node.inputs[0], 'Transpose');
  const q = permIn(node);
  const p = inner && permIn(inner);
  if (!p || !q || p.length !== q.length) return;
  node.graph.setAttribute(
    node,
    'perm',
    q.map((axis) => p[axis] as number),
  );
  node.graph.setInput(node, 0, inner?.inputs[0]);
}

/** Cast(Cast(x, A), B) ⟶ Cast(x, B) where A holds every number that x can. */
function casts(node: Node): void {
  const inner = producerOf(node.inputs[0], 'Cast');
  const from = inner?.inputs[0]?.elem;
  const through = inner?.outputs[0]?.elem;
  const to = dataTypeOfCode(node.int('to', 0));
  if (!inner || !from || !through || !to) return;
  if (isLosslessCast(from, through, to)) node.graph.setInput(node, 0, inner.inputs[0]);
}

/** Not(Not(x)) ⟶ x, Neg(Neg(x)) ⟶ x */
function involutions(node: Node): void {
  const inner = producerOf(node.inputs[0], node.opType);
  if (inner?.inputs[0]) node.graph.replaceUses(node.output, inner.inputs[0]);
}

/** Relu(Relu(x)) ⟶ Relu(x), and so for other ops that do nothing the second time. */
function idempotents(node: Node): void {
  const inner = producerOf(node.inputs[0], node.opType);
  if (inner) node.graph.replaceUses(node.output, inner.output);
}

/** The Concat of a value whose parts another may take up. */
function joined(value: Value | undefined, outer: Node): Node | undefined {
  const inner = soleProducer(value, outer, 'Concat');
  const [own, axis] = [inner?.int('axis'), outer.int('axis')];
  if (!inner || own === undefined || axis === undefined) return undefined;
  const rank = outer.outputs[0]?.shape?.length;
  return own === axis || (rank !== undefined && fromStart(own, rank) === fromStart(axis, rank)) ? inner : undefined;
}

/** Concat(Concat(a, b), c) ⟶ Concat(a, b, c), along one axis, once for all that stand in each other; parts without elements are left out. */
function concats(node: Node): void {
  const axis = node.int('axis');
  const rank = node.outputs[0]?.shape?.length;
  if (axis === undefined) return;
  const at = (one: number) => (rank === undefined ? one : fromStart(one, rank));
  const [reader] = node.output.uses;
  if (reader?.node.is('Concat') && joined(node.output, reader.node)) return;
  const parts: (Value | undefined)[] = [];
  const waiting = node.inputs.toReversed();
  while (waiting.length > 0) {
    const value = waiting.pop();
    const inner = joined(value, node);
    if (inner) append(waiting, inner.inputs.toReversed());
    else parts.push(value);
  }
  const isEmpty = (value: Value | undefined) => value?.shape?.[at(axis)] === 0 && value.shape.length === rank;
  const full = rank === undefined ? parts : parts.filter((value) => !isEmpty(value));
  const inputs = full.length > 0 ? full : parts;
  setInputs(node, inputs);
}

/** view(Gather(x, i, axis)) ⟶ Gather(x, [i], axis) for a constant scalar i, where the view puts the axis back. */
function gathers(node: Node): void {
  const inner = soleProducer(node.inputs[0], node, 'Gather');
  const [data, index] = inner?.inputs ?? [];
  if (!inner || !data?.shape || !index?.tensor || index.tensor.shape.length > 0) return;
  const axis = fromStart(inner.int('axis', 0), data.shape.length);
  if (!equalShapes(data.shape.with(axis, 1), node.output.shape)) return;
  const list = node.graph.constant(reshaped(index.tensor, [1]), index.name);
  replaceBy(node, 'Gather', [data, list], { axis }, inner);
}

const rules = byOp({
  Transpose: transposes,
  Cast: casts,
  Not: involutions,
  Neg: involutions,
  Relu: idempotents,
  Abs: idempotents,
  Floor: idempotents,
  Ceil: idempotents,
  Round: idempotents,
  Sign: idempotents,
  Concat: concats,
  Slice: joinSlice,
});

/** Shortens chains in every scope. */
export const shortenChains = everywhere((node, facts) =>
  node.outputs[0] && reshapeOf(node.outputs[0]) ? gathers(node) : rules(node, facts),
);
