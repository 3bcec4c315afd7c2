/** Weights stored as bfloat16 and cast to float32 where they are read: half the file, the same arithmetic. */

import type { Graph } from '../../src/ir/graph.js';
import { maxOf } from '../../src/ir/lists.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { elementCount } from '../../src/ir/tensor.js';
import type { Value } from '../../src/ir/value.js';
import { castTo, widenBehind, widenModel } from '../../src/ir/widen.js';
import type { PassContext } from '../../src/run/pass.js';
import { toBfloat16Tensor } from './bfloat16.js';
import { hasNodesIn } from './narrow.js';
import { precisionOf } from './ops.js';
import { coordinateNodes } from './sensitive.js';

/** The first opset whose Cast takes bfloat16. */
const CAST_TAKES_BFLOAT16 = 13;

/**
 * Stores every float32 constant of at least `minElements` elements as bfloat16, in every scope.
 * Vectors (biases, norms, scales) stay: they are a fraction of a percent of a model, and each would cost a node.
 */
export function storeAsBfloat16(model: Model, minElements: number, context: PassContext): void {
  const { target, note, skip } = context;
  if (hasNodesIn(model, 'bfloat16')) computeInFloat32(model, minElements, context);
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

/** A model published in bfloat16, for a target without kernels for it: its constants stay as they are stored, the rest is float32. */
function computeInFloat32(model: Model, minElements: number, { target, note }: PassContext): void {
  const were = widenModel(model, {
    types: ['bfloat16'],
    constant(value) {
      const { shape } = value.tensor as NonNullable<Value['tensor']>;
      if (elementCount(shape) < minElements || isVector(shape) || value.isOutput) return false;
      widenBehind(value);
      return true;
    },
  });
  // The target need not round in between.
  for (const value of were.keys()) if (value.producer?.is('Cast')) replaceRounding(value);
  const ports = [...model.graph.inputs, ...model.graph.outputs].filter((value) => were.has(value));
  note(`${target} has no kernels for bfloat16: weights stay stored in it, and everything is computed in float32`);
  if (ports.length > 0) note('inputs and outputs of bfloat16 are float32');
}

/** Cast to float32(Cast to bfloat16(x))  ⟶  x in float32. */
function replaceRounding(value: Value): void {
  const from = value.producer?.inputs[0];
  if (!from) return;
  const { graph } = value;
  const wide = from.elem === 'float32' ? from : castTo(graph, from, 'float32');
  for (const user of value.users)
    if (user.is('Cast') && user.output.elem === 'float32' && user.graph === graph) graph.replaceUses(user.output, wide);
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
