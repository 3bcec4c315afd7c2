/** Quantizes a weight in blocks: levels, scales and zero points of all columns, in the layout of MatMulNBits and GatherBlockQuantized. */
import { bandsOf, type ColumnBand } from './bands.js';
import { ColumnKernel, TILE } from './columns.js';
import { energyOf } from './feedback.js';
import { type BlockForm, type BlockMatrix, blocksOf, codeBytes, levelsOf, zeroBytes } from './form.js';
import type { Importance } from './importance.js';
import { LEVELS, nearestCode } from './normal-float.js';
import { type BlockScale, BlockSearch, within } from './search.js';

const float = Math.fround;

/** Columns as they are stored. */
export interface QuantizedBand {
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
  readonly zeros: Uint8Array;
}

/** How far columns are from the weight. */
export interface ColumnErrors {
  /** Σh(w − q)² and Σhw² over the columns, h the mean of x². */
  readonly error: number;
  readonly total: number;
  /** The mean square of the change in the products, as far as activations are known. */
  readonly energy: number;
}

/** The columns of a weight, band by band. */
export function* quantizedBands(
  matrix: BlockMatrix,
  form: BlockForm,
  importance?: Importance,
): Iterable<QuantizedBand> {
  const columns = new ColumnQuantizer(matrix, form, importance);
  for (const band of bandsOf(matrix, form)) yield columns.quantize(band);
}

/** The errors of one band. */
export const errorsOf = (
  matrix: BlockMatrix,
  form: BlockForm,
  importance: Importance | undefined,
  band: ColumnBand,
): ColumnErrors => new ColumnQuantizer(matrix, form, importance).errors(band);

/** `withKernels`: where the host has them. The results are the same. */
export class ColumnQuantizer {
  readonly #search: BlockSearch;
  readonly #weights: Float32Array | undefined;
  readonly #errors: Float32Array;
  readonly #shifted: Float32Array;
  readonly #choice: BlockScale = { scale: 1, zero: 0 };
  readonly #kernel: ColumnKernel | undefined;

  constructor(
    readonly matrix: BlockMatrix,
    readonly form: BlockForm,
    readonly importance: Importance | undefined,
    withKernels = true,
  ) {
    const stride = blocksOf(matrix, form) * form.block;
    this.#search = new BlockSearch(form);
    this.#errors = new Float32Array(stride);
    this.#shifted = new Float32Array(form.block);
    this.#weights = importance && weightsOf(importance.feedback.importance);
    this.#kernel = withKernels ? ColumnKernel.of(matrix, form, importance?.feedback, this.#weights) : undefined;
  }

  quantize(band: ColumnBand): QuantizedBand {
    const { matrix, form } = this;
    const { count, stride, numbers } = band;
    const blocks = blocksOf(matrix, form);
    const made = {
      codes: new Uint8Array(count * codeBytes(matrix, form)),
      scales: new Float32Array(count * blocks),
      zeros: new Uint8Array(form.isSymmetric ? 0 : count * zeroBytes(matrix, form)),
    };
    if (this.#kernel) this.#tiles(this.#kernel, band, made);
    else
      for (let column = 0; column < count; column++)
        for (let block = 0; block < blocks; block++) this.#block(numbers, column * stride, column, block, made);
    return made;
  }

  /** The same by the kernel. */
  #tiles(kernel: ColumnKernel, band: ColumnBand, made: QuantizedBand): void {
    const { matrix, form } = this;
    const [blocks, size, zeroSize] = [blocksOf(matrix, form), codeBytes(matrix, form), zeroBytes(matrix, form)];
    for (let first = 0; first < band.count; first += TILE) {
      kernel.quantize(band, first);
      const { codes, scales, zeros } = kernel;
      const columns = Math.min(TILE, band.count - first);
      made.codes.set(codes.subarray(0, columns * size), first * size);
      for (let lane = 0; lane < columns; lane++)
        for (let block = 0; block < blocks; block++) {
          made.scales[(first + lane) * blocks + block] = scales[block * TILE + lane] as number;
          if (!form.isSymmetric)
            put(made.zeros, (first + lane) * zeroSize, block, zeros[block * TILE + lane] as number, form.bits);
        }
    }
  }

