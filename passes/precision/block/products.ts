/**
 * activation × weight  ⟶  MatMulNBits(activation, codes, scales, zero points), a scale for each block of a column.
 *
 * Why this way: the weight stays in 4 or 8 bits in memory. With accuracy_level 4 a CPU multiplies in 8 bits (a row of 1024 numbers 3.6 times as
 * fast as in float32, 128 rows 1.4 times; with level 0 1.5 and 1.0 times, and 8 bits 0.1 times), which adds 5e-3 to an error of 8e-2. In float16
 * it gives zeros there where the runtime casts the scales by a node: there the product is float32. CUDA and WebGPU are asked for no level: the CPU
 * provider, which verifies for them and takes over from them, then computes what they do.
 */

import type { Graph } from '../../../src/ir/graph.js';
import type { Node } from '../../../src/ir/node.js';
import { computesIn, type Target } from '../../../src/ir/targets/targets.js';
import { setTensor } from '../../../src/ir/tensors/constants.js';
import { reshaped } from '../../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { type DataType, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { castTo } from '../../../src/ir/whole-model/widen.js';
import type { PassContext } from '../../../src/run/pass.js';
import { finish } from '../finish.js';
import { type Product, productOf, upright } from '../product.js';
import type { BlockForm } from './form.js';
import type { BlockWeights } from './weights.js';

/** The level at which kernels multiply in 8 bits. */
const EIGHT_BIT = 4;

/** The quant_type of MatMulBnb4. */
const NF4 = 1;

/** The reason that a product cannot read its weight in blocks; undefined where it can. */
export function productObstacle({ elem, activation }: Product, { target, hasKernel }: PassContext): string | undefined {
  if (activation.elem !== undefined && activation.elem !== elem) return `its activation is ${activation.elem}`;
  const computed = computesIn(target, 'int8') ? 'float32' : elem;
  return hasKernel('MatMulNBits', 'com.microsoft', 1, computed)
    ? undefined
    : `MatMulNBits takes no ${elem} on ${target}`;
}

/** The reason that the products of a weight cannot read it in NF4. */
export function normalObstacle({ block }: BlockForm, products: readonly Product[]): string | undefined {
  if (products.length === 0) return 'that is for products alone';
  const isWhole = products.every(({ weight: { K } }) => K % block === 0);
  return isWhole ? undefined : `the numbers that are summed are no whole blocks of ${block}`;
}

/** Puts a product that reads its weight in blocks in the node's place. `isSpectrum`: a logarithm reads the result, so its activations stay float. */
export function putProduct(
  node: Node,
  weights: BlockWeights,
  form: BlockForm,
  target: Target,
  isSpectrum = false,
): void {
  // Read again: what was rewritten before computes its activation.
  const product = productOf(node) as Product;
  finish(product, blockProduct(product, weights, form, target, isSpectrum));
}

/** The product with its weight in this form, in the type of the node, alpha included and the bias not. */
export function blockProduct(
  product: Product,
  weights: BlockWeights,
  form: BlockForm,
  target: Target,
  isSpectrum = false,
): Value {
  const { node, weight, alpha } = product;
  const { graph } = node;
  const isEightBit = computesIn(target, 'int8');
  const elem = isEightBit ? 'float32' : product.elem;
  const { codes, scales, zeros } = weights.constantsOf(weight, form, elem, alpha);
  const activation = inType(graph, upright(product), elem);
  const { K, N } = weight;
  const { output } = form.isNormal
    ? graph.add('MatMulBnb4', [activation, listed(codes), listed(scales)], {
        domain: 'com.microsoft',
        name: node.name,
        attributes: { K, N, block_size: form.block, quant_type: NF4 },
      })
    : graph.add('MatMulNBits', [activation, codes, scales, ...(zeros ? [zeros] : [])], {
        domain: 'com.microsoft',
        name: node.name,
        attributes: {
          K,
          N,
          bits: form.bits,
          block_size: form.block,
          ...(isEightBit && !isSpectrum && { accuracy_level: EIGHT_BIT }),
        },
      });
  output.type = tensorType(elem, node.output.shape);
  return inType(graph, output, product.elem);
}

/** A constant as a list of its numbers. */
function listed(constant: Value): Value {
  const tensor = constant.tensor as Tensor;
  if (tensor.shape.length === 1) return constant;
  const shape = [elementCount(tensor.shape)];
  setTensor(constant, reshaped(tensor, shape));
  constant.type = tensorType(tensor.type, shape);
  return constant;
}

const inType = (graph: Graph, value: Value, elem: DataType): Value =>
  value.elem === elem ? value : castTo(graph, value, elem);
