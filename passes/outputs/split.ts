/** SplitToSequence ⟶ its parts, where their number is known; else the slices along its axis as one tensor. */
import { ints } from '../../src/contract/extract.js';
import { GraphBuilder } from '../../src/ir/build.js';
import type { Node } from '../../src/ir/node.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { bigintsOf } from '../../src/ir/tensors/numbers.js';
import { type Shape, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { TensorForm } from './form.js';

/** Nobody takes more outputs apart: such a sequence is handed over as one whose length only a run knows. */
const MOST_PARTS = 1024;

/** Undefined where the sizes of the parts are known only when the model runs, and where they are too many to be outputs. */
export function splitForm(node: Node): TensorForm | undefined {
  const [x, split] = node.inputs;
  const shape = x?.shape;
  if (!x || !shape || !x.elem) return undefined;
  const axis = node.int('axis', 0) + (node.int('axis', 0) < 0 ? shape.length : 0);
  const dim = shape[axis];
  if (dim === undefined) return undefined;
  const isKept = split !== undefined || node.int('keepdims', 1) !== 0;
  if (!split && typeof dim !== 'number') return { kind: 'stack', tensor: slices(x, shape, axis, isKept) };
  const sizes = sizesOf(dim, split);
  if (!sizes) return undefined;
  if (isKept) return { kind: 'list', items: parts(x, shape, axis, sizes) };
  const rest = shape.filter((_, at) => at !== axis);
  const items = sizes.map((_, index) => {
    const { output } = node.graph.add('Gather', [x, ints(node.graph, index)], { attributes: { axis } });
    output.type = x.elem && tensorType(x.elem, rest);
    return output;
  });
  return { kind: 'list', items };
}

function sizesOf(dim: Shape[number], split: Value | undefined): number[] | undefined {
  const given = split && constantTensor(split);
  if (split && !given) return undefined;
  const numbers = given ? bigintsOf(given).map(Number) : [1];
  if (given && given.shape.length > 0) return numbers;
  const [size] = numbers;
  if (typeof dim !== 'number' || !size || size < 1 || dim / size > MOST_PARTS) return undefined;
  return Array.from({ length: Math.ceil(dim / size) }, (_, index) => Math.min(size, dim - index * size));
}

function parts(x: Value, shape: Shape, axis: number, sizes: readonly number[]): readonly Value[] {
  const { graph } = x;
  if (sizes.length === 1) return [x];
  if (sizes.length === 0) return [];
  const isInput = (graph.opsets.get('') ?? 13) >= 13;
  const node = graph.add('Split', isInput ? [x, ints(graph, sizes)] : [x], {
    attributes: { axis, ...(!isInput && { split: [...sizes] }) },
    outputs: sizes.length,
  });
  const values = node.outputs as Value[];
  values.forEach((value, index) => {
    const dims = shape.map((dim, at) => (at === axis ? (sizes[index] as number) : dim));
    value.type = x.elem && tensorType(x.elem, dims);
  });
  return values;
}

function slices(x: Value, shape: Shape, axis: number, isKept: boolean): Value {
  const { graph } = x;
  const order = [axis, ...shape.keys()].filter((at, index) => index === 0 || at !== axis);
  const first = axis === 0 ? x : graph.add('Transpose', [x], { attributes: { perm: order } }).output;
  const stack = isKept ? new GraphBuilder(graph).unsqueeze(first, [axis + 1]) : first;
  const dims = shape.map((dim, at) => (at === axis ? 1 : dim)).filter((_, at) => isKept || at !== axis);
  if (stack !== x) stack.type = x.elem && tensorType(x.elem, [shape[axis] as Shape[number], ...dims]);
  return stack;
}
