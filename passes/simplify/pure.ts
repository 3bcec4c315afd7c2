/** Which nodes give the same outputs for the same inputs every time. */

import { schemaOf } from '../../src/infer/index.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { isAll } from './small.js';

const random = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Bernoulli',
  'Multinomial',
]);

/** Those of com.microsoft. */
const microsoftRandom = new Set(['BiasDropout', 'BitmaskDropout', 'WhisperBeamSearch']);

/** True where the operator is known not to draw: an unknown one may do anything. */
function isKnown(node: Node): boolean {
  if (node.domain === '') return !random.has(node.opType);
  if (node.domain === 'ai.onnx.ml') return true;
  if (node.domain !== 'com.microsoft' || microsoftRandom.has(node.opType)) return false;
  return schemaOf(node.opType, node.domain, node.opset ?? 1) !== undefined;
}

/** True where neither the node nor anything in its bodies or its function draws random numbers or is unknown. `asked`: functions, each once. */
export function isPure(node: Node, asked = new Set<Graph>()): boolean {
  const allIn = (graph: Graph): boolean => [...graph.nodeSet].every((one) => isPure(one, asked));
  const called = node.graph.model.functionOf(node)?.graph;
  if (called) return asked.has(called) || allIn(asked.add(called) && called);
  if (!isKnown(node)) return false;
  if (node.is('Dropout') && node.inputs[2] && !isAll(node.inputs[2], 0)) return false;
  return node.bodies.every(allIn);
}
