/**
 * Rounds values in a way that onnxruntime cannot leave out.
 * Why this way: a Cast to 16 bits and one back. The runtime drops such a pair only where it put the first one in by
 * itself, around an operator that it has no kernel for; of a graph whose operators are all float32 it keeps every pair,
 * in bodies too, optimizations off (tests hold it to that, over every boundary of both types). Movements between the
 * two (Unsqueeze, Concat of one, Slice, Transpose, Identity) change nothing about it and cost time; arithmetic
 * (splitting by a factor, a magic number for small ones, Where for infinities) is eight operators.
 */
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { castTo, type Narrow, widenBehind } from '../../ir/whole-model/widen.js';
import { heldBy } from '../../ops/moved.js';
import { rowOf } from '../../ops/registry.js';

/** Rounds computed values: each value that had 16 bits, behind its operator. */
export function roundResults(were: ReadonlyMap<Value, Narrow>): void {
  for (const [value, type] of were) {
    const { producer } = value;
    if (!producer || value.type?.kind !== 'tensor' || value.uses.size === 0) continue;
    if (!givesWhatItIsGiven(producer)) roundBehind(value, type);
  }
}

/** value ⟶ Cast to float32(Cast to 16 bits(value)), for all readers. */
function roundBehind(value: Value, type: Narrow): void {
  const uses = [...value.uses];
  const narrow = castTo(value.graph, value, type);
  for (const { node, index } of uses) node.graph.setInput(node, index, narrow);
  widenBehind(narrow);
}

/** True for results that need no rounding, and for a Cast, which gets it. */
function givesWhatItIsGiven(node: Node): boolean {
  const held = heldBy(node.outputs[0]);
  return node.is('Cast') || rowOf(node)?.precision?.isExact === true || (held !== undefined && !held.recast);
}
