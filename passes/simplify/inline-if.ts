/** An If with a constant condition, or one that later nodes decide ⟶ the nodes of the taken branch. */
import { branchOf, type Facts } from '../../src/infer/index.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { readerIn } from '../../src/ir/scopes/scopes.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Value } from '../../src/ir/value.js';
import { fill } from '../../src/ir/whole-model/clone.js';
import type { PassContext } from '../../src/run/pass.js';
import { isStatic, smallNumbers } from './small.js';

function takenBranch(node: Node): Graph | undefined {
  const condition = node.is('If') ? smallNumbers(node.inputs[0]) : undefined;
  return condition?.length === 1 ? branchOf(node, condition[0]) : undefined;
}

/** Inlines such Ifs in every scope, inner ones before those around them. */
export function inlineConstantIfs(model: Model): void {
  for (const graph of [...model.graphs()].reverse())
    for (const node of graph.hasBodies ? [...graph.nodeSet] : []) {
      const branch = takenBranch(node);
      if (branch) inlineBranch(node, branch);
    }
}

function inlineBranch(node: Node, branch: Graph): void {
  const { graph } = node;
  const copies = new Map<Value, Value>();
  fill(graph, branch, copies, { isInlined: true });
  node.outputs.forEach((value, index) => {
    const result = branch.outputs[index] as Value;
    if (value) graph.replaceUses(value, copies.get(result) ?? result);
  });
  graph.remove(node);
}

/**
 * A condition that is the same in every successful run becomes a constant, for all its readers in the If's scope: only
 * there the If surely runs.
 */
export function decideIfs(_: Model, facts: Facts, context: PassContext): void {
  const reasons = new Map<string, Node[]>();
  for (const [node, { condition, because }] of facts.decisions()) {
    const value = node.inputs[0] as Value;
    const constant = node.graph.constant(tensorOf('bool', [condition], isStatic(value.shape) ? value.shape : []));
    for (const { node: reader, index } of [...value.uses]) {
      const isAlike = isStatic(value.shape) || reader.is('If');
      if (isAlike && !reader.isEnd && readerIn(node.graph, reader)) reader.graph.setInput(reader, index, constant);
    }
    const reason = `${because.node.label} would fail, which expects ${because.expected}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), node]);
  }
  for (const [reason, nodes] of reasons)
    context.note(`decided ${nodes.length} If: if the other branch were taken, ${reason}`, nodes[0]);
}
