/** Weights in the order that a run comes to them. */
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { dependenciesOf } from '../ir/scopes/order.js';
import type { Tensor } from '../ir/tensors/tensor.js';

/** The tensors of constants and defaults, by the first node that reads them, itself or in a body; a tensor may come again. */
export function* inFirstUse({ graph }: Model): Iterable<Tensor> {
  yield* within(graph);
}

function* within(graph: Graph): Iterable<Tensor> {
  for (const node of graph.nodes()) {
    for (const { tensor, defaultTensor } of dependenciesOf(node)) {
      const held = tensor ?? defaultTensor;
      if (held) yield held;
    }
    for (const body of node.bodies) yield* within(body);
  }
}
