/**
 * Makes integer products whose sums saturate on no CPU: weights of int8 become uint8, 128 more, and so does their zero
 * point.
 * x64 CPUs without VNNI add two products of u8 × s8 in 16 bits, which saturates; of u8 × u8 no kernel does so, and (b +
 * 128) − (zero + 128) is b − zero. Weights are derived while they are written, and keep their size.
 */

import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { derive } from '../../ir/tensors/bank.js';
import { tensorOf } from '../../ir/tensors/numbers.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import type { Value } from '../../ir/value.js';
import { castTo } from '../../ir/whole-model/widen.js';
import { integerProductOf } from '../../run/cpus.js';

/** Makes the weights of a node unsigned. */
export function makeUnsigned(node: Node): void {
  for (const [at, zeroAt] of integerProductOf(node)?.weights ?? []) {
    const { graph } = node;
    const value = node.inputs[at];
    if (value?.elem !== 'int8' || zeroAt === undefined) continue;
    const zero = node.inputs[zeroAt];
    graph.setInput(node, at, raised(graph, value));
    graph.setInput(node, zeroAt, zero ? raised(graph, zero) : graph.constant(tensorOf('uint8', 128)));
  }
}

/** The value plus 128, as uint8. */
function raised(graph: Graph, value: Value): Value {
  const { tensor } = value;
  if (tensor) return graph.constant(raisedTensor(tensor), `${value.name}_uint8`);
  const sum = graph.add('Add', [castTo(graph, value, 'int32'), graph.constant(tensorOf('int32', 128))]);
  sum.output.type = { kind: 'tensor', elem: 'int32', shape: value.shape };
  return castTo(graph, sum.output, 'uint8');
}

const raisedTensor = (tensor: Tensor): Tensor =>
  derive([tensor], 'uint8', tensor.shape, function* (source) {
    // In two's complement, 128 more is the highest bit turned.
    for (const chunk of (source as Tensor).chunks()) yield chunk.map((byte) => byte ^ 0x80);
  });
