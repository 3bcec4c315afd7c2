/** One call of a local function replaced by the function's nodes. */

import { schemaOf } from '../../infer/index.js';
import type { Attribute } from '../../ir/attribute.js';
import type { Graph } from '../../ir/graph.js';
import type { ModelFunction } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { scopesIn } from '../../ir/scopes/scopes.js';
import { constantOfAttribute } from '../../ir/tensors/constants.js';
import type { Value } from '../../ir/value.js';
import { fill } from '../../ir/whole-model/clone.js';
import { BLOCKS } from './labels.js';

/** Why the function's nodes would mean something else in that scope; undefined where they mean the same. */
export function opsetConflict({ graph: body, name }: ModelFunction, scope: Graph): string | undefined {
  for (const graph of scopesIn(body))
    for (const node of graph.nodeSet) {
      const [inside, outside] = [body.opsets.get(node.domain), scope.opsets.get(node.domain)];
      if (inside === undefined || outside === undefined || inside === outside) continue;
      const [a, b] = [inside, outside].map((version) => schemaOf(node.opType, node.domain, version));
      if (a === undefined || a !== b)
        return `${name} imports opset ${inside} of ${node.domain || 'ai.onnx'}, its caller ${outside}, and ${node.opType} differs between them`;
    }
  return undefined;
}

/**
 * Puts the nodes in the place of the call and removes it. References to attributes get the call's, or the function's
 * default; an attribute that neither gives is left out. An input that the call leaves out is left out inside.
 */
export function inlineCall(call: Node, fn: ModelFunction): void {
  const { graph } = call;
  const { graph: body } = fn;
  for (const [domain, version] of body.opsets)
    for (const opsets of [graph.opsets, graph.model.opsets]) if (!opsets.has(domain)) opsets.set(domain, version);
  const copies = new Map<Value, Value>();
  body.inputs.forEach((input, index) => {
    const given = call.inputs[index];
    if (given) copies.set(input, given);
  });
  const copied = new Set(fill(graph, body, copies, { isInlined: true }));
  const absent = new Set(body.inputs.filter((input) => !copies.has(input)));
  const attributes = new Map([...fn.defaults, ...call.attributes]);
  // A call without a name goes by what it gives, as messages call it.
  const name = call.name || (call.outputs[0]?.name ?? '');
  for (const node of copied) settle(node, absent, attributes, name);
  // What stands for all repeats has numbers for labels: its nodes' names say more.
  if (fn.domain === BLOCKS) for (const node of copied) for (const value of node.outputs) if (value) value.name = '';
  call.outputs.forEach((output, index) => {
    const result = body.outputs[index];
    if (!output || !result) return;
    const value = copies.get(result) ?? result;
    // What the call computed keeps its label; a value that the caller had before keeps its own.
    if (value.producer && copied.has(value.producer)) value.name = output.name;
    if (value.graph !== body) graph.replaceUses(output, value);
  });
  graph.remove(call);
  for (const node of copied) liftConstant(node);
}

/** Gives a copied node, and those in its bodies, what the call says. */
function settle(
  node: Node,
  absent: ReadonlySet<Value>,
  attributes: ReadonlyMap<string, Attribute>,
  callName: string,
): void {
  const { graph } = node;
  if (callName && node.name) node.name = `${callName}/${node.name}`;
  node.inputs.forEach((value, index) => {
    if (value && absent.has(value)) graph.setInput(node, index, undefined);
  });
  for (const [name, attribute] of [...node.attributes])
    if (attribute.type === 'ref') graph.setAttribute(node, name, attributes.get(attribute.name));
  for (const body of node.bodies) for (const inner of body.nodeSet) settle(inner, absent, attributes, callName);
}

/** Constant(attribute of the call) ⟶ a constant. */
function liftConstant(node: Node): void {
  if (!node.is('Constant') || node.hasReference) return;
  const [attribute] = [...node.attributes.values()];
  const tensor = attribute && constantOfAttribute(attribute);
  if (!tensor) return;
  node.graph.replaceUses(node.output, node.graph.constant(tensor, node.output.name));
  node.graph.remove(node);
}
