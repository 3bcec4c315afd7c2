/** Raises the ai.onnx operator set of a model, so that a pass may emit what a later one brought. */

import { inferTypes, schemaOf } from '../infer/index.js';
import { under } from '../ir/collections/named.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { changes } from './changes.js';
import { isSame } from './same.js';

/** Between these two, all that changed is known. */
export const OLDEST = 7;
export const NEWEST = 26;

/** The IR version that came with an opset, from the opset on. */
const irVersions: readonly (readonly [opset: number, irVersion: number])[] = [
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [12, 7],
  [11, 6],
  [10, 5],
  [9, 4],
];

/** Why a model stays at its opset, and the node where that shows. */
export interface RaiseRefusal {
  readonly reason: string;
  readonly at?: Node;
}

/**
 * Raises every scope below `version` to it, in place, and the IR version to the one that came with it; types must be
 * inferred. A refusal leaves the model half raised: work on a clone.
 */
export function raiseOpset(model: Model, version: number): RaiseRefusal | undefined {
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
    raiseIrVersion(model, version);
  }
  return undefined;
}

/** A copy at `version`, its types inferred; undefined where the model has that or a later one, or no ai.onnx at all. */
export function raisedCopy(model: Model, version: number): Model | RaiseRefusal | undefined {
  const found = model.opsets.get('');
  if (found === undefined || found >= version) return undefined;
  const copy = cloneModel(model);
  const refusal = raiseOpset(copy, version);
  if (refusal) return refusal;
  inferTypes(copy);
  return copy;
}

function step(graphs: readonly Graph[], version: number): RaiseRefusal | undefined {
  for (const graph of graphs)
    for (const node of graph.nodes()) {
      if (node.domain !== '' || graph.model.functionOf(node)) continue;
      const reason = bring(node, version);
      if (reason) return { reason: `opset ${version}: ${node.opType}: ${reason}`, at: node };
    }
  return undefined;
}

/** Brings a node from the version before to this one; a text says why it cannot be. */
function bring(node: Node, version: number): string | undefined {
  const schema = schemaOf(node.opType, '', version);
  if (!schema) return 'no operator set of ai.onnx has this op';
  if (schema.since !== version || isSame(node.opType, version)) return undefined;
  const table = changes[version];
  if (!table || !Object.hasOwn(table, node.opType)) return 'its new form is not known';
  return node.hasReference ? "an attribute is the function's to give" : under(table, node.opType)?.(node);
}

/** Before IR version 4 a constant may be listed among the inputs; later that would make an input of it, so such a model keeps its version. */
function raiseIrVersion(model: Model, opset: number): void {
  const least = irVersions.find(([from]) => opset >= from)?.[1] ?? 3;
  if (model.irVersion >= least || model.graph.inputs.some(({ tensor }) => tensor)) return;
  model.irVersion = least;
}
