/** The invariants of a model. A pass that breaks one has a bug. */

import { NodeNumbers } from '../collections/node-numbers.js';
import type { Graph } from '../graph.js';
import type { Model } from '../model.js';
import type { Node } from '../node.js';
import { ModelError } from '../text/errors.js';
import { equalShapes, tensorType, typeText } from '../types.js';
import type { Value } from '../value.js';

/**
 * Throws ModelError, naming the place, where a scope has a cycle, a node reads a value that is not in scope or no longer
 * exists, the value does not know the use, a body has another owner, a port has no value or no name or two inputs, or two
 * outputs of what is no body, have one, or a constant's type differs from its tensor's in element type or shape.
 */
export function checkModel(model: Model): void {
  const present = new NodeNumbers();
  checkGraph(model.graph, new Set(), present);
  for (const { graph } of model.functions) checkGraph(graph, new Set(), present);
}

/** `scopes` are those around it; `present` are the nodes of all of them, and is filled with its own. */
function checkGraph(graph: Graph, scopes: Set<Graph>, present: NodeNumbers): void {
  const isBody = scopes.size > 0;
  scopes.add(graph);
  const place = `graph "${graph.name}"`;
  for (const { name } of [...graph.inputs, ...graph.outputPorts]) {
    // An input that is passed through may have the output's name; two inputs or two outputs may not.
    if (name === '') throw new ModelError(place, 'a name for every port', 'none');
  }
  const isTwice = (name: string): never => {
    throw new ModelError(place, 'ports of different names', `"${name}" twice`);
  };
  const names = new Set<string>();
  for (const { name } of graph.inputs) if (names.size === names.add(name).size) isTwice(name);
  // Outputs of a body count by position: what a Loop carries it may collect as well, under the one name. Others may list a value twice.
  const given = new Map<string, Value | undefined>();
  graph.outputPorts.forEach(({ name }, index) => {
    const value = graph.outputs[index];
    if (!isBody && given.has(name) && given.get(name) !== value) isTwice(name);
    given.set(name, value);
  });
  if (graph.outputs.length !== graph.outputPorts.length)
    throw new ModelError(place, `${graph.outputPorts.length} outputs`, `${graph.outputs.length}`);
  graph.outputs.forEach((value, index) => {
    if (!value) throw new ModelError(place, `a value for output "${graph.outputPorts[index]?.name}"`, 'none');
  });
  for (const value of graph.constants) checkConstant(value);
  for (const node of graph.nodeSet) present.set(node, 1);
  for (const node of [...graph.nodes(), graph.end]) {
    checkNode(node, scopes, present);
    for (const body of node.bodies) {
      if (body.owner !== node)
        throw new ModelError(node.label, 'bodies that it owns', `"${body.name}" of another node`);
      checkGraph(body, scopes, present);
    }
  }
  scopes.delete(graph);
}

function checkConstant(value: Value): void {
  const { tensor, type, name } = value;
  if (!tensor) throw new ModelError(`constant "${name}"`, 'a tensor', 'none');
  const actual = tensorType(tensor.type, tensor.shape);
  if (type?.kind === 'tensor' && !(type.elem === actual.elem && (!type.shape || equalShapes(type.shape, actual.shape))))
    throw new ModelError(`constant "${name}"`, `a tensor of its type, ${typeText(type)}`, typeText(actual));
}

function checkNode(node: Node, scopes: ReadonlySet<Graph>, present: NodeNumbers): void {
  const { inputs } = node;
  const use = { node, index: 0 };
  for (let index = 0; index < inputs.length; index++) {
    const value = inputs[index];
    if (!value) continue;
    use.index = index;
    const isInScope = value.graph === node.graph || scopes.has(value.graph);
    if (isInScope && exists(value, present) && value.uses.has(use)) continue;
    const fault = (expected: string, found: string) =>
      new ModelError(node.label, `input ${index}, "${value.name}", ${expected}`, found);
    if (!isInScope) throw fault('in scope', 'a value of another graph');
    if (!exists(value, present)) throw fault('in the graph', 'a value that was removed');
    throw fault('to know its use', 'no such use');
  }
}

function exists(value: Value, present: NodeNumbers): boolean {
  const { producer, graph, index } = value;
  if (producer) return present.has(producer) && producer.outputs[index] === value;
  return graph.constants.has(value) || graph.inputs[index] === value;
}
