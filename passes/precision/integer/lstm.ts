/**
 * LSTM(x, W, R)  ⟶  DynamicQuantizeLSTM(x, int8 Wᵀ, int8 Rᵀ), a scale for each row of a gate.
 *
 * Why this way: on a CPU with VNNI it takes 0.8 to 0.2 of the time from 128 hidden numbers on (1 to 100 steps, 1 to 8 rows), and as long
 * for one step of 64. There is no such operator for GRU and RNN.
 */

import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { agreed, derive } from '../../../src/ir/tensors/bank.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { CHUNK, type Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import type { PassContext } from '../../../src/run/pass.js';
import { floatChunks } from '../extent.js';
import { type Matrix, nearest, scalesOf } from '../quantize.js';
import { columnScalesOf } from './columns.js';
import { LARGEST, LARGEST_EXACT } from './sizes.js';

export interface LstmOptions {
  readonly isExact: boolean;
  readonly maxWeightError: number;
  isKept(node: Node): boolean;
  leave(reason: string, node: Node): void;
}

const FEWEST_HIDDEN = 128;

/** Rewrites the LSTMs of every scope, and notes how many. */
export function quantizeLstms(model: Model, context: PassContext, options: LstmOptions): number {
  let count = 0;
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      if (!node.is('LSTM')) continue;
      const reason = obstacle(node, context, options);
      if (reason === undefined) {
        rewrite(node, options.isExact ? LARGEST_EXACT : LARGEST);
        count++;
      } else options.leave(reason, node);
    }
  return count;
}

function obstacle(node: Node, { leaves, hasKernel }: PassContext, options: LstmOptions): string | undefined {
  const [x, W, R] = node.inputs;
  if (options.isKept(node)) return 'kept in float as asked';
  if (node.hasReference || !x || !W?.tensor || !R?.tensor || W.isInput || R.isInput)
    return 'the weights of the recurrent layer are computed, or given by a caller';
  if (!hasKernel('DynamicQuantizeLSTM', 'com.microsoft', 1, 'float32'))
    return 'the target has no kernel of DynamicQuantizeLSTM';
  if (x.elem !== 'float32' || W.tensor.type !== 'float32' || R.tensor.type !== 'float32')
    return `the recurrent layer computes in ${x.elem ?? W.tensor.type}`;
  if (node.int('layout', 0) !== 0) return 'DynamicQuantizeLSTM has no layout with the batch first';
  if ((R.tensor.shape[2] ?? 0) < FEWEST_HIDDEN)
    return `an LSTM of fewer than ${FEWEST_HIDDEN} hidden numbers is not faster in 8 bits`;
  return weightReason(W.tensor, options) ?? weightReason(R.tensor, options) ?? leaves(node);
}

const weightReason = (weight: Tensor, { isExact, maxWeightError }: LstmOptions): string | undefined =>
  agreed(weight, (one) => {
    const found = columnScalesOf({ matrix: rowsOf(one), isTransposed: true, isPaired: false });
    if (!found) return 'its weight holds NaN or infinity';
    return found.error * (isExact ? LARGEST / LARGEST_EXACT : 1) > maxWeightError
      ? `its weight would change by more than ${maxWeightError} of its norm (option maxWeightError)`
      : undefined;
  });

/** The weights of all directions as one matrix, with a scale for each row. */
function rowsOf(tensor: Tensor): Matrix {
  const [directions, gates, columns] = tensor.shape as [number, number, number];
  const rows = directions * gates;
  return {
    tensor,
    rows,
    columns,
    groups: rows,
    rowGroups: { block: 1, step: 1 },
    columnGroups: { block: 1, step: 0 },
  };
}

function rewrite(node: Node, largest: number): void {
  const { graph } = node;
  const [x, W, R, ...states] = node.inputs as [Value, Value, Value, ...(Value | undefined)[]];
  const [input, recurrent] = [W, R].map((value) => quantized(value, largest)) as [Value[], Value[]];
  const inputs = [x, input[0], recurrent[0], ...Array.from({ length: 5 }, (_, at) => states[at])];
  const made = graph.add('DynamicQuantizeLSTM', [...inputs, ...input.slice(1), ...recurrent.slice(1)], {
    domain: 'com.microsoft',
    name: node.name,
    outputs: node.outputs.map((value) => value?.name),
  });
  for (const [name, attribute] of node.attributes) if (name !== 'layout') graph.setAttribute(made, name, attribute);
  node.outputs.forEach((value, at) => {
    const result = made.outputs[at];
    if (!value || !result) return;
    result.type = value.type;
    graph.replaceUses(value, result);
  });
}

/** Bytes, scales and zero points. */
function quantized(value: Value, largest: number): Value[] {
  const { graph, name } = value;
  const tensor = value.tensor as Tensor;
  const [directions, gates, columns] = tensor.shape as [number, number, number];
  const scalesFor = (one: Tensor) => scalesOf(rowsOf(one), largest) as Float32Array;
  const bytes = derive([tensor], 'int8', [directions, columns, gates], (one) =>
    turned(one as Tensor, scalesFor(one as Tensor)),
  );
  const scales = derive([tensor], 'float32', [directions, gates], (one) =>
    tensorOf('float32', scalesFor(one as Tensor), [directions, gates]).chunks(),
  );
  const zeros = tensorOf('int8', new Int8Array(directions * gates), [directions, gates]);
  return [
    graph.constant(bytes, `${name}_int8`),
    graph.constant(scales, `${name}_scale`),
    graph.constant(zeros, `${name}_zero_point`),
  ];
}

/** The transposed bytes of each direction; one direction is in memory at a time. */
function* turned(tensor: Tensor, scales: Float32Array): Iterable<Uint8Array> {
  const [, gates, columns] = tensor.shape as [number, number, number];
  const size = gates * columns;
  const bytes = new Int8Array(size);
  let [row, column, at] = [0, 0, 0];
  for (const numbers of floatChunks(tensor))
    for (const number of numbers) {
      bytes[column * gates + (row % gates)] = nearest(number / (scales[row] as number));
      if (++column === columns) [row, column] = [row + 1, 0];
      if (++at < size) continue;
      at = 0;
      const all = new Uint8Array(bytes.slice().buffer);
      for (let from = 0; from < size; from += CHUNK) yield all.subarray(from, from + CHUNK);
    }
}
