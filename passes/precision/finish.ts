/** Adds the nodes behind a rewritten product: its factors and its bias. */

import { GraphBuilder } from '../../src/ir/build.js';
import { derive } from '../../src/ir/tensors/bank.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../src/ir/tensors/tensor.js';
import type { Value } from '../../src/ir/value.js';
import type { Product } from './product.js';

/** Constants up to this size are multiplied by the pass, larger ones by a node. */
const SMALL_BIAS = 1 << 16;

/** factor × value. */
function scaled({ node: { graph }, elem }: Product, value: Value, factor: number): Value {
  if (factor === 1) return value;
  const { tensor } = value;
  if (tensor && elementCount(tensor.shape) <= SMALL_BIAS)
    return graph.constant(
      derive([tensor], elem, tensor.shape, (one) =>
        tensorOf(
          elem,
          numbersOf(one as Tensor).map((number) => number * factor),
          tensor.shape,
        ).chunks(),
      ),
      `${value.name}_scaled`,
    );
  const build = new GraphBuilder(graph);
  return build.op('Mul', [value, build.constant(elem, factor)], {}, { type: value.type });
}

/** Adds the bias and puts the result in the node's place. */
export function finish(product: Product, result: Value): void {
  const { node, bias, beta } = product;
  const { graph, output } = node;
  const sum = bias ? graph.add('Add', [result, scaled(product, bias, beta)]).output : result;
  sum.type = output.type;
  sum.name = output.name;
  graph.replaceUses(output, sum);
}
