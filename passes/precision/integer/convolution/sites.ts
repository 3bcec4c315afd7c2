/** Finds convolutions that can compute in 8 bits with static ranges. */

import type { Node } from '../../../../src/ir/node.js';
import { constantTensor } from '../../../../src/ir/tensors/constants.js';
import { numbersOf } from '../../../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../../src/ir/value.js';

export interface ConvSite {
  readonly node: Node;
  readonly input: Value;
  /** The result, or that of a Relu or Clip from zero behind it, where the least byte stands for zero. */
  readonly output: Value;
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  /** The number of multiplications for each number of the result. */
  readonly depth: number;
}

/** The fewest multiplications: smaller convolutions take less time than the start of an 8-bit kernel. */
const FEWEST_PRODUCTS = 300_000;

/** The convolution of a node, or why it stays float; undefined for other ops. */
export function convSiteOf(node: Node): ConvSite | string | undefined {
  if (!node.is('Conv')) return undefined;
  const [input, factor, bias] = node.inputs;
  const { output } = node;
  if (!input || !factor || node.hasReference) return 'an input is missing, or given by the caller of the function';
  if (node.graph !== node.graph.model.graph) return 'ranges are measured in the main graph alone';
  if (node.int('group', 1) !== 1) return 'a convolution by groups is slower in 8 bits';
  const [weight, added] = [constantTensor(factor), constantTensor(bias)];
  if (!weight || (bias && !added)) return 'its weight or bias is computed';
  if (weight.type !== 'float32' || (added && added.type !== 'float32') || input.elem !== 'float32')
    return `it computes in ${input.elem ?? weight.type}`;
  const depth = elementCount(weight.shape.slice(1));
  const size = elementCount(output.shape?.slice(2).map((dim) => (typeof dim === 'number' ? dim : 2)) ?? [2]);
  const isOpen = output.shape?.slice(2).some((dim) => typeof dim !== 'number') ?? true;
  if (size === 1 || (!isOpen && size * elementCount(weight.shape) < FEWEST_PRODUCTS))
    return 'it is too small to be faster in 8 bits';
  return { node, input, output: clampedOf(output), weight, bias: added, depth };
}

/** The result of a Relu or Clip of the value, where nothing else reads the value. */
function clampedOf(value: Value): Value {
  const [user, ...others] = value.users;
  if (!user || others.length > 0 || value.isOutput || user.graph !== value.graph || user.inputs[0] !== value)
    return value;
  if (user.is('Relu')) return user.output;
  const least = user.is('Clip') && constantTensor(user.inputs[1]);
  return least && elementCount(least.shape) === 1 && numbersOf(least)[0] === 0 ? user.output : value;
}
