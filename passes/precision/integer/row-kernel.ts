/** Rows of an int8 weight whose columns are those of its product, by the kernels: the same scales and bytes as in JavaScript. */
import { giveBack, type Kernels, takeKernels } from '../../../src/ir/kernels/module.js';
import { PAIR_LIMIT } from '../../../src/run/target-cpu.js';
import { rowBlocks } from '../quantize.js';
import { ALONE, type ProductWeight } from './sizes.js';

/** About so many numbers are read and looked at while they are in the cache. */
const BLOCK = 1 << 16;

/** Blocks have a multiple of so many rows: a pair is never in two, and the bytes of each but the last are a multiple of 16. */
const ROWS = 16;

/** Reads a weight some times, with its state in kernels that are its own until it is done. */
export class RowKernel {
  readonly #height: number;
  readonly #numbers: number;
  readonly #isPaired: number;

  private constructor(
    readonly kernels: Kernels,
    readonly weight: ProductWeight,
  ) {
    const { rows, columns } = weight.matrix;
    this.#height = Math.min(rows, Math.max(1, Math.floor(BLOCK / columns / ROWS)) * ROWS);
    this.#isPaired = Number(weight.isPaired);
    this.#numbers = kernels.reserve(4 * this.#height * columns);
  }

  /** Undefined where there is no kernel for it. Pieces of rows with an odd number of columns are no pairs of columns. */
  static of(weight: ProductWeight): RowKernel | undefined {
    const { tensor, columns } = weight.matrix;
    if (weight.isTransposed || columns % 2 !== 0 || columns === 0) return undefined;
    if (!['float32', 'bfloat16'].includes(tensor.type)) return undefined;
    const own = takeKernels();
    return own && new RowKernel(own, weight);
  }

  /** Gives the kernels back. */
  done(): void {
    giveBack(this.kernels);
  }

  /** The largest size of each column. */
  sizes(): Float32Array {
    const { columns } = this.weight.matrix;
    const sizes = this.#put(new Float32Array(columns));
    for (const [, count] of this.#blocks())
      this.kernels.run.growSizes(this.#numbers, count, columns, this.#isPaired, sizes, ALONE);
    return this.kernels.floats(sizes, columns).slice();
  }

  /**
   * The squared rounding error of each column, the squared norm of the weight, and what each share of its size as the largest would cut off a column, shares
   * after shares; only sizes beyond a column's limit are cut.
   */
  errors(scales: Float32Array, sizes: Float32Array, limits: Float32Array, shares: readonly number[]) {
    const { columns } = this.weight.matrix;
    const [wide, squares] = [this.#put(Float64Array.from(scales)), this.#put(new Float64Array(columns))];
    const inverses = this.#put(scales.map((scale) => 1 / scale));
    const [most, limit] = [this.#put(sizes), this.#put(limits)];
    const [costs, share] = [this.#put(new Float64Array(columns * shares.length)), this.#put(Float64Array.from(shares))];
    let total = 0;
    for (const [, count] of this.#blocks())
      total += this.kernels.run.roundingErrors(
        ...[this.#numbers, count, columns, this.#isPaired, wide, inverses, squares],
        ...([most, limit, costs, share, ALONE] as const),
      );
    const doubles = (address: number, length: number) => this.kernels.doubles(address, length).slice();
    return { squares: doubles(squares, columns), costs: doubles(costs, columns * shares.length), total };
  }

  /** The bytes in order, each piece valid until the next. */
  *bytes(scales: Float32Array): Iterable<Uint8Array> {
    const { columns } = this.weight.matrix;
    const [wide, errors] = [this.#put(Float64Array.from(scales)), this.#put(new Float64Array(columns))];
    const out = this.kernels.reserve(this.#height * columns);
    for (const [, count] of this.#blocks()) {
      this.kernels.run.roundRows(
        ...[this.#numbers, count, columns, this.#isPaired, wide, errors],
        ...([out, PAIR_LIMIT] as const),
      );
      yield this.kernels.bytes(out, count * columns);
    }
  }

  #blocks(): Iterable<readonly [row: number, count: number]> {
    const count = this.#height * this.weight.matrix.columns;
    return rowBlocks(this.weight.matrix, this.#height, () => this.kernels.floats(this.#numbers, count));
  }

  #put(numbers: Float32Array | Float64Array): number {
    const address = this.kernels.reserve(numbers.byteLength);
    if (numbers instanceof Float32Array) this.kernels.floats(address, numbers.length).set(numbers);
    else this.kernels.doubles(address, numbers.length).set(numbers);
    return address;
  }
}
