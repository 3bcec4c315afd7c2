/** The edits that bring a node to a later operator set: attributes become inputs, an op becomes another. */
import type { AttributeLike } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { tensorOf } from '../ir/tensors/numbers.js';
import { memoryTensor } from '../ir/tensors/tensor.js';
import type { Value } from '../ir/value.js';

/** Brings one node to the opset; a text says why it cannot be. */
export type OpsetChange = (node: Node) => string | undefined;

/** The bits as they are: an end of 2^63 - 1 means "to the last". */
export const ints = (graph: Graph, values: readonly bigint[]): Value =>
  graph.constant(memoryTensor('int64', [values.length], new Uint8Array(BigInt64Array.from(values).buffer)));

export const intsOf = (node: Node, name: string): readonly bigint[] | undefined => {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'ints' ? attribute.value : undefined;
};

/** An attribute of ints becomes the input at `index`; without the attribute the input stays out. */
export const intsToInput =
  (name: string, index: number): OpsetChange =>
  (node) => {
    const values = intsOf(node, name);
    node.graph.setAttribute(node, name, undefined);
    if (values) node.graph.setInput(node, index, ints(node.graph, values));
    return undefined;
  };

/** A float attribute becomes the scalar input at `index`, of the first input's element type. */
export const floatToInput = (node: Node, name: string, index: number): string | undefined => {
  const value = node.float(name);
  const { elem } = node.inputs[0] ?? {};
  if (value === undefined) return undefined;
  if (elem !== 'float32' && elem !== 'float64' && elem !== 'float16')
    return `its element type is ${elem ?? 'not known'}`;
  node.graph.setAttribute(node, name, undefined);
  node.graph.setInput(node, index, node.graph.constant(tensorOf(elem, value)));
  return undefined;
};

/** The node by another op; outputs keep their labels and users. */
export function replace(
  node: Node,
  opType: string,
  inputs: readonly (Value | undefined)[],
  attributes: Record<string, AttributeLike | undefined>,
): Value {
  const outputs = node.outputs.map((value) => value?.name);
  const fresh = node.graph.add(opType, inputs, { name: node.name, attributes, outputs });
  Object.assign(fresh, { docString: node.docString, carried: node.carried });
  node.outputs.forEach((value, index) => {
    const copy = fresh.outputs[index];
    if (!value || !copy) return;
    copy.type = value.type;
    node.graph.replaceUses(value, copy);
  });
  node.graph.remove(node);
  return fresh.output;
}

export const unchangedAttributes = (node: Node, ...names: string[]): Record<string, AttributeLike | undefined> =>
  Object.fromEntries(names.map((name) => [name, node.attributes.get(name)]));
