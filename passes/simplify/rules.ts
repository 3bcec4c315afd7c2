/** Applies an idea to the nodes of a model, and holds the edits that ideas share. */
import type { Facts } from '../../src/infer/index.js';
import type { Attributes } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';

/** An attempt on one node. */
export type NodeRule = (node: Node, facts: Facts) => void;

/** Tries a rule on every node of ai.onnx that something reads, in every scope. */
export const everywhere =
  (rule: NodeRule) =>
  (model: Model, facts: Facts): void => {
    for (const graph of model.graphs()) for (const node of graph.nodes()) if (isRead(node)) rule(node, facts);
  };

/** True for a node of ai.onnx that something reads, whose attributes are known. */
export const isRead = (node: Node): boolean =>
  node.domain === '' && node.outputs.some((value) => value?.uses.size) && !node.hasReference;

/** The rule of a node's op. */
export function byOp(rules: Readonly<Record<string, NodeRule>>): NodeRule {
  const known = new Map(Object.entries(rules));
  return (node, facts) => known.get(node.opType)?.(node, facts);
}

/** The node whose first output this reader alone reads, in its scope; of this op, where one is said. */
export function soleProducer(value: Value | undefined, reader: Node, opType?: string): Node | undefined {
  const node = value?.producer;
  if (!node || value !== node.outputs[0] || value.uses.size !== 1 || node.domain !== '' || node.hasReference)
    return undefined;
  return node.graph === reader.graph && (opType === undefined || node.opType === opType) ? node : undefined;
}

/** Puts a node in the place of another's first output; `named` decides its name. */
export function replaceBy(
  { graph, output }: Node,
  opType: string,
  inputs: readonly (Value | undefined)[],
  attributes: Attributes,
  named: Node,
): void {
  const by = graph.add(opType, inputs, { name: named.name, attributes, outputs: [output.name] }).output;
  by.type = output.type;
  graph.replaceUses(output, by);
}

/** Connects a node to these inputs, and to no more, where they are others. */
export function setInputs(node: Node, inputs: readonly (Value | undefined)[]): void {
  if (inputs.length === node.inputs.length && inputs.every((value, index) => value === node.inputs[index])) return;
  inputs.forEach((value, index) => {
    node.graph.setInput(node, index, value);
  });
  node.graph.truncateInputs(node, inputs.length);
}
