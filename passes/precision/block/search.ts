/**
 * Chooses scale and zero point of a block: of several ranges the one with the least squared error, its scale then the best one for the
 * levels that it gave.
 *
 * Why this way: rounding to the nearest in the whole range of a block spends levels on its largest number. Of Gaussian numbers in
 * blocks of 32, all pairs of 24 scales and 12 zero points leave 0.89 of its error, these six ranges 0.90; of Student's t with five
 * degrees of freedom 0.83 and 0.84. Two closed forms do the rest: the error of the best scale is Σw² − (Σwd)² / Σd².
 */
import { type BlockForm, levelsOf } from './form.js';
import { LEVELS, nearestCode, ZERO } from './normal-float.js';

/** The shares of a block's range that are tried. Eight bits have enough levels for the whole range. */
const RANGES = { 4: [1, 0.94, 0.88, 0.82, 0.76, 0.7], 8: [1] } as const;

/** The shares that are tried for a form. */
export const rangesOf = (form: BlockForm): readonly number[] => (form.isNearest ? [1] : RANGES[form.bits]);

/** The smallest scale that float32 holds in full precision. */
const SMALLEST = 2 ** -126;

/** The scale and zero point of a block, written by `search`. */
export interface BlockScale {
  scale: number;
  zero: number;
}

/** Searches for one form; keeps nothing between blocks. */
export class BlockSearch {
  readonly #levels: number;
  readonly #ranges: readonly number[];
  /** Σhwd and Σhd² of the last trial. */
  #product = 0;
  #square = 0;

  constructor(readonly form: BlockForm) {
    this.#levels = levelsOf(form);
    this.#ranges = rangesOf(form);
  }

  /** Writes the choice for numbers[from] to numbers[to - 1]; `weights` tell the importance of each by its place in the column. */
  search(
    numbers: Float32Array,
    from: number,
    to: number,
    weights: Float32Array | undefined,
    at: number,
    choice: BlockScale,
  ): void {
    const levels = this.#levels;
    let [low, high] = [0, 0];
    for (let i = from; i < to; i++) {
      const number = numbers[i] as number;
      if (number < low) low = number;
      if (number > high) high = number;
    }
    const middle = levels >> 1;
    const isNormal = this.form.isNormal === true;
    choice.zero = isNormal ? ZERO : middle;
    choice.scale = 1;
    const extreme = high > -low ? high : low;
    // A block of zeros, or of numbers too small to divide.
    if (Math.abs(extreme) / levels < SMALLEST) return;
    let best = 0;
    for (const share of this.#ranges) {
      let zero = choice.zero;
      let scale = isNormal ? share * Math.abs(extreme) : (share * extreme) / -middle;
      if (!this.form.isSymmetric) {
        scale = (share * (high - low)) / (levels - 1);
        zero = Math.round(this.form.isNearest ? -low / scale : (levels - 1) / 2 - (low + high) / (2 * scale));
        zero = zero < 0 ? 0 : zero >= levels ? levels - 1 : zero;
      }
      if (this.form.isNearest) {
        choice.scale = Math.fround(scale);
        choice.zero = zero;
        return;
      }
      // Once for the range, once for the scale that is best for its levels.
      for (let turn = 0; turn < 2; turn++) {
        this.#try(numbers, from, to, weights, at, scale, zero);
        if (this.#square === 0) break;
        const gain = (this.#product * this.#product) / this.#square;
        scale = this.#product / this.#square;
        if (!(Math.abs(scale) >= SMALLEST)) break;
        if (gain <= best) continue;
        best = gain;
        choice.scale = Math.fround(scale);
        choice.zero = zero;
      }
    }
  }

  #try(
    numbers: Float32Array,
    from: number,
    to: number,
    weights: Float32Array | undefined,
    at: number,
    scale: number,
    zero: number,
  ): void {
    const [low, high, inverse] = [-zero, this.#levels - 1 - zero, 1 / scale];
    const isNormal = this.form.isNormal === true;
    let [product, square] = [0, 0];
    for (let i = from, k = at; i < to; i++, k++) {
      const number = numbers[i] as number;
      let level = Math.floor(number * inverse + 0.5);
      level = level < low ? low : level > high ? high : level;
      if (isNormal) level = LEVELS[nearestCode(number * inverse)] as number;
      const weighted = weights === undefined ? level : level * (weights[k] as number);
      product += weighted * number;
      square += weighted * level;
    }
    this.#product = product;
    this.#square = square;
  }
}
