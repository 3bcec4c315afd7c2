/** If with a constant condition ⟶ the nodes of the branch that is taken. */
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Tensor } from '../../src/ir/tensor.js';
import type { Value } from '../../src/ir/value.js';
import { smallNumbers } from './small.js';

function branchOf(node: Node): Graph | undefined {
  const condition = smallNumbers(node.inputs[0]);
  if (condition?.length !== 1) return undefined;
  const branch = node.attributes.get(condition[0] === 0 ? 'else_branch' : 'then_branch');
  return branch?.type === 'graph' ? branch.value : undefined;
}

/** Moves everything in `body` into `graph`; its values are read there as before. */
function moveInto(graph: Graph, body: Graph): void {
  for (const value of [...body.constants]) {
    const constant = graph.constant(value.tensor as Tensor, value.name);
    body.replaceUses(value, constant);
    body.removeConstant(value);
  }
  for (const node of body.nodes()) {
    const attributes = Object.fromEntries(node.attributes);
    // A body belongs to one node at a time.
    for (const name of Object.keys(attributes)) body.setAttribute(node, name, undefined);
    const { domain, name, overload } = node;
    const outputs = node.outputs.map((value) => value?.name);
    const moved = graph.add(node.opType, node.inputs, { domain, name, overload, attributes, outputs });
    moved.docString = node.docString;
    moved.carried = node.carried;
    node.outputs.forEach((value, index) => {
      const other = moved.outputs[index];
      if (!value || !other) return;
      other.type = value.type;
      body.replaceUses(value, other);
    });
    body.remove(node);
  }
}

/** Inlines such Ifs in every scope, inner ones of the branches taken included. */
export function inlineConstantIfs(model: Model): void {
  for (let node = next(model); node; node = next(model)) {
    const branch = branchOf(node) as Graph;
    const { graph } = node;
    moveInto(graph, branch);
    node.outputs.forEach((value, index) => {
      const result = branch.outputs[index] as Value;
      if (value) graph.replaceUses(value, result);
    });
    graph.remove(node);
  }
}

function next(model: Model): Node | undefined {
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) if (node.is('If') && branchOf(node)) return node;
  return undefined;
}
