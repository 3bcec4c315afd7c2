/** If with a constant condition ⟶ the nodes of the branch that is taken. */
import { fill } from '../../src/ir/clone.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { smallNumbers } from './small.js';

function branchOf(node: Node): Graph | undefined {
  const condition = smallNumbers(node.inputs[0]);
  if (condition?.length !== 1) return undefined;
  const branch = node.attributes.get(condition[0] === 0 ? 'else_branch' : 'then_branch');
  return branch?.type === 'graph' ? branch.value : undefined;
}

/** Inlines such Ifs in every scope, inner ones of the branches taken included. */
export function inlineConstantIfs(model: Model): void {
  for (let node = next(model); node; node = next(model)) {
    const branch = branchOf(node) as Graph;
    const { graph } = node;
    const copies = new Map<Value, Value>();
    fill(graph, branch, copies, true);
    node.outputs.forEach((value, index) => {
      const result = branch.outputs[index] as Value;
      if (value) graph.replaceUses(value, copies.get(result) ?? result);
    });
    graph.remove(node);
  }
}

function next(model: Model): Node | undefined {
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) if (node.is('If') && branchOf(node)) return node;
  return undefined;
}
