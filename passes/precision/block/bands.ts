/** Reads a weight column by column, a band of columns at a time: memory does not grow with the weight. */
import { floatChunks } from '../extent.js';
import { type BlockForm, type BlockMatrix, blocksOf } from './form.js';

/** Neighbouring columns, each padded with zeros to whole blocks. Its numbers are valid until the next band is asked for. */
export interface ColumnBand {
  readonly first: number;
  readonly count: number;
  /** The distance from one column to the next, in numbers. */
  readonly stride: number;
  readonly numbers: Float32Array;
}

/** The most bytes of a band. Where a weight is stored row by row, each band reads the whole weight. */
const BAND = 1 << 24;

/** The memory of bands while nobody reads one, until a collection of garbage: new arrays for each weight would all wait for that. */
let spare: WeakRef<Float32Array> | undefined;

/** The first `count` numbers, all zero, of memory that is given back by `release`. */
function borrowed(count: number): { readonly numbers: Float32Array; release(): void } {
  const known = spare?.deref();
  const whole = known && known.length >= count ? known : new Float32Array(Math.max(count, BAND / 4));
  spare = undefined;
  return {
    numbers: whole.subarray(0, count).fill(0),
    release: () => {
      spare = new WeakRef(whole);
    },
  };
}

/** Bands have multiples of this many columns, so that their stored pieces begin at whole bytes and have at least 16. */
const STEP = 32;

export function* bandsOf(matrix: BlockMatrix, form: BlockForm): Iterable<ColumnBand> {
  const { N } = matrix;
  const stride = blocksOf(matrix, form) * form.block;
  const fitting = Math.max(STEP, Math.floor(BAND / (4 * Math.max(1, stride)) / STEP) * STEP);
  const { numbers, release } = borrowed(Math.min(fitting, N) * stride);
  try {
    if (matrix.isTransposed) yield* columnsInOrder(matrix, { numbers, stride, fitting });
    else
      for (let first = 0; first < N; first += fitting)
        yield bandAcross(matrix, { first, count: Math.min(fitting, N - first), stride, numbers });
  } finally {
    release();
  }
}

/** The memory of bands, the distance of their columns, and how many fit. */
interface BandMemory extends Pick<ColumnBand, 'numbers' | 'stride'> {
  readonly fitting: number;
}

/** The bands of a weight that is stored column by column: it is read once. */
function* columnsInOrder(
  { tensor, K, N }: BlockMatrix,
  { numbers: band, stride, fitting }: BandMemory,
): Iterable<ColumnBand> {
  let [first, column, row] = [0, 0, 0];
  for (const numbers of floatChunks(tensor))
    for (let from = 0; from < numbers.length; ) {
      const to = Math.min(numbers.length, from + K - row);
      band.set(numbers.subarray(from, to), (column - first) * stride + row);
      row += to - from;
      from = to;
      if (row < K) continue;
      [row, column] = [0, column + 1];
      if (column - first < fitting && column < N) continue;
      yield { first, count: column - first, stride, numbers: band };
      first = column;
    }
}

function bandAcross({ tensor, N }: BlockMatrix, band: ColumnBand): ColumnBand {
  const { first, stride, numbers: into } = band;
  const end = first + band.count;
  let [row, column] = [0, 0];
  for (const numbers of floatChunks(tensor))
    for (let from = 0; from < numbers.length; ) {
      const to = Math.min(numbers.length, from + N - column);
      const [begin, stop] = [Math.max(column, first), Math.min(column + to - from, end)];
      for (let at = begin; at < stop; at++) into[(at - first) * stride + row] = numbers[from + at - column] as number;
      column += to - from;
      from = to;
      if (column === N) [row, column] = [row + 1, 0];
    }
  return band;
}
