/** Finds the nodes that give the same outputs for the same inputs every time. */

import { schemaOf } from '../../src/infer/index.js';
import type { ModelFunction } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { calleesFirst } from '../../src/ir/scopes/call-order.js';
import { rowOf } from '../../src/ops/registry.js';
import { isAll } from './small.js';

/** True where the operator is known not to draw: an unknown one may do anything. */
function isKnown(node: Node): boolean {
  if (rowOf(node)?.draws) return false;
  if (node.domain === '' || node.domain === 'ai.onnx.ml') return true;
  return node.domain === 'com.microsoft' && schemaOf(node.opType, node.domain, node.opset ?? 1) !== undefined;
}

/** True where the operator itself neither draws random numbers nor is unknown. */
const isPureItself = (node: Node): boolean =>
  isKnown(node) && !(node.is('Dropout') && node.inputs[2] && !isAll(node.inputs[2], 0));

/** Functions that were checked. Passes add no random nodes, so a pure function stays pure. */
const pureFunctions = new WeakMap<ModelFunction, boolean>();

function isPureFunction(fn: ModelFunction): boolean {
  const known = pureFunctions.get(fn);
  if (known !== undefined) return known;
  for (const one of calleesFirst(fn.graph.model))
    if (!pureFunctions.has(one)) pureFunctions.set(one, [...one.graph.nodeSet].every(isPure));
  return pureFunctions.get(fn) ?? false;
}

/** True where neither the node nor anything in its bodies or its function draws random numbers or is unknown. */
export function isPure(node: Node): boolean {
  const fn = node.graph.model.functionOf(node);
  if (fn) return isPureFunction(fn);
  return isPureItself(node) && node.bodies.every((body) => [...body.nodeSet].every(isPure));
}
