/** Which nodes give the same outputs for the same inputs every time. */
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

/** Domains whose operators are known here; an operator of any other may do anything. */
const known = new Set(['', 'ai.onnx.ml', 'com.microsoft']);

/** True where neither the node nor anything in its bodies or its function draws random numbers or is unknown. */
export function isPure(node: Node): boolean {
  const fn = node.graph.model.functionOf(node);
  if (fn) return [...fn.graph.nodeSet].every(isPure);
  if (!known.has(node.domain)) return false;
  if (node.domain === '' && random.has(node.opType)) return false;
  if (node.is('Dropout') && node.inputs[2] && !isAll(node.inputs[2], 0)) return false;
  return node.bodies.every((body) => [...body.nodeSet].every(isPure));
}
