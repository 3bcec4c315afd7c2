/** Dependency order of a scope: Kahn's algorithm, ties by creation, so that a file's own valid order is kept. */

import { Heap } from '../collections/heap.js';
import type { Graph, Node, Value } from '../structure.js';
import { ModelError } from '../text/errors.js';

/** The values of outer scopes that a node's bodies read, at any depth. */
function capturesOf(node: Node): ReadonlySet<Value> {
  const captures = new Set<Value>();
  const scopes = new Set<Graph>();
  const visit = (graph: Graph): void => {
    scopes.add(graph);
    for (const inner of [...graph.nodeSet, graph.end]) {
      for (const value of inner.inputs) if (value && !scopes.has(value.graph)) captures.add(value);
      for (const body of inner.bodies) visit(body);
    }
    scopes.delete(graph);
  };
  for (const body of node.bodies) visit(body);
  return captures;
}

/** What must be computed before the node: its inputs and its bodies' captures. */
export function* dependenciesOf(node: Node): Iterable<Value> {
  for (const value of node.inputs) if (value) yield value;
  if (node.bodies.length > 0) yield* capturesOf(node);
}

/** Of nodes in order of creation. Throws ModelError naming a node on the cycle where there is one. */
export function dependencyOrder(graph: Graph, nodes: ReadonlySet<Node>): readonly Node[] {
  if (isOrdered(graph, nodes)) return [...nodes];
  const waiting = new Map<Node, number>();
  const followers = new Map<Node, Node[]>();
  const ready = new Heap<Node>(({ sequence }) => sequence);
  for (const node of nodes) {
    // Counted as often as it is read: as often it is counted down.
    let edges = 0;
    for (const value of node.bodies.length > 0 ? dependenciesOf(node) : node.inputs) {
      const producer = value?.producer;
      if (producer?.graph !== graph) continue;
      edges++;
      const list = followers.get(producer);
      if (list) list.push(node);
      else followers.set(producer, [node]);
    }
    waiting.set(node, edges);
    if (edges === 0) ready.push(node);
  }
  const order: Node[] = [];
  for (let node = ready.pop(); node; node = ready.pop()) {
    order.push(node);
    for (const follower of followers.get(node) ?? []) {
      const left = (waiting.get(follower) as number) - 1;
      waiting.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  if (order.length < nodes.size) {
    const { label } = nodeOnCycle(graph, waiting);
    throw new ModelError(label, 'a graph without cycles', 'its output among its own inputs');
  }
  return order;
}

/** True where the order of creation is one of dependency, as in most files: to see that takes a seventh of the time of the sort. */
function isOrdered(graph: Graph, nodes: ReadonlySet<Node>): boolean {
  for (const node of nodes)
    for (const value of node.bodies.length > 0 ? dependenciesOf(node) : node.inputs)
      if (value?.producer?.graph === graph && value.producer.sequence >= node.sequence) return false;
  return true;
}

/** Of the nodes that never got ready, some only follow a cycle: going up from any of them ends on it. */
function nodeOnCycle(graph: Graph, waiting: ReadonlyMap<Node, number>): Node {
  const isStuck = (node: Node | undefined): node is Node => node?.graph === graph && (waiting.get(node) as number) > 0;
  const visited = new Set<Node>();
  let node = [...waiting.keys()].find(isStuck) as Node;
  while (!visited.has(node)) {
    visited.add(node);
    node = [...dependenciesOf(node)].map((value) => value.producer).find(isStuck) as Node;
  }
  return node;
}
