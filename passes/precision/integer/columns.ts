/**
 * Chooses the scales of an int8 weight, one for each column of the product: the least scale that holds the largest weight, or pair, of the column, or one
 * that is some percent smaller, where finer steps gain more than the cut-off numbers lose.
 */
import { divided, nearest, scan, type Visit } from '../quantize.js';
import { RowKernel } from './row-kernel.js';
import { LARGEST_SIZE, type ProductWeight, sizesBeyond } from './sizes.js';

export interface ColumnScales {
  readonly scales: Float32Array;
  /** Relative change of the weight: the norm of the difference over the norm. */
  readonly error: number;
}

/** The scales that are tried, as shares of the one that cuts nothing off. Smaller ones never gain in 8 bits. */
const SHARES = [1, 0.99, 0.98, 0.97, 0.96, 0.94, 0.92, 0.9] as const;
const LEAST = 0.9;

/** Undefined where a number is not finite. Reads the weight twice; memory is a few numbers a column. */
export function columnScalesOf(weight: ProductWeight, withKernels = true): ColumnScales | undefined {
  const kernel = withKernels ? RowKernel.of(weight) : undefined;
  const found = chosenScales(weight, kernel);
  kernel?.done();
  return found;
}

function chosenScales(weight: ProductWeight, kernel: RowKernel | undefined): ColumnScales | undefined {
  const sizes = largestSizes(weight, kernel);
  if (!sizes.every((size) => size < Number.POSITIVE_INFINITY)) return undefined;
  const cut = new CutErrors(sizes, weight.isPaired);
  const rounded = roundingErrors(weight, divided(sizes.slice(), LARGEST_SIZE), cut, kernel);
  let difference = 0;
  for (let column = 0; column < sizes.length; column++) {
    let [share, least] = [1, Number.POSITIVE_INFINITY];
    SHARES.forEach((one, at) => {
      const error = (rounded.squares[column] as number) * one * one + cut.at(column, at);
      if (error < least) [share, least] = [one, error];
    });
    sizes[column] = (sizes[column] as number) * share;
    difference += least;
  }
  const { total } = rounded;
  return { scales: divided(sizes, LARGEST_SIZE), error: total === 0 ? 0 : Math.sqrt(difference / total) };
}

/** The largest size of each column; infinite where a number is not finite. */
function largestSizes(weight: ProductWeight, kernel: RowKernel | undefined): Float32Array {
  if (kernel) return kernel.sizes();
  const sizes = new Float32Array(weight.matrix.groups);
  const grow = (column: number, size: number): void => {
    sizes[column] = size < Number.POSITIVE_INFINITY ? size : Number.POSITIVE_INFINITY;
  };
  scan(weight.matrix, sizesBeyond(weight, sizes, grow));
  return sizes;
}

function roundingErrors(
  weight: ProductWeight,
  scales: Float32Array,
  cut: CutErrors,
  kernel: RowKernel | undefined,
): Pick<RoundingErrors, 'squares' | 'total'> {
  if (kernel) {
    const { squares, costs, total } = kernel.errors(scales, cut.sizes, cut.limits, SHARES);
    cut.costs.set(costs);
    return { squares, total };
  }
  const rounded = new RoundingErrors(scales);
  const round = weight.isTransposed ? rounded.along : rounded.across;
  const beyond = sizesBeyond(weight, cut.limits, cut.add);
  scan(weight.matrix, (numbers, from, to, row, column) => {
    round(numbers, from, to, row, column);
    beyond(numbers, from, to, row, column);
  });
  return rounded;
}

/** The squared rounding error of each column, and the squared norm of the weight. */
class RoundingErrors {
  readonly squares: Float64Array;
  total = 0;

  constructor(readonly scales: Float32Array) {
    this.squares = new Float64Array(scales.length);
  }

  /** Rows of neighbouring columns. */
  readonly across: Visit = (numbers, from, to, _row, column) => {
    const own = numbers.subarray(from, to);
    const scales = this.scales.subarray(column, column + own.length);
    const squares = this.squares.subarray(column, column + own.length);
    let sum = 0;
    for (let i = 0; i < own.length; i++) {
      const value = own[i] as number;
      const scale = scales[i] as number;
      const error = value - nearest(value / scale) * scale;
      squares[i] = (squares[i] as number) + error * error;
      sum += value * value;
    }
    this.total += sum;
  };

  /** Rows that are columns of the product. */
  readonly along: Visit = (numbers, from, to, row) => {
    const scale = this.scales[row] as number;
    let [sum, own] = [0, 0];
    for (let i = from; i < to; i++) {
      const value = numbers[i] as number;
      const error = value - nearest(value / scale) * scale;
      own += error * error;
      sum += value * value;
    }
    this.squares[row] = (this.squares[row] as number) + own;
    this.total += sum;
  };
}

/** The squared error of the cut-off numbers, by share and column; both numbers of a pair lose half. */
class CutErrors {
  readonly limits: Float32Array;
  readonly costs: Float64Array;

  constructor(
    readonly sizes: Float32Array,
    readonly isPaired: boolean,
  ) {
    this.limits = sizes.map((size) => size * LEAST);
    this.costs = new Float64Array(sizes.length * SHARES.length);
  }

  readonly add = (column: number, size: number): void => {
    const part = this.isPaired ? 0.5 : 1;
    for (let at = SHARES.length - 1; at > 0; at--) {
      const excess = size - (this.sizes[column] as number) * (SHARES[at] as number);
      if (excess <= 0) return;
      const place = column * SHARES.length + at;
      this.costs[place] = (this.costs[place] as number) + part * excess * excess;
    }
  };

  at(column: number, share: number): number {
    return this.costs[column * SHARES.length + share] as number;
  }
}
