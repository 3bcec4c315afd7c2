/** Weights in blocks: so many numbers in a row along the axis that is summed over share a scale, and perhaps a zero point. */
import type { Tensor } from '../../../src/ir/tensors/tensor.js';

/** The bits of a number, and what shares a scale. */
export interface BlockForm {
  readonly bits: 4 | 8;
  /** A power of two from 16 on: the numbers of a block. */
  readonly block: number;
  /** True where zero is the middle of the levels, false for a zero point of its own in each block. */
  readonly isSymmetric: boolean;
  /** True for the 16 levels of NF4, which are as frequent as those of Gaussian numbers, instead of equidistant ones. */
  readonly isNormal?: boolean;
}

/** A weight [K, N], or [N, K] where it is stored transposed: K is summed over. */
export interface BlockMatrix {
  readonly tensor: Tensor;
  readonly isTransposed: boolean;
  readonly K: number;
  readonly N: number;
}

export const levelsOf = ({ bits }: BlockForm): number => 1 << bits;

export const blocksOf = ({ K }: Pick<BlockMatrix, 'K'>, { block }: BlockForm): number => Math.ceil(K / block);

/** Bytes of the numbers of one column, padded to whole blocks. */
export const codeBytes = (matrix: Pick<BlockMatrix, 'K'>, form: BlockForm): number =>
  (blocksOf(matrix, form) * form.block * form.bits) / 8;

/** Bytes of the zero points of one column, two in a byte where they have four bits. */
export const zeroBytes = (matrix: Pick<BlockMatrix, 'K'>, form: BlockForm): number =>
  Math.ceil((blocksOf(matrix, form) * form.bits) / 8);

/** Bytes of a weight in this form, with scales of so many bytes each. */
export const bytesIn = (matrix: Pick<BlockMatrix, 'K' | 'N'>, form: BlockForm, scaleBytes = 4): number =>
  matrix.N *
  (codeBytes(matrix, form) + blocksOf(matrix, form) * scaleBytes + (form.isSymmetric ? 0 : zeroBytes(matrix, form)));
