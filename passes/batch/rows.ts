/** Which ops keep the rows of a batch apart, and how it is told. An op that is neither listed nor elementwise is refused. */

import { type Dim, divideExactly } from '../../src/ir/dims/dims.js';
import { symbolsOf } from '../../src/ir/dims/symbols.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { rowOf } from '../../src/ops/registry.js';
import {
  along,
  alongAttribute,
  broadcast,
  constants,
  einsum,
  elements,
  first,
  firstOf,
  fromAxis,
  gather,
  gemm,
  matrices,
  notTrained,
  type RowRule,
  recurrent,
  reduction,
  sameSize,
  slice,
  view,
} from './row-rules.js';

const none: RowRule = () => undefined;
const last = along(() => [-1]);

const listed: readonly (readonly [ops: string, rule: RowRule, domain?: string])[] = [
  ['Dropout Transpose Squeeze Unsqueeze Expand OneHot QuantizeLinear DequantizeLinear', none],
  ['Softmax LogSoftmax Hardmax TopK LpNormalization', alongAttribute(-1)],
  ['Concat ArgMax ArgMin Split', alongAttribute(0)],
  ['GatherElements ScatterElements', elements],
  ['LayerNormalization RMSNormalization SimplifiedLayerNormalization', fromAxis],
  ['ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2', reduction],
  ['ReduceLogSum ReduceLogSumExp ReduceSumSquare', reduction],
  ['CumSum CumProd', along(({ inputs }) => constants(inputs[1]))],
  ['MeanVarianceNormalization', along((node) => node.ints('axes') ?? [0, 2, 3])],
  ['Trilu', along(() => [-1, -2])],
  ['Slice', slice],
  ['Reshape Flatten', view],
  ['Pad Tile Resize Upsample', sameSize],
  ['MatMul MatMulInteger', matrices],
  ['Gemm', gemm],
  ['Einsum', einsum],
  ['LSTM GRU RNN', recurrent],
  ['Gather', gather],
  ['Conv ConvTranspose MaxPool AveragePool LpPool GlobalMaxPool GlobalAveragePool GlobalLpPool', first],
  ['InstanceNormalization GroupNormalization LRN DepthToSpace SpaceToDepth', first],
  ['BatchNormalization', notTrained],
  ['GridSample', firstOf(0, 1)],
  ['Attention', firstOf(0, 1, 2, 4, 5)],
  ['RotaryEmbedding', firstOf(0, 3)],
  ['Attention GroupNorm', first, 'com.microsoft'],
  ['MultiHeadAttention', firstOf(0, 1, 2, 6, 7), 'com.microsoft'],
  ['GroupQueryAttention', firstOf(0, 1, 2, 3, 4), 'com.microsoft'],
  ['RotaryEmbedding', firstOf(0, 1), 'com.microsoft'],
  ['SkipLayerNormalization SkipSimplifiedLayerNormalization MatMulNBits', last, 'com.microsoft'],
];
const rules = new Map(
  listed.flatMap(([ops, rule, domain = '']) => ops.split(' ').map((op) => [`${domain}:${op}`, rule] as const)),
);

/** Why rows would mix at a node that reads the batch and gives it on. */
export function mixing(node: Node, batch: Dim, isBatched: (value: Value | undefined) => boolean): string | undefined {
  const [name] = symbolsOf(batch);
  const axes = (value: Value): number[] =>
    (value.shape ?? []).flatMap((dim, axis) => (name !== undefined && symbolsOf(dim).includes(name) ? [axis] : []));
  for (const value of node.outputs) {
    if (!value || !isBatched(value)) continue;
    const [axis = 0, ...others] = axes(value);
    const share = divideExactly(value.shape?.[axis] ?? 0, batch);
    if (others.length > 0 || share === undefined || (name !== undefined && symbolsOf(share).includes(name)))
      return `rows would mix: it gives [${value.shape?.map(String)}], not one axis of whole rows`;
  }
  if (node.bodies.length > 0) return undefined;
  const rule = rowOf(node)?.isElementwise ? broadcast : rules.get(`${node.domain}:${node.opType}`);
  if (!rule || node.graph.model.functionOf(node))
    return `${node.opType} is not known to keep the rows of a batch apart`;
  const at = node.inputs.map((value) => value && axes(value)[0]);
  const found = rule({ node, at, to: axes(node.output)[0] ?? 0 });
  return typeof found === 'number' ? `it goes along the batch, axis ${found}: rows would mix` : found;
}
