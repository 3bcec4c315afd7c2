/**
 * One instance of a block as a model of its own. Values that cross its border are inputs and outputs; the arithmetic of shapes, masks
 * and positions comes along, down to the integers it is made of: a pass reads it, and what is fed is sensible then.
 */

import { refill } from '../../ir/collections/lists.js';
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { instanceOf } from '../../ir/tensors/bank.js';
import { setTensor } from '../../ir/tensors/constants.js';
import { freeName } from '../../ir/text/free-name.js';
import { isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import { sweep } from '../../ir/whole-model/sweep.js';
import type { BlockInstance } from '../../region/blocks/index.js';

/** Nodes of such arithmetic at most: what is longer is computed from what the model computes. */
const LIMIT = 100;

/** The model, or why there is none; types are inferred. `isRepeated` tells nodes of blocks from the others. */
export function instanceModel(
  model: Model,
  { inputs, outputs }: Pick<BlockInstance, 'inputs' | 'outputs'>,
  isRepeated: (node: Node) => boolean,
): Model | string {
  const leaves = new Set<Value>();
  const arithmetic: Value[] = [];
  for (const border of inputs) {
    if (!border.producer) continue;
    const found = leavesOf(border, isRepeated);
    if (found) arithmetic.push(border);
    for (const leaf of found ?? [border]) if (leaf.producer) leaves.add(leaf);
  }
  for (const { type, name } of leaves)
    if (type?.kind !== 'tensor' || !type.shape) return `the shape of "${name}", which goes in, is not known`;
  const values = new Map<Value, Value>();
  const part = cloneModel(model, undefined, values);
  const { graph } = part;
  const taken = new Set(graph.inputs.map(({ name }) => name));
  /** Names say what to feed; between passes two values may have one. */
  const nameOf = ({ name }: Value): string => {
    const free = freeName(name || 'value', (one) => taken.has(one));
    taken.add(free);
    return free;
  };
  for (const leaf of leaves) {
    const input = graph.input(nameOf(leaf), leaf.type);
    graph.replaceUses(values.get(leaf) as Value, input);
    values.set(leaf, input);
  }
  // As an output, arithmetic is computed whether or not a pass goes on reading it: other instances do.
  const ports = [...new Set([...outputs, ...arithmetic])];
  graph.setOutputs(
    ports.map((value) => ({
      port: { name: nameOf(value), type: value.type },
      value: values.get(value) as Value,
    })),
  );
  return tidied(part);
}

/** The whole model, as an instance is cut out. */
export const wholeModel = (model: Model): Model => tidied(cloneModel(model));

/** Without what nothing reads or calls, banks as their first instance. */
function tidied(part: Model): Model {
  sweep(part);
  const { graph } = part;
  graph.setInputs(graph.inputs.filter(({ uses }) => uses.size > 0));
  const called = new Set<unknown>();
  const call = (scope: Graph): void => {
    for (const node of scope.nodeSet) {
      node.bodies.forEach(call);
      const fn = part.functionOf(node);
      if (!fn || called.has(fn)) continue;
      called.add(fn);
      call(fn.graph);
    }
  };
  call(graph);
  refill(
    part.functions,
    part.functions.filter((fn) => called.has(fn)),
  );
  for (const scope of part.graphs())
    for (const value of scope.constants) {
      const own = value.tensor && instanceOf(value.tensor, 0);
      if (own && own !== value.tensor) setTensor(value, own);
    }
  return part;
}

/** What arithmetic of integers and shapes is computed from; undefined for other values. */
function leavesOf(border: Value, isRepeated: (node: Node) => boolean): readonly Value[] | undefined {
  const leaves = new Set<Value>();
  const seen = new Set<Value>();
  const stack = [border];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value) || value.tensor) continue;
    seen.add(value);
    const node = value.producer;
    if (!node) {
      if (isFloat(value.elem) || value.graph.owner) return undefined;
      leaves.add(value);
      continue;
    }
    const isPlain = node.bodies.length === 0 && !node.graph.model.functionOf(node);
    if (!isPlain || (isFloat(value.elem) && isRepeated(node)) || seen.size > LIMIT) return undefined;
    const [first] = node.inputs;
    if (first && (node.is('Shape') || node.is('Size'))) leaves.add(first);
    else for (const input of node.inputs) if (input) stack.push(input);
  }
  return [...leaves];
}
