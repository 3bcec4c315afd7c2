/** The sweep after a pass: removes what nothing reads any more, so that no pass has to. */

import { append } from '../collections/lists.js';
import type { Graph } from '../graph.js';
import type { Model } from '../model.js';
import type { Node } from '../node.js';

/** Removes nodes whose outputs nothing reads and constants that nothing uses, in every scope. Ports stay. */
export function sweep(model: Model): void {
  const scopes = [...model.graphs()];
  // Inner scopes last: a body that goes with its owner lets go of what it reads outside.
  const waiting = scopes.flatMap((graph) => [...graph.nodeSet]);
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (!isDead(node)) continue;
    const producers = [...readBy(node)];
    node.graph.remove(node);
    append(waiting, producers);
  }
  for (const graph of model.graphs())
    for (const value of [...graph.constants]) if (value.uses.size === 0) graph.removeConstant(value);
}

/** Whether a sweep would remove a node. */
export function hasDead(model: Model): boolean {
  for (const graph of model.graphs()) for (const node of graph.nodeSet) if (isDead(node)) return true;
  return false;
}

/** ONNX operators have no effect but their outputs; one that declares no output at all must have another. */
function isDead(node: Node): boolean {
  let isGiving = false;
  for (const value of node.outputs) {
    if (!value) continue;
    if (value.uses.size > 0) return false;
    isGiving = true;
  }
  return isGiving && node.graph.nodeSet.has(node);
}

/** The nodes that compute what a node and its bodies read. */
function* readBy(node: Node): Iterable<Node> {
  for (const value of node.inputs) if (value?.producer) yield value.producer;
  for (const body of node.bodies) yield* readIn(body);
}

function* readIn(body: Graph): Iterable<Node> {
  for (const inner of [...body.nodeSet, body.end]) yield* readBy(inner);
}
