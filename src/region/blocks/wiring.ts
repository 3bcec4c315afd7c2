/** A scope, or a part of it, as numbers: nodes by their place in dependency order, and who reads whom. What finding blocks walks over. */
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { dependenciesOf } from '../../ir/scopes/order.js';
import { readerIn } from '../../ir/scopes/scopes.js';
import type { Value } from '../../ir/value.js';

/** One reading of an output: which node reads it, and at which of its places. */
export interface OutputReader {
  readonly node: number;
  readonly place: number;
}

export interface Wiring {
  readonly nodes: readonly Node[];
  /** What each node reads: its inputs in order, absent ones included, then what its bodies capture. */
  readonly reads: readonly (readonly (Value | undefined)[])[];
  /** The producers of these, at the same places; -1 for what no node of this scope computes. */
  readonly producers: readonly (readonly number[])[];
  /** For each node and output, who reads it in this scope. */
  readonly readers: readonly (readonly OutputReader[])[][];
  /** Outputs of the graph, and what nodes that are not among these read. */
  readonly given: ReadonlySet<Value>;
  /** Length of the longest path that leads to each node: does not depend on the order in the file. */
  readonly depth: Int32Array;
}

/** `nodes`: of this graph, in dependency order. Linear in nodes and edges. */
export function wiringOf(graph: Graph, nodes: readonly Node[] = graph.nodes()): Wiring {
  const numbers = new Map(nodes.map((node, index) => [node, index]));
  const depth = new Int32Array(nodes.length);
  const readers: OutputReader[][][] = nodes.map(({ outputs }) => outputs.map(() => []));
  const reads = nodes.map(readsOf);
  const producers = reads.map((values, node) =>
    values.map((value, place) => {
      const producer = value?.producer && numbers.get(value.producer);
      if (!value || producer === undefined) return -1;
      (readers[producer] as OutputReader[][])[value.index]?.push({ node, place });
      depth[node] = Math.max(depth[node] as number, (depth[producer] as number) + 1);
      return producer;
    }),
  );
  const given = new Set<Value>();
  for (const { outputs } of nodes)
    for (const value of outputs)
      for (const use of value?.uses ?? []) {
        const reader = readerIn(graph, use.node);
        if (value && (!reader || !numbers.has(reader))) given.add(value);
      }
  return { nodes, reads, producers, readers, given, depth };
}

function readsOf(node: Node): readonly (Value | undefined)[] {
  if (node.bodies.length === 0) return node.inputs;
  const present = node.inputs.filter((value) => value).length;
  return [...node.inputs, ...[...dependenciesOf(node)].slice(present)];
}
