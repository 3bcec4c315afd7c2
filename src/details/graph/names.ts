/** Names of nodes and values in a report: those that the written file has, where that tells them apart; else with their scope. */
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import type { CarriedGraph } from '../../onnx/carried.js';
import { ScopeNames } from '../../onnx/names.js';
import { scopeText } from '../../report/inspect/inspection-values.js';

export class NodeNames {
  readonly #nodes = new Map<Node, string>();
  readonly #values = new Map<Value, string>();
  readonly #scopes = new Map<Graph, string>();
  readonly #taken = { nodes: new Set<string>(), values: new Set<string>() };

  constructor(model: Model) {
    const names = new Map<Graph, ScopeNames>();
    for (const graph of model.graphs()) {
      const { parent } = graph;
      const own = new ScopeNames(graph, parent && names.get(parent));
      names.set(graph, own);
      this.#add(graph, own);
    }
  }

  #add(graph: Graph, names: ScopeNames): void {
    const scope = scopeText(graph).replace(/\/$/, '');
    this.#scopes.set(graph, scope);
    const repeated = (graph.carried as Partial<CarriedGraph> | undefined)?.repeatedNames;
    for (const value of graph.values()) this.#values.set(value, this.#free(this.#taken.values, names.of(value), scope));
    for (const node of graph.nodes()) {
      const own = names.nodeName(node.name, repeated);
      const first = node.outputs.find((value) => value !== undefined);
      const isAlone = own !== '' && !repeated?.has(own);
      const name = isAlone ? own : first ? names.of(first) : node.opType;
      this.#nodes.set(node, this.#free(this.#taken.nodes, name, scope));
    }
  }

  #free(taken: Set<string>, name: string, scope: string): string {
    const inScope = taken.has(name) && scope ? `${scope}/${name}` : name;
    let [free, n] = [inScope, 1];
    while (taken.has(free)) free = `${inScope}_${n++}`;
    taken.add(free);
    return free;
  }

  of(node: Node): string {
    return this.#nodes.get(node) ?? '';
  }

  ofValue(value: Value | undefined): string {
    return (value && this.#values.get(value)) ?? '';
  }

  /** A function, or the node and attribute that hold a body; empty for the main graph. */
  scopeOf({ graph }: Node): string {
    return this.#scopes.get(graph) ?? '';
  }
}
