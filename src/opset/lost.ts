/** What a target cannot run any more once a model is raised. */
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { DataType } from '../ir/types.js';

type HasKernel = (opType: string, domain: string, opset: number, elem: DataType) => boolean;

/** The type by which kernels of a node are asked for. */
export const elemAt = (node: Node): DataType | undefined => (node.inputs[0] ?? node.outputs[0])?.elem;

/**
 * Ops that the target runs as they are, and has no kernel for in the new set: a node of each. They would run elsewhere. An op that
 * has another name in the raised model, as Upsample has, is not among those that stay.
 */
export function lostKernels(model: Model, raised: Model, to: number, hasKernel: HasKernel): Node[] {
  const stay = new Set([...raised.graphs()].flatMap(({ nodeSet }) => [...nodeSet].map(({ opType }) => opType)));
  const found = new Map<string, Node>();
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) {
      const { opType, opset, domain } = node;
      const elem = elemAt(node);
      if (domain !== '' || !elem || opset === undefined || found.has(opType) || !stay.has(opType)) continue;
      if (hasKernel(opType, '', opset, elem) && !hasKernel(opType, '', to, elem)) found.set(opType, node);
    }
  return [...found.values()];
}
