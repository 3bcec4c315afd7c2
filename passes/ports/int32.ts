/** int64 arithmetic of the main graph that cannot overflow int32: f(Cast(x), Cast(y)) ⟶ Cast(f(x, y)), and casts in front of what takes either type go. */

import { inferTypes } from '../../src/infer/index.js';
import { GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { everyNumber, numbersOf } from '../../src/ir/tensors/numbers.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { Maybe } from '../../src/ops/interval.js';
import type { PassContext } from '../../src/run/pass.js';
import { IntegerBounds } from '../full-graph/bounds.js';

const [LOW, HIGH] = [-(2 ** 31), 2 ** 31 - 1];

export const isInt32 = (bounds: Maybe): boolean => bounds !== undefined && bounds.low >= LOW && bounds.high <= HIGH;

/** Inputs that hold the numbers, by op; all where no list is given. Of the first, numbers change. */
const computing = new Set('Add Sub Mul Neg Abs'.split(' '));
const numbersAt: Readonly<Record<string, readonly number[] | undefined>> = {
  ...Object.fromEntries(
    [
      ...computing,
      'Min',
      'Max',
      'Equal',
      'Less',
      'LessOrEqual',
      'Greater',
      'GreaterOrEqual',
      'Concat',
      'Transpose',
    ].map((op) => [op, undefined]),
  ),
  ...{ Where: [1, 2], Unsqueeze: [0], Squeeze: [0], Reshape: [0], Expand: [0], Slice: [0], Flatten: [0] },
};
/** Inputs that may be of either type. */
const either: Readonly<Record<string, number>> = { Gather: 1, GatherElements: 1, GatherND: 1, Cast: 0 };

/** Longer constants are left. */
const LONGEST = 2 ** 16;

/** How many nodes compute in int32, or read it, since. Types must be inferred. */
export function narrowIntegers(model: Model, context: PassContext): number {
  const { graph } = model;
  const g = new GraphBuilder(graph);
  const bounds = new IntegerBounds(inferTypes(model));
  let count = 0;
  for (const node of graph.nodes()) {
    if (node.domain !== '') continue;
    const at = either[node.opType];
    const source = at === undefined ? undefined : narrow(node.inputs[at]);
    if (at !== undefined && source) {
      graph.setInput(node, at, source);
      count++;
    } else if (node.opType in numbersAt && compute(node, g, bounds, context)) count++;
  }
  return count;
}

/** The int32 value that was cast to an int64 one. */
const narrow = (value: Value | undefined): Value | undefined => {
  const { producer } = value ?? {};
  return producer?.is('Cast') && value?.elem === 'int64' && producer.inputs[0]?.elem === 'int32'
    ? producer.inputs[0]
    : undefined;
};

function compute(node: Node, g: GraphBuilder, bounds: IntegerBounds, { hasKernel }: PassContext): boolean {
  const { graph, opType, output } = node;
  const slots = numbersAt[opType] ?? node.inputs.map((_, index) => index);
  const read = slots.map((index) => node.inputs[index]);
  if (!read.some(narrow) || !read.every((value) => narrow(value) ?? isSmall(value))) return false;
  if (!hasKernel(opType, '', node.opset ?? 13, 'int32') || (computing.has(opType) && !isInt32(bounds.of(output))))
    return false;
  const inputs = node.inputs.map((value, index) =>
    value && slots.includes(index) ? (narrow(value) ?? smaller(g, value)) : value,
  );
  const made = graph.add(opType, inputs, { name: node.name, attributes: Object.fromEntries(node.attributes) }).output;
  if (output.elem === 'bool') {
    made.type = output.type;
    graph.replaceUses(output, made);
    return true;
  }
  made.type = tensorType('int32', output.shape);
  const wide = g.cast(made, 'int64');
  wide.type = output.type;
  graph.replaceUses(output, wide);
  return true;
}

function isSmall(value: Value | undefined): boolean {
  const tensor = constantTensor(value);
  if (tensor?.type !== 'int64' || tensor.byteLength > 8 * LONGEST) return false;
  return everyNumber(tensor, (number) => number >= LOW && number <= HIGH);
}

const smaller = (g: GraphBuilder, value: Value): Value => {
  const tensor = constantTensor(value);
  return tensor ? g.constant('int32', numbersOf(tensor), tensor.shape) : value;
};