  errors(band: ColumnBand): ColumnErrors {
    const { matrix, importance } = this;
    const { count, stride, numbers } = band;
    let [error, total, energy] = [0, 0, 0];
    let energies: Float32Array | undefined;
    for (let column = 0; column < count; column++) {
      const own = numbers.subarray(column * stride, (column + 1) * stride);
      const errors = this.#errors;
      if (this.#kernel) {
        if (column % TILE === 0) {
          this.#kernel.quantize(band, column);
          energies = this.#kernel.energies;
        }
        const tile = this.#kernel.errors;
        for (let k = 0, at = column % TILE; k < matrix.K; k++, at += TILE) errors[k] = tile[at] as number;
      } else this.quantize({ first: 0, count: 1, stride, numbers: own });
      let change = 0;
      for (let k = 0; k < matrix.K; k++) {
        const h = importance ? (importance.meanSquares[k] as number) : 1;
        change += h * (errors[k] as number) ** 2;
        total += h * (own[k] as number) ** 2;
      }
      error += change;
      energy += energies?.[column % TILE] ?? (importance ? energyOf(importance.feedback, errors) : change);
    }
    return { error, total, energy };
  }

  /** Chooses and rounds one block of a column; its errors stay for the blocks behind it. */
  #block(numbers: Float32Array, base: number, column: number, block: number, made: QuantizedBand): void {
    const { matrix, form } = this;
    const feedback = form.isNearest ? undefined : this.importance?.feedback;
    const [errors, choice] = [this.#errors, this.#choice];
    const [start, blocks] = [block * form.block, blocksOf(matrix, form)];
    const end = Math.min(start + form.block, matrix.K);
    const at = base + start;
    let source = numbers;
    let from = at;
    if (feedback && start > 0) {
      [source, from] = [this.#shifted.fill(0), 0];
      for (let k = start; k < end; k++)
        if (numbers[at + k - start] !== 0)
          source[k - start] = (numbers[at + k - start] as number) + feedback.carried(errors, k, 0, start);
    }
    this.#search.search(source, from, from + end - start, this.#weights, start, choice);
    const { scale, zero } = choice;
    made.scales[column * blocks + block] = scale;
    if (!form.isSymmetric) put(made.zeros, column * zeroBytes(matrix, form), block, zero, form.bits);
    const [last, inverse, place] = [levelsOf(form) - 1 - zero, float(1 / scale), column * codeBytes(matrix, form)];
    const swap = form.isNormal ? 1 : 0;
    for (let i = 0; i < form.block; i++) {
      const k = start + i;
      let code = zero;
      if (k < end) {
        const exact = numbers[at + i] as number;
        // What is zero stays zero: a filter's band, a mask, padding.
        const more = feedback?.carried(errors, k, start, k) ?? 0;
        const target = exact === 0 ? 0 : float((source[from + i] as number) + more);
        const near = float(target * inverse);
        code = form.isNormal ? nearestCode(near) : within(near, -zero, last) + zero;
        const level = form.isNormal ? (LEVELS[code] as number) : code - zero;
        const error = float(exact - float(level * scale));
        errors[k] = error;
        feedback?.took(k, error);
      }
      // MatMulBnb4 has the first number in the upper half of a byte.
      put(made.codes, place, (start + i) ^ swap, code, form.bits);
    }
  }
}

/** Writes a number of four or eight bits, the lower half of a byte first. */
function put(bytes: Uint8Array, base: number, index: number, value: number, bits: 4 | 8): void {
  if (bits === 8) bytes[base + index] = value;
  else bytes[base + (index >> 1)] = (bytes[base + (index >> 1)] as number) | (value << ((index & 1) * 4));
}

/** Weights of mean one, none of them zero: a number that the data never used has some weight still. */
function weightsOf(squares: Float32Array): Float32Array {
  const mean = squares.reduce((sum, one) => sum + one, 0) / squares.length;
  return mean > 0 ? squares.map((one) => one / mean + 1e-3) : squares.map(() => 1);
}
