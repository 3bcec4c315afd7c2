/**
 * Reads matrices in pieces for symmetric 8-bit quantization: memory does not grow with the weight.
 * The numbers of a group share one scale: a column, or a block of one.
 */
import { giveBack, takeKernels } from '../../src/ir/kernels/module.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { floatChunks } from './extent.js';

/** A stored matrix, and the group of each element. */
export interface Matrix {
  /** Float numbers, row-major. */
  readonly tensor: Tensor;
  readonly rows: number;
  readonly columns: number;
  readonly groups: number;
  /** The group is floor(row / block) · step of the rows, plus the same of the columns. */
  readonly rowGroups: GroupStep;
  readonly columnGroups: GroupStep;
}

export interface GroupStep {
  readonly block: number;
  readonly step: number;
}

/** Gets a piece of one row: numbers[from] to numbers[to - 1] are at `row`, from `column` on. */
export type Visit = (
  numbers: Float32Array | Float64Array,
  from: number,
  to: number,
  row: number,
  column: number,
) => void;

/** Visits every element in the order of the file, a piece of a row at a time: loops over elements stay free of calls. */
export function scan({ tensor, columns }: Matrix, visit: Visit): void {
  let row = 0;
  let column = 0;
  for (const numbers of floatChunks(tensor))
    for (let from = 0; from < numbers.length; ) {
      const to = Math.min(numbers.length, from + columns - column);
      visit(numbers, from, to, row, column);
      column += to - from;
      from = to;
      if (column === columns) {
        column = 0;
        row++;
      }
    }
}

/**
 * Visits a matrix in blocks of whole rows, `height` of them but for the last block, which stand in `place()` while they are visited. It holds a block, and is
 * asked for anew whenever it is needed.
 */
export function* rowBlocks(
  { tensor, columns }: Pick<Matrix, 'tensor' | 'columns'>,
  height: number,
  place: () => Float32Array<ArrayBuffer>,
): Iterable<readonly [row: number, count: number]> {
  const size = height * columns;
  let [row, used] = [0, 0];
  const rest = (): Uint8Array<ArrayBuffer> => {
    const { buffer, byteOffset } = place();
    return new Uint8Array(buffer, byteOffset + 4 * used, 4 * (size - used));
  };
  for (const numbers of floatChunks(tensor, rest))
    for (let from = 0; from < numbers.length; ) {
      const block = place();
      const count = Math.min(numbers.length - from, size - used);
      if (numbers.buffer !== block.buffer) block.set(numbers.subarray(from, from + count), used);
      from += count;
      used += count;
      if (used < size) continue;
      yield [row, height];
      row += height;
      used = 0;
    }
  if (used > 0) yield [row, used / columns];
}

export const groupAt = ({ block, step }: GroupStep, at: number): number => Math.imul((at / block) | 0, step);

/**
 * The offset of each column within the groups or channels of its row. A table: a division for each element would take as long as
 * everything else.
 */
export const columnOffsets = (columns: number, step: GroupStep): Int32Array =>
  new Int32Array(columns).map((_, column) => groupAt(step, column));

/**
 * Rounds quotients of float32 numbers as Math.round does. That one branches on the fraction, which is unpredictable,
 * and takes three times as long.
 */
export const nearest = (number: number): number => Math.floor(number + 0.5);

/** The size of groups that lie one behind the other, in order; undefined where they do not. */
export function neighbours({
  columns,
  rowGroups,
  columnGroups: { block, step },
}: Pick<Matrix, 'columns' | 'rowGroups' | 'columnGroups'>): number | undefined {
  const [size, each] = step === 0 ? [columns, 1] : [block, columns / block];
  return step <= 1 && columns % size === 0 && rowGroups.block === 1 && rowGroups.step === each ? size : undefined;
}

/** One scale per group, such that the largest magnitude becomes `levels`; undefined where a number is not finite. */
export function scalesOf(matrix: Matrix, levels: number): Float32Array | undefined {
  const found = largestByKernels(matrix);
  if (found) return found.every((one) => one < Number.POSITIVE_INFINITY) ? divided(found, levels) : undefined;
  const scales = new Float32Array(matrix.groups);
  const columnGroup = columnOffsets(matrix.columns, matrix.columnGroups);
  let isBounded = true;
  scan(matrix, (numbers, from, to, row, column) => {
    const first = groupAt(matrix.rowGroups, row);
    for (let i = from, at = column; i < to; i++, at++) {
      const size = Math.abs(numbers[i] as number);
      if (!(size < Number.POSITIVE_INFINITY)) isBounded = false;
      const group = first + (columnGroup[at] as number);
      if (size > (scales[group] as number)) scales[group] = size;
    }
  });
  if (!isBounded) return undefined;
  return divided(scales, levels);
}

/** Numbers that are read at a time. */
const READ = 1 << 16;

/** The largest magnitude of each group; undefined where there is no kernel for it. */
function largestByKernels(matrix: Matrix): Float32Array | undefined {
  const size = neighbours(matrix);
  if (size === undefined || size > READ || !['float32', 'bfloat16'].includes(matrix.tensor.type)) return undefined;
  const own = takeKernels();
  if (!own) return undefined;
  const height = Math.floor(READ / size);
  const [numbers, out] = [own.reserve(4 * height * size), own.reserve(4 * height)];
  const largest = new Float32Array(matrix.groups);
  const place = (): Float32Array<ArrayBuffer> => own.floats(numbers, height * size);
  for (const [group, count] of rowBlocks({ ...matrix, columns: size }, height, place)) {
    own.run.largestOfGroups(numbers, count, size, out);
    largest.set(own.floats(out, count), group);
  }
  giveBack(own);
  return largest;
}

/** The smallest scale that float32 holds in full precision. */
const SMALLEST = 2 ** -126;

/** Largest sizes made scales, in place: a group of zeros, or of numbers too small to divide, is quantized to zeros. */
export function divided(sizes: Float32Array, by: number): Float32Array {
  for (let i = 0; i < sizes.length; i++) {
    const scale = (sizes[i] as number) / by;
    sizes[i] = scale < SMALLEST ? 1 : scale;
  }
  return sizes;
}
