/**
 * An output of an If or a Loop that tensors have replaced, without readers ⟶ left out, with the nodes that compute it.
 */
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { readBy } from '../../src/ir/scopes/scopes.js';
import type { Value } from '../../src/ir/value.js';
import { sweep } from '../../src/ir/whole-model/sweep.js';
import { isReplaced, replaceNode } from './replace.js';

/** Does so for the nodes that flattening has put into the place of others; nothing else is touched. */
export function leaveOutUnread(model: Model): void {
  for (let node = next(model); node; node = next(model)) {
    const kept = [...node.outputs.keys()].filter((index) => !isUnread(node as Node, index));
    if (node.is('If')) {
      for (const body of node.bodies) keepPorts(body, kept);
      replaceNode(node, node.inputs, kept);
    } else replaceLoop(node, kept);
  }
}

function next(model: Model): Node | undefined {
  sweep(model);
  for (const graph of model.graphs())
    for (const node of graph.nodeSet)
      if (isReplaced(node) && [...node.outputs.keys()].some((index) => isUnread(node, index))) return node;
  return undefined;
}

/** A value that a Loop carries is read by its own next one as well. */
function isUnread(node: Node, index: number): boolean {
  if ((node.outputs[index]?.uses.size ?? 0) > 0) return false;
  const [body] = node.bodies;
  const carried = node.is('Loop') ? body?.inputs[index + 2] : undefined;
  return !body || !carried || !isNeeded(carried, body, index + 1);
}

/** True where a port other than `except` comes from the value. */
function isNeeded(value: Value, body: Graph, except: number): boolean {
  const waiting = body.outputs.filter((_, index) => index !== except);
  const seen = new Set(waiting);
  for (let one = waiting.pop(); one; one = waiting.pop()) {
    if (one === value) return true;
    for (const read of one.producer ? readBy(one.producer) : [])
      if (!seen.has(read)) {
        seen.add(read);
        waiting.push(read);
      }
  }
  return false;
}

const keepPorts = (body: Graph, kept: readonly number[]): void =>
  body.setOutputs(kept.map((index) => ({ port: body.outputPorts[index]!, value: body.outputs[index]! })));

/** The iteration and the condition stay in front. */
function replaceLoop(node: Node, kept: readonly number[]): void {
  const [body] = node.bodies as readonly [Graph];
  const carried = body.inputs.length - 2;
  const isKept = (_: unknown, index: number): boolean => index < 2 || kept.includes(index - 2);
  keepPorts(body, [0, ...kept.map((index) => index + 1)]);
  const inputs = node.inputs.filter(isKept);
  const copy = replaceNode(node, inputs, kept);
  if (kept.filter((index) => index < carried).length === carried) return;
  // Removes the nodes that only computed the next value of a former carried one.
  sweep(copy.graph.model);
  body.setInputs(body.inputs.filter(isKept));
}
