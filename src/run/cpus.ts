/** On which CPUs the numbers of a model hold: whether any 16-bit sum of its u8 × s8 products can saturate. */
import { constantTensor } from '../ir/constants.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import type { Value } from '../ir/value.js';
import { PAIR_LIMIT } from './target-cpu.js';

export const EXACT_CPUS = '8-bit sums are exact on every x64 and ARM CPU';
export const INEXACT_CPUS =
  '8-bit sums are right on CPUs with VNNI, AMX or ARM dot products; on x64 CPUs without them u8 × s8 sums saturate';

/** Where products of activations and weights in 8 bits have their weights, and whether these are matrices, K × N. */
const products: Readonly<Record<string, { readonly weights: readonly number[]; readonly isMatrix?: boolean }>> = {
  MatMulInteger: { weights: [1], isMatrix: true },
  QLinearMatMul: { weights: [3], isMatrix: true },
  ConvInteger: { weights: [1] },
  QLinearConv: { weights: [3] },
  'com.microsoft.MatMulIntegerToFloat': { weights: [1], isMatrix: true },
  'com.microsoft.DynamicQuantizeMatMul': { weights: [1], isMatrix: true },
  'com.microsoft.QGemm': { weights: [3] },
  'com.microsoft.QAttention': { weights: [1] },
  'com.microsoft.DynamicQuantizeLSTM': { weights: [1, 2] },
};

/** Undefined where the model adds no products of u8 × s8. Reads the weights of those that it does, in pieces. */
export function holdsOn(model: Model): { readonly isExact: boolean; readonly text: string } | undefined {
  const seen = new Map<Tensor, boolean>();
  let isFound = false;
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) {
      const product = products[node.domain ? `${node.domain}.${node.opType}` : node.opType];
      if (!product || node.inputs[0]?.elem === 'int8') continue;
      for (const index of product.weights) {
        const weights = tensorsOf(model, node.inputs[index]);
        if (weights.some((tensor) => tensor?.type === 'uint8')) continue;
        isFound = true;
        for (const tensor of weights) {
          const known = tensor && seen.get(tensor);
          const canSaturate = known ?? (!tensor || (product.isMatrix ? hasLargePair(tensor) : hasLarge(tensor)));
          if (canSaturate) return { isExact: false, text: INEXACT_CPUS };
          if (tensor) seen.set(tensor, canSaturate);
        }
      }
    }
  return isFound ? { isExact: true, text: EXACT_CPUS } : undefined;
}

/** The constants that a value is, one for each call of the function it is an input of; undefined for one that is computed. */
function tensorsOf(model: Model, value: Value | undefined): (Tensor | undefined)[] {
  const tensor = constantTensor(value);
  if (tensor || !value?.isInput || !value.graph.isInFunction) return [tensor];
  const index = value.graph.inputs.indexOf(value);
  const isCall = (node: Node) => model.functionOf(node)?.graph === value.graph;
  const calls = [...model.graphs()].flatMap((graph) => [...graph.nodeSet].filter(isCall));
  return calls.flatMap((call) => tensorsOf(model, call.inputs[index]));
}

/** Whether two weights that are added in one 16-bit sum come to more than the limit; of two signs they come to less than each. */
function hasLargePair(tensor: Tensor): boolean {
  const { shape } = tensor;
  const [K, N] = shape.length === 1 ? [shape[0] as number, 1] : [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const before = new Int8Array(N);
  let [row, column] = [0, 0];
  for (const chunk of tensor.chunks()) {
    const weights = new Int8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i] as number;
      if ((row & 1) === 0) before[column] = weight;
      else if (Math.abs((before[column] as number) + weight) > PAIR_LIMIT) return true;
      if (++column < N) continue;
      column = 0;
      row = (row + 1) % K;
    }
  }
  return false;
}

/** The same of weights whose pairs depend on the kernel: any two. */
function hasLarge(tensor: Tensor): boolean {
  for (const chunk of tensor.chunks())
    for (const byte of chunk) if (Math.abs((byte << 24) >> 24) > PAIR_LIMIT / 2) return true;
  return false;
}
