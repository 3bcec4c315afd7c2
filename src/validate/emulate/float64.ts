/** Computes in float32, between Casts, what the CPU has kernels for in float32 alone: Conv in float64, for one, of which nothing here runs. */
import { inferTypes } from '../../infer/index.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { HOST } from '../../ir/targets/targets.js';
import { type DataType, dataTypes, tensorType } from '../../ir/types.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import { castTo } from '../../ir/whole-model/widen.js';
import { inlineCalls } from '../../region/functions/inline-all.js';
import { hasKernel } from '../../runtime/kernels.js';

/** A copy of the model that the CPU runs; undefined where no node is of this kind. */
export function withFloat32Kernels(original: Model): Model | undefined {
  const model = cloneModel(original);
  inlineCalls(model, { refused: () => {} });
  inferTypes(model);
  const nodes = [...model.graphs()].flatMap((graph) => [...graph.nodes()].filter(hasFloat32Alone));
  nodes.forEach(computeInFloat32);
  return nodes.length > 0 ? model : undefined;
}

function hasFloat32Alone(node: Node): boolean {
  const { opType, domain, opset = 1, outputs } = node;
  const runsIn = (elem: DataType): boolean => hasKernel(HOST, opType, domain, opset, elem);
  const isFloat64 = outputs.some((value) => value?.elem === 'float64') && node.bodies.length === 0;
  return isFloat64 && !node.is('Cast') && !runsIn('float64') && runsIn('float32');
}

function computeInFloat32(node: Node): void {
  const { graph } = node;
  for (const [index, value] of node.inputs.entries())
    if (value?.elem === 'float64') graph.setInput(node, index, castTo(graph, value, 'float32'));
  for (const output of node.outputs) {
    if (output?.elem !== 'float64') continue;
    output.type = tensorType('float32', output.shape);
    const cast = graph.add('Cast', [output], { attributes: { to: dataTypes.float64.code } });
    cast.output.type = tensorType('float64', output.shape);
    graph.replaceUses(output, cast.output);
    graph.setInput(cast, 0, output);
  }
}
