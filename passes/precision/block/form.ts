/** The form of weights in blocks: neighbouring numbers along the axis that is summed over share a scale, and perhaps a zero point. */
import type { Tensor } from '../../../src/ir/tensors/tensor.js';

/** The bits of a number, and the numbers that share a scale. */
export interface BlockForm {
  readonly bits: 4 | 8;
  /** The numbers of a block: a power of two, at least 16. */
  readonly block: number;
  /** True where zero is the middle level, false where each block has a zero point. */
  readonly isSymmetric: boolean;
  /** True for the 16 levels of NF4, which Gaussian numbers use equally often, instead of equidistant levels. */
  readonly isNormal?: boolean;
  /** True where each number is rounded to the nearest level of its block's whole range: nothing is searched, and errors stay where they are. */
  readonly isNearest?: boolean;
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

/** The least block: kernels know none below. */
const LEAST = 16;

/** The form with the block, up to the form's own, in which a column has the fewest bytes: long blocks pad short columns. Of equal ones the shortest, which is closer. */
export function fittedTo(matrix: Pick<BlockMatrix, 'K' | 'N'>, form: BlockForm): BlockForm {
  let best = form;
  for (let block = form.block / 2; block >= LEAST; block /= 2) {
    const shorter = { ...form, block };
    if (bytesIn(matrix, shorter) <= bytesIn(matrix, best)) best = shorter;
  }
  return best;
}
