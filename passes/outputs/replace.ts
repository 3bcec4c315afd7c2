/** A node with other outputs: what an If or a Loop needs to give more, or less. */

import type { Node } from '../../src/ir/node.js';
import { freeName } from '../../src/ir/text/free-name.js';
import type { Value } from '../../src/ir/value.js';

/** Replacements of values whose node was replaced. */
const moved = new WeakMap<Value, Value>();
export const current = (value: Value): Value => {
  let last = value;
  for (let next = moved.get(last); next; next = moved.get(last)) last = next;
  return last;
};

const replaced = new WeakSet<Node>();
/** True for a node that stands in another's place. */
export const isReplaced = (node: Node): boolean => replaced.has(node);

/** Puts a node in the place of this one that has those of its outputs, and `more` behind them. The bodies' ports are the caller's to set. */
export function replaceNode(node: Node, inputs: Node['inputs'], kept: readonly number[], more = 0): Node {
  const { graph, opType, domain, name, overload } = node;
  const outputs = [...kept.map((index) => node.outputs[index]?.name), ...new Array<string>(more).fill('')];
  const copy = graph.add(opType, inputs, { domain, name, overload, outputs });
  Object.assign(copy, { docString: node.docString, carried: node.carried });
  for (const [key, attribute] of [...node.attributes]) {
    graph.setAttribute(node, key, undefined);
    graph.setAttribute(copy, key, attribute);
  }
  for (const [to, from] of kept.entries()) {
    const [value, other] = [node.outputs[from], copy.outputs[to]];
    if (!value || !other) continue;
    Object.assign(other, { type: value.type, declared: value.declared, carried: value.carried });
    graph.replaceUses(value, other);
    moved.set(value, other);
  }
  graph.remove(node);
  replaced.add(copy);
  return copy;
}

/** Puts a node in the place of this one that has an output more for each of these values of its bodies; gives those outputs. */
export function withOutputs(node: Node, extra: readonly (readonly Value[])[]): Value[] {
  node.bodies.forEach((body, at) => {
    extra[at]?.forEach((value, index) => {
      const isTaken = (name: string) => body.outputPorts.some((port) => port.name === name);
      body.output(freeName(`extra_${index}`, isTaken), current(value), value.type);
    });
  });
  const { length } = node.outputs;
  return replaceNode(node, node.inputs, [...node.outputs.keys()], extra[0]?.length).outputs.slice(length) as Value[];
}
