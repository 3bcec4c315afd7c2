/**
 * Finds the nodes that must compute in float64: nodes whose numbers float32 cannot hold, and nodes that lead to integers, which a rounded
 * last digit would change.
 */

import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { agreed } from '../../../src/ir/tensors/bank.js';
import { constantTensor } from '../../../src/ir/tensors/constants.js';
import { LARGEST_FLOAT32 } from '../../../src/ir/tensors/float32-tensor.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { isInteger } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { extentOf, isParameter } from '../extent.js';
import { isCoordinateArithmetic, precisionOf } from '../ops.js';

/** The smallest number that float32 holds with all its digits. */
const SMALLEST_NORMAL = 2 ** -126;

const because = {
  large: "computes with a factor beyond float32's range",
  tiny: 'computes with a number that float32 rounds to zero, or to few digits',
  integers: 'gives integers, which a rounded last digit may change',
} as const;

/** The reason for each node of float64 that stays so. */
export function needsFloat64(model: Model): Map<Node, string> {
  const found = new Map<Node, string>();
  const misfit = misfits();
  const beyond = new Map<Value, 'large' | 'tiny'>();
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      const floats = node.inputs.filter((value): value is Value => value?.elem === 'float64');
      const own = floats.map((value) => misfit(value, node)).find((kind) => kind);
      const kind = own ?? floats.map((value) => beyond.get(value)).find((one) => one);
      if (!kind) continue;
      found.set(node, because[kind]);
      const { size } = precisionOf(node);
      if (size === 'bounded' || size === 'shrinking') continue;
      for (const value of node.outputs) if (value?.elem === 'float64') beyond.set(value, kind);
    }
  for (const node of integerArithmetic(model)) found.set(node, because.integers);
  return found;
}

/** Ops that choose, bound or mask with their constants: the largest float32 number has the same effect as a larger one. */
const choosing = new Set(['Where', 'Max', 'Min', 'Clip', 'Add', 'Sub', 'Concat', 'Expand', 'Identity', 'Cast']);

/** Gives a function that says whether float32 cannot hold a constant, in the way in which a node reads it. */
function misfits(): (value: Value, node: Node) => 'large' | 'tiny' | undefined {
  const known = new Map<Value, 'large' | 'tiny' | undefined>();
  return (value, node) => {
    const tensor = constantTensor(value);
    if (!tensor) return undefined;
    if (!known.has(value)) known.set(value, agreed(tensor, misfitOf));
    const kind = known.get(value);
    return kind === 'large' && choosing.has(node.opType) ? undefined : kind;
  };
}

function misfitOf(tensor: Tensor): 'large' | 'tiny' | undefined {
  const { largest, smallest } = extentOf(tensor);
  if (largest > LARGEST_FLOAT32) return 'large';
  const isSmall = isParameter(tensor) ? smallest < SMALLEST_NORMAL : largest < SMALLEST_NORMAL;
  return largest > 0 && isSmall ? 'tiny' : undefined;
}

/** The arithmetic of float64 behind Casts to integers, back to where layers or integers begin. */
function integerArithmetic(model: Model): Set<Node> {
  const found = new Set<Node>();
  const follow = (value: Value | undefined): void => {
    const node = value?.producer;
    if (node && value.elem === 'float64' && isCoordinateArithmetic(node)) found.add(node);
  };
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) if (node.is('Cast') && isInteger(node.outputs[0]?.elem)) follow(node.inputs[0]);
  for (const node of found) for (const value of node.inputs) follow(value);
  return found;
}
