/** Rows of an int8 weight whose columns are those of its product, by the kernels: the same scales and bytes as in JavaScript. */
import { type Kernels, kernels } from '../../../src/ir/kernels/module.js';
import { PAIR_LIMIT } from '../../../src/run/target-cpu.js';
import type { Visit } from '../quantize.js';
import { ALONE, type Exceed, type ProductWeight } from './sizes.js';

/** Kernels that no walk uses. A weight that is computed as it is read may be walked over within a walk. */
const idle: Kernels[] = [];

/** Walks over one weight, whose state is in kernels that are its own until it is done. */
export class RowKernel {
  readonly #numbers: number;
  readonly #firsts: number;
  readonly #floats: number;
  readonly #scales: number;
  readonly #doubles: number;
  readonly #list: number;
  /** The sum of the squares of all numbers. */
  total = 0;

  private constructor(
    readonly kernels: Kernels,
    readonly columns: number,
    readonly isPaired: boolean,
  ) {
    kernels.clear();
    const reserve = (size: number): number => kernels.reserve(size * columns);
    [this.#numbers, this.#firsts, this.#floats, this.#scales] = [reserve(4), reserve(4), reserve(4), reserve(4)];
    [this.#doubles, this.#list] = [reserve(8), reserve(16)];
  }

  /** Undefined where there is no kernel for it. Pieces of rows with an odd number of columns are no pairs of columns. */
  static of({ matrix, isTransposed, isPaired }: ProductWeight): RowKernel | undefined {
    const { tensor, columns } = matrix;
    if (isTransposed || columns % 2 !== 0 || !['float32', 'bfloat16'].includes(tensor.type)) return undefined;
    const own = idle.pop() ?? kernels();
    return own && new RowKernel(own, columns, isPaired);
  }

  /** Gives the kernels back. */
  done(): void {
    idle.push(this.kernels);
  }

  /** The visit that finds the largest size of each column, and what reads them. */
  largest(): { readonly visit: Visit; readonly sizes: () => Float32Array } {
    const { run } = this.kernels;
    this.#put(this.#floats, new Float32Array(this.columns));
    return {
      visit: (numbers, from, to, row, column) => {
        const firsts = this.#row(numbers, from, to, row, column);
        run.growSizes(this.#numbers, firsts, this.#floats + 4 * column, to - from, ALONE);
      },
      sizes: () => this.kernels.floats(this.#floats, this.columns).slice(),
    };
  }

  /** The visit that adds up rounding errors, tells sizes beyond their limits, and what reads the squares of the errors. */
  errors(scales: Float32Array, limits: Float32Array, exceed: Exceed) {
    const { run } = this.kernels;
    this.#put(this.#scales, scales);
    this.#put(this.#floats, limits);
    this.kernels.doubles(this.#doubles, this.columns).fill(0);
    const visit: Visit = (numbers, from, to, row, column) => {
      const [firsts, count] = [this.#row(numbers, from, to, row, column), to - from];
      const place = 4 * column;
      this.total += run.roundingErrors(this.#numbers, this.#scales + place, this.#doubles + 2 * place, count);
      const found = run.sizesBeyond(this.#numbers, firsts, this.#floats + place, count, ALONE, this.#list);
      if (found === 0) return;
      const list = this.kernels.doubles(this.#list, 2 * found);
      for (let at = 0; at < list.length; at += 2) exceed(column + (list[at] as number), list[at + 1] as number);
    };
    return { visit, squares: () => this.kernels.doubles(this.#doubles, this.columns).slice() };
  }

  /** The visit that rounds rows `start` to `end` − 1 into a band, with the errors of the columns so far; `finish` takes both out. */
  bytes(scales: Float32Array, errors: Float64Array, band: Int8Array, [start, end]: readonly [number, number]) {
    const { run } = this.kernels;
    const place = this.kernels.free(band.length);
    this.#put(this.#scales, scales);
    this.kernels.doubles(this.#doubles, this.columns).set(errors);
    const visit: Visit = (numbers, from, to, row, column) => {
      if (row < start || row >= end) return;
      this.#put(this.#numbers, numbers.subarray(from, to) as Float32Array);
      const out = place + (row - start) * this.columns + column;
      const above = this.isPaired && (row & 1) === 1 ? out - this.columns : 0;
      const [own, sums] = [this.#scales + 4 * column, this.#doubles + 8 * column];
      run.roundBytes(this.#numbers, own, sums, to - from, out, above, PAIR_LIMIT);
    };
    const finish = (): void => {
      band.set(this.kernels.signed(place, band.length));
      errors.set(this.kernels.doubles(this.#doubles, this.columns));
    };
    return { visit, finish };
  }

  #put(address: number, numbers: Float32Array): void {
    this.kernels.floats(address, numbers.length).set(numbers);
  }

  /** Puts a piece of a row in its place, and gives that of the row before where the two are a pair; else 0. */
  #row(numbers: Float32Array | Float64Array, from: number, to: number, row: number, column: number): number {
    const own = numbers.subarray(from, to) as Float32Array;
    this.#put(this.#numbers, own);
    if (!this.isPaired) return 0;
    const firsts = this.#firsts + 4 * column;
    if ((row & 1) === 1) return firsts;
    this.#put(firsts, own);
    return 0;
  }
}
