/** Reads products with a constant weight, as MatMul, Gemm or FusedMatMul: activation × weight, scaled, plus a bias. */
import { GraphBuilder } from '../../src/ir/build.js';
import type { Node } from '../../src/ir/node.js';
import { elementCount, type Tensor } from '../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';

export interface Weight {
  /** The constant that holds the weight: products that share it share the weight. */
  readonly stored: Value;
  readonly tensor: Tensor;
  /** True where the weight is stored [N, K]. */
  readonly isTransposed: boolean;
  readonly K: number;
  readonly N: number;
}

export interface Product {
  readonly node: Node;
  readonly activation: Value;
  readonly isActivationTransposed: boolean;
  readonly weight: Weight;
  readonly elem: 'float32' | 'float16' | 'bfloat16';
  readonly alpha: number;
  readonly beta: number;
  readonly bias: Value | undefined;
}

/** The product that a node computes, or the reason that it cannot be read; undefined for other ops. */
export function productOf(node: Node): Product | string | undefined {
  const isGemm = node.is('Gemm');
  const isFused = node.domain === 'com.microsoft' && node.opType === 'FusedMatMul';
  if (!isGemm && !isFused && !node.is('MatMul')) return undefined;
  if (node.hasReference) return givenByCaller;
  const [activation, factor, bias] = node.inputs;
  if (!activation || !factor) return 'an input is missing';
  if (node.int('transBatchA', 0) === 1 || node.int('transBatchB', 0) === 1) return 'it turns its batch axes';
  // A fused product does not transpose vectors.
  const isTurned = (name: string, { shape }: Value) => node.int(name, 0) === 1 && shape?.length !== 1;
  const isActivationTransposed = isTurned('transA', activation);
  if (isActivationTransposed && isFused && activation.shape?.length !== 2)
    return 'it transposes a batch of activations';
  const weight = weightOf(factor, isTurned('transB', factor));
  if (typeof weight === 'string') return weight;
  const elem = factor.elem ?? weight.tensor.type;
  if (elem !== 'float32' && elem !== 'float16' && elem !== 'bfloat16') return `its type is ${elem}`;
  const beta = isGemm ? node.float('beta', 1) : 1;
  return {
    node,
    activation,
    isActivationTransposed,
    weight,
    elem,
    alpha: node.float('alpha', 1),
    beta,
    bias: isGemm && beta !== 0 ? bias : undefined,
  };
}

const computed = 'no constant weight: both factors are computed';
const givenByCaller = 'an attribute is given by the caller of the function';
const listed = 'its weight is listed as an input (IR version 3): the float copy would have to stay';
const given = 'its weight comes in through an input of the graph, body or function';

/** The constant behind a factor: through Identities, one cast from a stored type, and a transposition. */
function weightOf(factor: Value, isTransposed: boolean): Weight | string {
  let value = factor;
  let flipped = isTransposed;
  let from: DataType | undefined;
  for (let node = value.producer; node; node = value.producer) {
    const next = node.inputs[0];
    if (!next) return computed;
    if (node.hasReference) return givenByCaller;
    if (node.is('DequantizeLinear')) return 'its weight is quantized already';
    if (node.is('Cast') && from === undefined && isWidened(next.tensor?.type, value.elem)) from = next.tensor?.type;
    else if (node.is('Transpose') && next.shape?.length === 2) {
      const perm = node.ints('perm') ?? [1, 0];
      if (perm[0] === 1) flipped = !flipped;
    } else if (!node.is('Identity')) return computed;
    value = next;
  }
  const { tensor } = value;
  if (!tensor) return value.isInput ? given : computed;
  if (value.isInput && !value.graph.isInFunction) return listed;
  if (tensor.shape.length !== 2) return `its weight has rank ${tensor.shape.length}: scales per channel need rank 2`;
  if (dataTypes[tensor.type].kind !== 'float' || dataTypes[tensor.type].bits < 16)
    return `its weight is ${tensor.type}`;
  const [rows, columns] = tensor.shape as [number, number];
  return { stored: value, tensor, isTransposed: flipped, K: flipped ? columns : rows, N: flipped ? rows : columns };
}

/** True for a cast of a stored float that loses nothing. */
const isWidened = (from: DataType | undefined, to: DataType | undefined): boolean =>
  (from === 'bfloat16' || from === 'float16') && to === 'float32';

export const weightCount = ({ tensor }: Weight): number => elementCount(tensor.shape);

/** The activation, transposed where the Gemm transposes it. */
export function upright({ node, activation, isActivationTransposed }: Product): Value {
  if (!isActivationTransposed) return activation;
  const type = activation.elem && tensorType(activation.elem, activation.shape?.toReversed());
  return new GraphBuilder(node.graph).op('Transpose', [activation], { perm: [1, 0] }, { type });
}
