/** Estimates the error of a weight in blocks, from some of its columns. */
import { floatChunks } from '../extent.js';
import type { ColumnBand } from './bands.js';
import { type BlockForm, type BlockMatrix, blocksOf } from './form.js';
import type { Importance } from './importance.js';
import { errorsOf } from './quantizer.js';

/** The number of columns that are tried, at equal distances. */
const SAMPLE = 32;

/**
 * The norm of the change over the norm of the weight, each number of K weighed by its activations where they are known, and whether rounding to
 * the nearest changes the products less than searched scales do; undefined where the weight holds NaN or infinity. One reading of the weight; the
 * search is done on some columns alone.
 */
export function chosenRounding(
  matrix: BlockMatrix,
  form: BlockForm,
  importance?: Importance,
): { readonly error: number; readonly isNearest: boolean } | undefined {
  const band = sampleOf(matrix, form);
  if (!band) return undefined;
  const ways = [form, ...(form.isNormal || form.isNearest ? [] : [{ ...form, isNearest: true }])];
  const [searched, nearest] = ways.map((way) => errorsOf(matrix, way, importance, band));
  const isNearest = nearest !== undefined && searched !== undefined && nearest.energy < searched.energy;
  const { error, total } = (isNearest ? nearest : searched) as NonNullable<typeof searched>;
  return { error: total === 0 ? 0 : Math.sqrt(error / total), isNearest: isNearest || form.isNearest === true };
}

/** Columns at equal distances; undefined where any number of the weight is not finite. */
function sampleOf(matrix: BlockMatrix, form: BlockForm): ColumnBand | undefined {
  const { tensor, isTransposed, K, N } = matrix;
  const step = Math.ceil(N / SAMPLE);
  const count = Math.ceil(N / step);
  const stride = blocksOf(matrix, form) * form.block;
  const numbers = new Float32Array(count * stride);
  const width = isTransposed ? K : N;
  let [row, column] = [0, 0];
  let isBounded = true;
  for (const chunk of floatChunks(tensor))
    for (let from = 0; from < chunk.length; ) {
      const to = Math.min(chunk.length, from + width - column);
      // x − x is NaN for NaN and infinities, and so is the sum.
      let sum = 0;
      for (let i = from; i < to; i++) sum += (chunk[i] as number) - (chunk[i] as number);
      if (sum !== 0) isBounded = false;
      if (!isTransposed)
        for (let at = Math.ceil(column / step) * step; at < column + to - from; at += step)
          numbers[(at / step) * stride + row] = chunk[from + at - column] as number;
      else if (row % step === 0) numbers.set(chunk.subarray(from, to), (row / step) * stride + column);
      column += to - from;
      from = to;
      if (column === width) [row, column] = [row + 1, 0];
    }
  return isBounded ? { first: 0, count, stride, numbers } : undefined;
}
