/** On which CPUs the numbers of a model hold: whether any 16-bit sum of its u8 × s8 products can saturate. */

import { under } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { instanceCount, instanceOf } from '../ir/tensors/bank.js';
import { constantTensor } from '../ir/tensors/constants.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import type { Value } from '../ir/value.js';
import { PAIR_LIMIT } from './target-cpu.js';

export const EXACT_CPUS = '8-bit sums are exact on every x64 and ARM CPU';
export const INEXACT_CPUS =
  '8-bit sums are right on CPUs with VNNI, AMX or ARM dot products; on x64 CPUs without them u8 × s8 sums saturate';

interface IntegerProduct {
  /** Inputs with weights, each with the input of its zero point where that is one for the weights alone. */
  readonly weights: readonly (readonly [at: number, zeroAt?: number])[];
  /** True where weights are matrices K × N, and nothing else is. */
  readonly isMatrix?: boolean;
}

/** Operators that add products of integers, by op and domain. */
const integerProducts: Readonly<Record<string, IntegerProduct>> = {
  MatMulInteger: { weights: [[1, 3]], isMatrix: true },
  QLinearMatMul: { weights: [[3, 5]], isMatrix: true },
  ConvInteger: { weights: [[1, 3]] },
  QLinearConv: { weights: [[3, 5]] },
  'com.microsoft.MatMulIntegerToFloat': { weights: [[1, 5]], isMatrix: true },
  'com.microsoft.DynamicQuantizeMatMul': { weights: [[1, 3]], isMatrix: true },
  'com.microsoft.QGemm': { weights: [[3, 5]] },
  'com.microsoft.QAttention': { weights: [[1]] },
  'com.microsoft.DynamicQuantizeLSTM': { weights: [[1], [2]] },
};

/** Undefined for an operator that adds no products of integers. */
export const integerProductOf = ({ domain, opType }: Node): IntegerProduct | undefined =>
  under(integerProducts, domain ? `${domain}.${opType}` : opType);

/** Undefined where the model adds no products of u8 × s8. Reads the weights of those that it does, in pieces. */
export function holdsOn(model: Model): { readonly isExact: boolean; readonly text: string } | undefined {
  let isFound = false;
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) {
      const answer = canSaturate(node);
      if (answer) return { isExact: false, text: INEXACT_CPUS };
      isFound ||= answer === false;
    }
  return isFound ? { isExact: true, text: EXACT_CPUS } : undefined;
}

/** What is known of weights. */
const large = new WeakMap<Tensor, { pair?: boolean; alone?: boolean }>();

/** Says of a matrix, or of each of a bank, that no pair in it is large: whoever chose its scales so spares the reading. */
export function vouchForPairs(matrix: Tensor): void {
  for (let index = 0; index < instanceCount(matrix); index++) large.set(instanceOf(matrix, index), { pair: false });
}

/** Whether sums of a node saturate on some CPUs; undefined where it adds no products of u8 × s8. */
export function canSaturate(node: Node): boolean | undefined {
  const product = integerProductOf(node);
  if (!product || node.inputs[0]?.elem === 'int8') return undefined;
  const weights = product.weights.flatMap(([at]) => tensorsOf(node.graph.model, node.inputs[at]));
  if (weights.every((tensor) => tensor?.type === 'uint8')) return undefined;
  return weights.some((tensor) => {
    if (tensor?.type === 'uint8') return false;
    if (!tensor) return true;
    const known = large.get(tensor) ?? {};
    large.set(tensor, known);
    return product.isMatrix ? (known.pair ??= hasLargePair(tensor)) : (known.alone ??= hasLarge(tensor));
  });
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
