/** Values whose contents inference knows: shapes, axes and indices become constants, or are computed once. */

import type { Facts } from '../../src/infer/index.js';
import { dimText } from '../../src/ir/dims/dims.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import type { DataType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isStatic } from './small.js';

/** The bounds of element types: contents beyond them would wrap. */
const bounds: Partial<Record<DataType, readonly [number, number]>> = {
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  // A comparison of sizes that the ranges of their symbols decide.
  bool: [0, 1],
};

/** Every element is a number ⟶ a constant. */
function becomeConstant(value: Value, facts: Facts): boolean {
  const contents = facts.contents(value);
  const range = value.elem && bounds[value.elem];
  if (!contents || !range || !isStatic(value.shape) || elementCount(value.shape) !== contents.length) return false;
  const isNumber = (dim: unknown): dim is number => typeof dim === 'number' && dim >= range[0] && dim <= range[1];
  if (!contents.every(isNumber)) return false;
  const tensor = tensorOf(value.elem as DataType, contents as readonly number[], value.shape);
  value.graph.replaceUses(value, value.graph.constant(tensor, value.name));
  return true;
}

/** Equal symbolic contents, element type and rank ⟶ the value that is computed first. */
function becomeEarlier(value: Value, facts: Facts, seen: Map<string, Value>): void {
  const contents = facts.contents(value);
  if (!contents || !value.elem || !isStatic(value.shape)) return;
  const key = `${value.elem}[${value.shape}]${contents.map(dimText)}`;
  const earlier = seen.get(key);
  if (earlier) value.graph.replaceUses(value, earlier);
  else seen.set(key, value);
}

function decideIn(graph: Graph, facts: Facts, outer: ReadonlyMap<string, Value>): void {
  const seen = new Map(outer);
  for (const node of graph.nodes()) {
    for (const body of node.bodies) decideIn(body, facts, seen);
    for (const value of node.outputs)
      if (value && value.uses.size > 0 && !becomeConstant(value, facts)) becomeEarlier(value, facts, seen);
  }
}

/** Does so in the main graph and its bodies; a function's values differ from call to call. */
export function decideContents(model: Model, facts: Facts): void {
  decideIn(model.graph, facts, new Map());
}
