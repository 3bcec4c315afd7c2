/**
 * Symmetric 8-bit quantization of a matrix, in streaming passes: memory does not grow with the weight.
 * A group is what shares one scale: a column, or a block of one.
 */
import { CHUNK, type Tensor } from '../../src/ir/tensor.js';
import { floatChunks } from './extent.js';

/** A matrix as it is stored, and which group each element belongs to. */
export interface Matrix {
  /** Float numbers, row-major. */
  readonly tensor: Tensor;
  readonly rows: number;
  readonly columns: number;
  readonly groups: number;
  groupOf(row: number, column: number): number;
}

/** Calls `visit` for every element in the order of the file. */
function scan({ tensor, columns }: Matrix, visit: (value: number, row: number, column: number) => void): void {
  let row = 0;
  let column = 0;
  for (const numbers of floatChunks(tensor))
    for (let i = 0; i < numbers.length; i++) {
      visit(numbers[i] as number, row, column);
      if (++column === columns) {
        column = 0;
        row++;
      }
    }
}

/** One scale per group, such that the largest magnitude becomes `levels`; undefined where a number is not finite. */
export function scalesOf(matrix: Matrix, levels: number): Float32Array | undefined {
  const scales = new Float32Array(matrix.groups);
  let isBounded = true;
  scan(matrix, (value, row, column) => {
    const size = Math.abs(value);
    if (!(size < Number.POSITIVE_INFINITY)) isBounded = false;
    const group = matrix.groupOf(row, column);
    if (size > (scales[group] as number)) scales[group] = size;
  });
  if (!isBounded) return undefined;
  // A group of zeros, or of numbers too small to divide, is quantized to zeros.
  for (let i = 0; i < scales.length; i++) scales[i] = (scales[i] as number) / levels || 1;
  return scales;
}

/** Relative error of the weight when quantized: the norm of the difference over the norm. */
export function quantizationError(matrix: Matrix, scales: Float32Array): number {
  let difference = 0;
  let total = 0;
  scan(matrix, (value, row, column) => {
    const scale = scales[matrix.groupOf(row, column)] as number;
    const error = value - Math.round(value / scale) * scale;
    difference += error * error;
    total += value * value;
  });
  return total === 0 ? 0 : Math.sqrt(difference / total);
}

/** How quantized numbers are laid out. */
export interface Layout {
  /** Rows become columns. */
  readonly isTransposed: boolean;
  /** Length of a row as written: what is beyond the matrix is padding. */
  readonly stride: number;
  /** Added to every number: 128 for unsigned bytes around a middle. */
  readonly zero: number;
}

/** Most bytes of a transposed or padded matrix held at a time; a larger one is read once for each such band. */
const BAND = 32 * CHUNK;

/** The bytes of the quantized matrix in the order of the layout. */
export function* quantizedBytes(matrix: Matrix, scales: Float32Array, layout: Layout): Iterable<Uint8Array> {
  const { isTransposed, stride, zero } = layout;
  const quantize = (value: number, row: number, column: number) =>
    Math.round(value / (scales[matrix.groupOf(row, column)] as number)) + zero;
  const count = isTransposed ? matrix.columns : matrix.rows;
  const step = Math.max(1, Math.floor(BAND / Math.max(1, stride)));
  // Bands begin at multiples of 16 rows, so that pieces are multiples of 16 bytes.
  const height = step >= 16 ? step - (step % 16) : 16;
  for (let first = 0; first < count; first += height) {
    const last = Math.min(count, first + height);
    const band = new Uint8Array((last - first) * stride).fill(zero);
    scan(matrix, (value, row, column) => {
      const to = isTransposed ? column : row;
      if (to < first || to >= last) return;
      band[(to - first) * stride + (isTransposed ? row : column)] = quantize(value, row, column);
    });
    for (let at = 0; at < band.length; at += CHUNK) yield band.subarray(at, at + CHUNK);
  }
}
