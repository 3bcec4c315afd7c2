/** Builds a model whose outputs declare their types, as files do: tests need not state them. */

import { inferTypes } from '../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../src/ir/build.js';
import type { Model } from '../src/ir/model.js';

/** As `buildModel`, with the inferred types declared on every output that states none. */
export function declaredModel(
  opsets: Readonly<Record<string, number>>,
  define: (builder: GraphBuilder) => void,
): Model {
  const model = buildModel(opsets, define);
  inferTypes(model);
  for (const graph of model.graphs())
    graph.outputPorts.forEach((port, index) => {
      port.type ??= graph.outputs[index]?.type;
    });
  return model;
}
