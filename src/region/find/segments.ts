/**
 * A chain of repeats cut into segments: a node belongs to the last repeat that it depends on. Nodes between two repeats
 * thereby belong to the one before them, what comes after the last to the last, and what none of them feeds to none (0).
 */
import { NodeNumbers } from '../../ir/collections/node-numbers.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { dependenciesOf } from '../../ir/scopes/order.js';
import { readerIn, scopesIn } from '../../ir/scopes/scopes.js';
import type { Value } from '../../ir/value.js';

/** Which repeat a node or a value is part of by itself: 1, 2, …; 0 for none. */
export interface Origins {
  node(node: Node): number;
  value(value: Value): number;
}

/** The segment of each node of a scope; 0 before the first. */
export function segmentsOf(graph: Graph, origins: Origins): NodeNumbers {
  const segments = new NodeNumbers();
  const order = graph.nodes();
  for (const node of order) {
    let segment = origins.node(node);
    const isPlain = node.bodies.length === 0;
    for (const value of isPlain ? node.inputs : [...dependenciesOf(node), ...constantsIn(node)]) {
      if (!value) continue;
      const { producer } = value;
      segment = Math.max(segment, producer ? (segments.get(producer) ?? 0) : origins.value(value));
    }
    segments.set(node, segment);
  }
  // What feeds one segment alone is part of it.
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at] as Node;
    if (segments.get(node) === 0) segments.set(node, onlyReader(node, graph, segments));
  }
  return segments;
}

/** The one segment that reads a node; 0 where there are several, or none. */
function onlyReader(node: Node, graph: Graph, segments: NodeNumbers): number {
  let only: number | undefined;
  for (const output of node.outputs)
    for (const use of output?.uses ?? []) {
      const reader = segmentOfReader(use.node, graph, segments);
      if (reader === 0 || (only ?? reader) !== reader) return 0;
      only = reader;
    }
  return only ?? 0;
}

/** The segment of a node of the scope, or of the one whose body holds it; 0 for the outputs. */
export function segmentOfReader(reader: Node, graph: Graph, segments: NodeNumbers): number {
  const node = readerIn(graph, reader);
  return (node && segments.get(node)) ?? 0;
}

function* constantsIn(node: Node): Iterable<Value> {
  for (const body of node.bodies) for (const scope of scopesIn(body)) yield* scope.constants;
}

/** The nodes of each segment, in dependency order; those of none at place 0. */
export function nodesBySegment(graph: Graph, segments: NodeNumbers): Node[][] {
  const lists: Node[][] = [];
  for (const node of graph.nodes()) {
    const segment = segments.get(node) ?? 0;
    while (lists.length <= segment) lists.push([]);
    lists[segment]?.push(node);
  }
  return lists;
}

/** Where each node stands in the list of its segment. */
export function placesIn(lists: readonly (readonly Node[])[]): NodeNumbers {
  const places = new NodeNumbers();
  for (const list of lists) for (let place = 0; place < list.length; place++) places.set(list[place] as Node, place);
  return places;
}
