/** Raises the ai.onnx operator set of a model, so that a pass may emit what a later one brought. */
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { changes } from './opset-changes.js';

/** Between these two, `changes` lists all that changed. */
const OLDEST = 7;
const NEWEST = 13;

/** Why a model stays at its opset, and the node where that shows. */
export interface Refusal {
  readonly reason: string;
  readonly at?: Node;
}

/**
 * Raises every scope below `version` to it, in place; types must be inferred. A refusal leaves the model half raised:
 * work on a clone.
 */
export function raiseOpset(model: Model, version: number): Refusal | undefined {
  const tables = new Map<Map<string, number>, Graph[]>();
  for (const graph of model.graphs()) {
    const graphs = tables.get(graph.opsets);
    if (graphs) graphs.push(graph);
    else tables.set(graph.opsets, [graph]);
  }
  for (const [opsets, graphs] of tables) {
    const found = opsets.get('');
    if (found === undefined || found >= version) continue;
    if (found < OLDEST || version > NEWEST) return { reason: `opset ${found} cannot be raised to ${version}` };
    for (let next = found + 1; next <= version; next++) {
      const refusal = step(graphs, next);
      if (refusal) return refusal;
    }
    opsets.set('', version);
  }
  return undefined;
}

function step(graphs: readonly Graph[], version: number): Refusal | undefined {
  for (const graph of graphs)
    for (const node of graph.nodes()) {
      const table = changes[version];
      const isChanged = node.domain === '' && table !== undefined && Object.hasOwn(table, node.opType);
      if (!isChanged) continue;
      const reason = node.hasReference ? "an attribute is the function's to give" : table[node.opType]?.(node);
      if (reason) return { reason: `opset ${version}: ${node.opType}: ${reason}`, at: node };
    }
  return undefined;
}
