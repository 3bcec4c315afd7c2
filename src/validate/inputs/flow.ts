/**
 * Follows an input to the nodes that read its numbers: through ops that only move or recast them, into every body and
 * function.
 */

import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { constantTensor } from '../../ir/tensors/constants.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { elementCount } from '../../ir/tensors/tensor.js';
import type { Value } from '../../ir/value.js';
import { outputsFrom } from '../../ops/moved.js';

/** One reader of an input's numbers. */
export interface InputReader {
  readonly node: Node;
  readonly index: number;
  /** The sum that was added to the numbers on the way. */
  readonly offset: number;
}

/** All readers of a value's numbers, in the order found. */
export function readersOf(model: Model, input: Value): InputReader[] {
  const readers: InputReader[] = [];
  const seen = new Set<string>();
  const queue: { value: Value; offset: number }[] = [{ value: input, offset: 0 }];
  const follow = (value: Value | undefined, offset: number): void => {
    if (!value) return;
    const key = `${value.sequence}:${offset}`;
    if (seen.has(key)) return;
    seen.add(key);
    queue.push({ value, offset });
  };
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { value, offset } = next;
    for (const { node, index } of value.uses) {
      if (node.isEnd) {
        const owner = node.graph.owner;
        if (owner?.is('If')) follow(owner.outputs[index], offset);
        continue;
      }
      readers.push({ node, index, offset });
      follow(innerInput(model, node, index), offset);
      for (const output of outputsFrom(node, index)) follow(output, offset);
      const added = addend(node, index);
      if (added !== undefined) follow(node.outputs[0], offset + added);
    }
  }
  return readers;
}

/** The input of a body or a function that receives an input of the node. */
function innerInput(model: Model, node: Node, index: number): Value | undefined {
  const body = node.bodies[0];
  if (node.is('Loop')) return index >= 2 ? body?.inputs[index] : undefined;
  if (node.is('Scan')) return body?.inputs[index];
  return model.functionOf(node)?.graph.inputs[index];
}

/** The constant that an Add or Sub adds to its input at `index`. */
function addend(node: Node, index: number): number | undefined {
  if (!node.is('Add') && !(node.is('Sub') && index === 0)) return undefined;
  const tensor = constantTensor(node.inputs[1 - index]);
  if (!tensor || elementCount(tensor.shape) !== 1) return undefined;
  const [value] = numbersOf(tensor);
  return node.is('Sub') ? -value! : value;
}

/** The number in a constant of one element. */
export function scalarOf(value: Value | undefined): number | undefined {
  const tensor = constantTensor(value);
  return tensor && elementCount(tensor.shape) === 1 ? numbersOf(tensor)[0] : undefined;
}
