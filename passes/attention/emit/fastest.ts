/**
 * Which op has the faster attention kernel on a generation of CUDA devices, by the kernels that onnxruntime 1.29 takes for 128 queries and keys, 12 heads of 64
 * (the provider's own word on hollow CUDA; longer rows differ by MATH becoming EFFICIENT).
 */
import type { Architecture } from '../../../src/ir/targets/targets.js';
import type { DataType } from '../../../src/ir/types.js';

/** From slow to fast: single products, memory-efficient, flash, cuDNN's flash. */
const attentionKernels = ['MATH', 'EFFICIENT_ATTENTION', 'FLASH_ATTENTION', 'CUDNN_FLASH_ATTENTION'] as const;
type AttentionKernel = (typeof attentionKernels)[number];

const [math, efficient, flash, cudnn] = attentionKernels;
const types = ['float32', 'float16', 'bfloat16'] as const;

/** The kernel without a bias, and with one, of each type in their order. */
type Row = readonly (readonly [plain: AttentionKernel, biased: AttentionKernel])[];
const standard: Row = [
  [efficient, efficient],
  [flash, efficient],
  [flash, efficient],
];
const ampere = {
  MultiHeadAttention: [
    [math, math],
    [flash, efficient],
    [math, math],
  ],
  Attention: standard,
} as const;
export const kernelsByOp: Readonly<Record<Architecture, Readonly<Record<'MultiHeadAttention' | 'Attention', Row>>>> = {
  sm80: ampere,
  sm86: ampere,
  sm89: ampere,
  sm90: {
    MultiHeadAttention: [
      [math, math],
      [cudnn, cudnn],
      [cudnn, cudnn],
    ],
    Attention: standard,
  },
};

/**
 * True where ai.onnx Attention has a kernel that is nowhere slower and somewhere faster than MultiHeadAttention's: in the type, and in those that
 * float32 may still be narrowed to.
 */
export function isAttentionFaster(architecture: Architecture, elem: DataType, isBiased: boolean): boolean {
  const { MultiHeadAttention: own, Attention: other } = kernelsByOp[architecture];
  const gains = types.flatMap((type, i) => {
    const rank = (row: Row) => attentionKernels.indexOf((row[i] as Row[number])[isBiased ? 1 : 0]);
    return elem === type || elem === 'float32' ? [rank(other) - rank(own)] : [];
  });
  return gains.every((gain) => gain >= 0) && gains.some((gain) => gain > 0);
}
