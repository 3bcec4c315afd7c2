/** Parts that are put together as they were cut, or cut as they were put together: Split then Concat, Concat then Split. */
import { fromStart } from '../../src/ir/axes.js';
import { equalDims } from '../../src/ir/dims.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { smallNumbers } from './small.js';

/** The Split that `value` is the first part of, along this axis, if the values from `at` on are all of its parts in order. */
function wholeAt(inputs: readonly (Value | undefined)[], at: number, axis: number): Node | undefined {
  const split = inputs[at]?.producer;
  const rank = split?.inputs[0]?.shape?.length;
  if (!split?.is('Split') || split.hasReference || rank === undefined) return undefined;
  if (fromStart(split.int('axis', 0), rank) !== axis) return undefined;
  return split.outputs.every((part, index) => part !== undefined && inputs[at + index] === part) ? split : undefined;
}

/** Concat(…, Split(x)…, …) ⟶ Concat(…, x, …) */
function rejoin(concat: Node): void {
  const { graph } = concat;
  const rank = concat.outputs[0]?.shape?.length;
  const given = concat.int('axis');
  if (rank === undefined || given === undefined) return;
  const axis = fromStart(given, rank);
  const inputs: (Value | undefined)[] = [];
  for (let at = 0; at < concat.inputs.length; ) {
    const split = wholeAt(concat.inputs, at, axis);
    inputs.push(split ? split.inputs[0] : concat.inputs[at]);
    at += split ? split.outputs.length : 1;
  }
  if (inputs.length === concat.inputs.length && inputs[0] === concat.inputs[0]) return;
  inputs.forEach((value, index) => {
    graph.setInput(concat, index, value);
  });
  graph.truncateInputs(concat, inputs.length);
}

/** Split(Concat(a, b)) ⟶ a, b where the sizes are theirs. */
function recut(split: Node): void {
  const concat = split.inputs[0]?.producer;
  const rank = split.inputs[0]?.shape?.length;
  const sizes = smallNumbers(split.inputs[1]) ?? split.ints('split');
  if (!concat?.is('Concat') || concat.hasReference || rank === undefined || !sizes) return;
  const axis = fromStart(split.int('axis', 0), rank);
  if (fromStart(concat.int('axis', 0), rank) !== axis || concat.inputs.length !== sizes.length) return;
  const isPart = (value: Value | undefined, index: number) => {
    const dim = value?.shape?.[axis];
    return dim !== undefined && equalDims(dim, sizes[index] ?? -1);
  };
  if (!concat.inputs.every(isPart)) return;
  split.outputs.forEach((part, index) => {
    const value = concat.inputs[index];
    if (part && value) split.graph.replaceUses(part, value);
  });
}

/** Does so in every scope. */
export function rejoinParts(model: Model): void {
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      if (node.domain !== '' || node.hasReference || !node.outputs.some((value) => value?.uses.size)) continue;
      if (node.is('Concat')) rejoin(node);
      if (node.is('Split')) recut(node);
    }
}
