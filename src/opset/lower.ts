/** Lowers the ai.onnx operator set of a model whose every node means the same in an older one. */
import { schemaOf } from '../infer/index.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { DataType } from '../ir/types.js';
import type { RaiseRefusal } from './raise.js';
import { isSame } from './same.js';

/**
 * Sets every scope above `version` to it, in place; types must be inferred. A refusal leaves the model as it is: nodes whose form changed in between
 * have no way back that is known.
 */
export function lowerOpset(model: Model, version: number): RaiseRefusal | undefined {
  const tables = new Set<Map<string, number>>();
  for (const graph of model.graphs()) {
    if ((graph.opsets.get('') ?? 0) <= version) continue;
    tables.add(graph.opsets);
    for (const node of graph.nodes()) {
      const reason = node.domain === '' && !model.functionOf(node) ? obstacle(node, version) : undefined;
      if (reason) return { reason: `opset ${version}: ${node.opType}: ${reason}`, at: node };
    }
  }
  for (const opsets of tables) opsets.set('', version);
  return undefined;
}

/** Why a node has no equal form in an older set. */
export function obstacle(node: Node, version: number): string | undefined {
  const { opType, opset = version, inputs, outputs, attributes } = node;
  const now = schemaOf(opType, '', opset);
  // The runtime has ops of its own in ai.onnx, at any opset.
  if (!now || now.since <= version) return undefined;
  const before = schemaOf(opType, '', version);
  if (!before || before.isDeprecated) return 'that set does not have it';
  for (let next = version + 1; next <= opset; next++)
    if (schemaOf(opType, '', next)?.since === next && !isSame(opType, next)) return `opset ${next} changed its form`;
  if ([...attributes.keys()].some((name) => !before.attributes.has(name))) return 'it has an attribute of a later set';
  const last = before.inputs.at(-1);
  if (inputs.length > before.inputs.length && !last?.isVariadic) return 'it has an input of a later set';
  const admits = (type: string, elem: DataType | undefined): boolean =>
    elem !== undefined && (before.typeConstraints.get(type)?.includes(elem) ?? true);
  const isTaken =
    inputs.every((value, index) => !value || admits((before.inputs[index] ?? last)?.type ?? '', value.elem)) &&
    outputs.every(
      (value, index) => !value || admits((before.outputs[index] ?? before.outputs.at(-1))?.type ?? '', value.elem),
    );
  return isTaken ? undefined : 'it has a type of a later set';
}
