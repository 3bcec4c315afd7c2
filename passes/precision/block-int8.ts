/**
 * activation × weight  ⟶  MatMulNBits(activation, 8-bit weight), a scale for every 32 weights of a column.
 * Why this way: CUDA and WebGPU have no DynamicQuantizeLinear, and MatMulInteger at best int8 × int8; blocks make this
 * op more accurate than a scale per column. No accuracy_level: 4 lets kernels quantize the activation too, but the CPU
 * provider of 1.30, which verifies for absent GPUs and takes over from present ones, then gives zeros where it runs
 * float16 in float32 and casts the scales by a node.
 */
import { agreed, derive } from '../../src/ir/bank.js';
import { castTensor } from '../../src/ir/numbers.js';
import { memoryTensor, type Tensor } from '../../src/ir/tensor.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { extentOf } from './extent.js';
import { type Product, upright, type Weight } from './product.js';
import { type Matrix, quantizedBytes, scalesOf } from './quantize.js';

const BLOCK = 32;
const LEVELS = 127;
/** MatMulNBits takes unsigned bytes; without zero points the middle is 128. */
const MIDDLE = 128;

interface BlockWeight {
  readonly value: Value;
  readonly scales: Tensor;
}

export class BlockInt8 {
  readonly #weights = new Map<Value, Map<boolean, BlockWeight | string>>();

  /** The product's value before alpha and bias, or why not. */
  rewrite(product: Product): Value | string {
    const { node, weight, elem } = product;
    const quantized = this.#weight(weight);
    if (typeof quantized === 'string') return quantized;
    const { graph } = node;
    const scales = graph.constant(castTensor(quantized.scales, elem), `${weight.stored.name}_scales`);
    const result = graph.add('MatMulNBits', [upright(product), quantized.value, scales], {
      domain: 'com.microsoft',
      name: node.name,
      attributes: { K: weight.K, N: weight.N, bits: 8, block_size: BLOCK },
    });
    result.output.type = tensorType(elem, node.output.shape);
    return result.output;
  }

  #weight(weight: Weight): BlockWeight | string {
    const known = this.#weights.get(weight.stored) ?? new Map<boolean, BlockWeight | string>();
    this.#weights.set(weight.stored, known);
    const made = known.get(weight.isTransposed) ?? quantize(weight);
    known.set(weight.isTransposed, made);
    return made;
  }
}

function quantize({ stored, tensor, isTransposed, K, N }: Weight): BlockWeight | string {
  if (agreed(tensor, (one) => extentOf(one).hasNonFinite)) return 'its weight holds NaN or infinity';
  const blocks = Math.ceil(K / BLOCK);
  const [rows, columns] = tensor.shape as [number, number];
  const channel = { block: 1, step: blocks };
  const within = { block: BLOCK, step: 1 };
  const [rowGroups, columnGroups] = isTransposed ? [channel, within] : [within, channel];
  const matrixOf = (one: Tensor): Matrix => ({
    tensor: one,
    rows,
    columns,
    groups: N * blocks,
    rowGroups,
    columnGroups,
  });
  // Scales are an eighth of the weight: computed again when read, not kept.
  const scales = (one: Tensor) => scalesOf(matrixOf(one), LEVELS) as Float32Array;
  const layout = { isTransposed: !isTransposed, stride: blocks * BLOCK, zero: MIDDLE };
  const bytes = derive([tensor], 'uint8', [N, blocks, BLOCK], (one) =>
    quantizedBytes(matrixOf(one as Tensor), scales(one as Tensor), layout),
  );
  const scalesTensor = derive([tensor], 'float32', [N, blocks], (one) =>
    memoryTensor('float32', [N, blocks], new Uint8Array(scales(one as Tensor).buffer)).chunks(),
  );
  return { value: stored.graph.constant(bytes, `${stored.name}_8bit`), scales: scalesTensor };
}
