/** Graphs in graphs: the bodies of control flow. */
import type { Graph } from './graph.js';

/** A scope and the bodies inside it, outer before inner. Throws ModelError where a scope with bodies has a cycle. */
export function* scopesIn(graph: Graph): Iterable<Graph> {
  yield graph;
  if (!graph.hasBodies) return;
  for (const node of graph.nodes()) for (const body of node.bodies) yield* scopesIn(body);
}

/** The main graph or the function's that a scope is in. */
export function outermost(graph: Graph): Graph {
  let top = graph;
  while (top.parent) top = top.parent;
  return top;
}
