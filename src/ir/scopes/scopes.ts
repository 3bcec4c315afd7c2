/** Graphs in graphs: the bodies of control flow. */
import type { Graph, Node, Value } from '../structure.js';

/** A scope and the bodies inside it, outer before inner. Throws ModelError where a scope with bodies has a cycle. */
export function* scopesIn(graph: Graph): Iterable<Graph> {
  const waiting = [graph];
  for (let scope = waiting.pop(); scope; scope = waiting.pop()) {
    yield scope;
    if (!scope.hasBodies) continue;
    const bodies = scope.nodes().flatMap((node) => node.bodies);
    for (let at = bodies.length; at-- > 0; ) waiting.push(bodies[at] as Graph);
  }
}

/** Every constant of a scope and of the bodies inside it, outer before inner. */
export function* constantsIn(graph: Graph): Iterable<Value> {
  for (const scope of scopesIn(graph)) yield* scope.constants;
}

/** The scope of `value` encloses `graph`, or is it. */
export function isVisibleFrom(value: Value, graph: Graph): boolean {
  for (let scope: Graph | undefined = graph; scope; scope = scope.parent) if (scope === value.graph) return true;
  return false;
}

/** The main graph or the function's that a scope is in. */
export function outermost(graph: Graph): Graph {
  let top = graph;
  while (top.parent) top = top.parent;
  return top;
}

/** The node of a scope that reads what `reader` does, by itself or in one of its bodies; its end for an output, undefined where that is not inside. */
export function readerIn(graph: Graph, reader: Node): Node | undefined {
  let node: Node | undefined = reader;
  while (node && node.graph !== graph) node = node.graph.owner;
  return node;
}

/** What a node and its bodies read; values of bodies among it. */
export function* readBy(node: Node): Iterable<Value> {
  for (const value of node.inputs) if (value) yield value;
  for (const body of node.bodies) for (const inner of [...body.nodeSet, body.end]) yield* readBy(inner);
}
