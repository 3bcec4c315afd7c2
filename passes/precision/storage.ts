/** Weights stored as bfloat16 and cast to float32 where they are read: half the file, the same arithmetic. */

import type { Graph } from '../../src/ir/graph.js';
import { maxOf } from '../../src/ir/lists.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { elementCount } from '../../src/ir/tensor.js';
import type { Value } from '../../src/ir/value.js';
import { castTo } from '../../src/ir/widen.js';
import type { PassContext } from '../../src/run/pass.js';
import { toBfloat16Tensor } from './bfloat16.js';
import { precisionOf } from './ops.js';
import { coordinateNodes } from './sensitive.js';
import { fitSource } from './source/fit.js';

/** The first opset whose Cast takes bfloat16. */
const CAST_TAKES_BFLOAT16 = 13;

/**
 * Stores every float32 constant of at least `minElements` elements as bfloat16, in every scope.
 * Vectors (biases, norms, scales) stay: they are a fraction of a percent of a model, and each would cost a node.
 */
export function storeAsBfloat16(model: Model, minElements: number, context: PassContext): void {
  const { target, note, skip } = context;
  fitSource(model, context);
  let small = 0;
  let stored = 0;
  const angles = coordinateNodes(model);
  const isAngle = (node: Node) => angles.has(node) || precisionOf(node).stays === 'coordinates';
  for (const graph of model.graphs())
    for (const value of [...graph.inputs, ...graph.constants]) {
      const tensor = value.tensor ?? value.defaultTensor;
      if (tensor?.type !== 'float32' || value.uses.size === 0) continue;
      if (elementCount(tensor.shape) < minElements || isVector(tensor.shape)) {
        small += context.timesOf(value);
        continue;
      }
      const reason = value.users.some(isAngle)
        ? 'positions and angles need float32'
        : (refusal(value, graph) ?? leftBy(value, context));
      if (reason) skip(reason, value);
      else {
        store(value, graph);
        stored++;
      }
    }
  if (stored > 0) note(`${target} does not compute in bfloat16: weights are stored in it and cast to float32 at load`);
  const stay = small === 1 ? 'constant stays' : 'constants stay';
  if (small > 0) note(`${small} ${stay} float32: vectors, or fewer than ${minElements} elements`);
}

function refusal(value: Value, graph: Graph): string | undefined {
  if (value.defaultTensor) return 'it is the default of an input, which must stay float32';
  if (value.isInput && !graph.isInFunction) return 'it is listed as an input (IR version 3), which must stay float32';
  if (value.isOutput) return 'a graph output must stay float32';
  if (value.tensor?.sparse) return 'a sparse constant is small as it is';
  if (value.users.some((user) => precisionOf(user).takesScales)) return 'the scales of quantized weights stay float32';
  if ((graph.opsets.get('') ?? 0) < CAST_TAKES_BFLOAT16) return 'Cast takes bfloat16 from opset 13 on';
  return undefined;
}

/** The reason to leave a node that reads the value as it is. */
const leftBy = ({ users }: Value, { leaves }: PassContext): string | undefined =>
  users.map((node) => leaves(node)).find((reason) => reason !== undefined);

function store(value: Value, graph: Graph): void {
  const tensor = value.tensor as NonNullable<Value['tensor']>;
  const stored = graph.constant(toBfloat16Tensor(tensor), value.name);
  graph.replaceUses(value, castTo(graph, stored, 'float32'));
}

const isVector = (shape: readonly number[]): boolean => maxOf(shape, 1) === elementCount(shape);
