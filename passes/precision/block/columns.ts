/** Quantizes columns with the kernels: `ColumnQuantizer`, eight columns at a time, to the same bits. */
import { type Kernels, kernels } from '../../../src/ir/kernels/module.js';
import type { ColumnBand } from './bands.js';
import { type Feedback, MeanFeedback, TriangleFeedback } from './feedback.js';
import { type BlockForm, type BlockMatrix, blocksOf, levelsOf } from './form.js';
import { rangesOf } from './search.js';

/** Columns that a call of the kernel takes. */
export const TILE = 8;

const [NONE, MEAN, TRIANGLE] = [0, 1, 2];

let shared: Kernels | undefined | false;
/** Whose numbers the shared memory holds: the places of a kernel, which hold no weight alive. */
let owner: object | undefined;

/** The columns of one weight in one form. */
export class ColumnKernel {
  readonly #blocks: number;
  #places: ReturnType<ColumnKernel['place']> | undefined;

  private constructor(
    readonly kernels: Kernels,
    readonly matrix: BlockMatrix,
    readonly form: BlockForm,
    readonly feedback: Feedback | undefined,
    readonly weights: Float32Array | undefined,
  ) {
    this.#blocks = blocksOf(matrix, form);
  }

  /** Undefined where there is no kernel for it. `feedback` is also what the energy of errors is asked by. */
  static of(
    matrix: BlockMatrix,
    form: BlockForm,
    feedback: Feedback | undefined,
    weights: Float32Array | undefined,
  ): ColumnKernel | undefined {
    shared ??= kernels() ?? false;
    const isKnown = !feedback || feedback instanceof TriangleFeedback || feedback instanceof MeanFeedback;
    return shared && isKnown && !form.isNormal ? new ColumnKernel(shared, matrix, form, feedback, weights) : undefined;
  }

  /** Lays the memory out, and puts into it what all columns have in common. */
  private place() {
    const { kernels, matrix, form, feedback, weights } = this;
    const { K } = matrix;
    const rows = this.#blocks * form.block;
    kernels.clear();
    const [first, second] =
      feedback instanceof TriangleFeedback
        ? [feedback.rows, feedback.importance]
        : feedback instanceof MeanFeedback
          ? [feedback.means, feedback.shares]
          : [];
    const ranges = rangesOf(form);
    const places = {
      ranges: kernels.reserve(4 * ranges.length),
      importance: kernels.reserve(4 * K),
      first: kernels.reserve(4 * (first?.length ?? 0)),
      second: kernels.reserve(4 * (second?.length ?? 0)),
      columns: kernels.reserve(4 * TILE * rows),
      numbers: kernels.reserve(4 * TILE * rows),
      errors: kernels.reserve(4 * TILE * rows),
      sums: kernels.reserve(4 * TILE * (K + 1)),
      codes: kernels.reserve(TILE * rows),
      packed: kernels.reserve(TILE * rows),
      scales: kernels.reserve(4 * TILE * this.#blocks),
      zeros: kernels.reserve(4 * TILE * this.#blocks),
      scratch: kernels.reserve(64 * form.block),
    };
    kernels.floats(places.ranges, ranges.length).set(ranges);
    const importance = kernels.floats(places.importance, K);
    if (weights) importance.set(weights);
    else importance.fill(1);
    if (first) kernels.floats(places.first, first.length).set(first);
    if (second) kernels.floats(places.second, second.length).set(second);
    owner = places;
    return places;
  }

  /** Quantizes a tile of a band; what it made is read with the other methods, before the next call. */
  quantize({ stride, numbers, count }: ColumnBand, column: number): void {
    if (!this.#places || owner !== this.#places) this.#places = this.place();
    const { kernels, matrix, form } = this;
    const { K } = matrix;
    const p = this.#places;
    const columns = kernels.floats(p.columns, TILE * stride);
    const own = numbers.subarray(column * stride, Math.min(column + TILE, count) * stride);
    columns.set(own);
    columns.fill(0, own.length);
    kernels.run.turnColumns(p.columns, stride, p.numbers);
    kernels.run.quantizeColumns(
      K,
      form.block,
      levelsOf(form),
      Number(form.isSymmetric),
      Number(form.isNearest === true),
      p.ranges,
      rangesOf(form).length,
      p.numbers,
      p.importance,
      form.isNearest ? NONE : this.#kind,
      p.first,
      p.second,
      p.errors,
      p.sums,
      p.codes,
      p.scales,
      p.zeros,
      p.scratch,
    );
  }

  get #kind(): number {
    const { feedback } = this;
    return feedback instanceof TriangleFeedback ? TRIANGLE : feedback ? MEAN : NONE;
  }

  get #made() {
    if (!this.#places || owner !== this.#places)
      throw new TypeError('columns: expected the kernel that quantized last');
    return this.#places;
  }

  /** The packed codes of the tile's columns, one after another. */
  get codes(): Uint8Array {
    const { packed, codes } = this.#made;
    const rows = this.#blocks * this.form.block;
    this.kernels.run.packCodes(codes, rows, this.form.bits, packed);
    return this.kernels.bytes(packed, (TILE * rows * this.form.bits) / 8);
  }

  /** Scales by block, of each the tile's columns. */
  get scales(): Float32Array {
    return this.kernels.floats(this.#made.scales, TILE * this.#blocks);
  }

  get zeros(): Float32Array {
    return this.kernels.floats(this.#made.zeros, TILE * this.#blocks);
  }

  /** Errors by number, of each the tile's columns. */
  get errors(): Float32Array {
    return this.kernels.floats(this.#made.errors, TILE * this.matrix.K);
  }

  /** The energy of the errors of each column; undefined where feedback is no triangle. */
  get energies(): Float32Array | undefined {
    if (!(this.feedback instanceof TriangleFeedback)) return undefined;
    const { first, second, errors, scratch } = this.#made;
    this.kernels.run.triangleEnergy(first, second, errors, this.matrix.K, scratch, scratch + 64);
    return this.kernels.floats(scratch, TILE);
  }
}
