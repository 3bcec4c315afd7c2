/**
 * Chooses scale and zero point of a block: of several ranges the one with the least squared error, its scale then the best one for the
 * levels that it gave.
 *
 * Why this way: rounding to the nearest in the whole range of a block spends levels on its largest number. Of Gaussian numbers in
 * blocks of 32, all pairs of 24 scales and 12 zero points leave 0.89 of its error, these six ranges 0.90; of Student's t with five
 * degrees of freedom 0.83 and 0.84. Two closed forms do the rest: the error of the best scale for levels l is Σw² − (Σwl)² / Σl². It is computed
 * with w over the trial's scale, so that no square leaves float32.
 */
import { type BlockForm, levelsOf } from './form.js';
import { LEVELS, nearestCode, ZERO } from './normal-float.js';

/** The shares of a block's range that are tried. Eight bits have enough levels for the whole range. */
const RANGES = { 4: [1, 0.94, 0.88, 0.82, 0.76, 0.7], 8: [1] } as const;

/** The shares that are tried for a form. */
export const rangesOf = (form: BlockForm): readonly number[] => (form.isNearest ? [1] : RANGES[form.bits]);

/** The smallest scale that float32 holds in full precision. */
const SMALLEST = 2 ** -126;

const float = Math.fround;

/** A float32 number this large has no place for halves: adding it rounds to the nearest whole number, of two to the even one. */
const WHOLE = 3 * 2 ** 22;

/** The nearest whole number between two limits. */
export function within(number: number, low: number, high: number): number {
  const near = float(float(number + WHOLE) - WHOLE);
  return near < low ? low : near > high ? high : near;
}

/** The scale and zero point of a block, written by `search`. */
export interface BlockScale {
  scale: number;
  zero: number;
}

/** Searches for one form; keeps nothing between blocks. All its numbers are float32. */
export class BlockSearch {
  readonly #levels: number;
  readonly #ranges: readonly number[];
  /** Σhlt and Σhl² of the last trial: t a number over the scale, l its level. */
  #product = 0;
  #square = 0;

  constructor(readonly form: BlockForm) {
    this.#levels = levelsOf(form);
    this.#ranges = rangesOf(form).map(float);
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
    let [low, high] = [0, 0];
    for (let i = from; i < to; i++) {
      const number = numbers[i] as number;
      if (number < low) low = number;
      if (number > high) high = number;
    }
    const { isSymmetric, isNearest, isNormal } = this.form;
    const [middle, last] = [this.#levels >> 1, this.#levels - 1];
    choice.zero = isNormal ? ZERO : middle;
    choice.scale = 1;
    const extreme = high > -low ? high : low;
    // A block of zeros, or of numbers too small to divide.
    if (float(Math.abs(extreme) / this.#levels) < SMALLEST) return;
    const whole = isNormal
      ? Math.abs(extreme)
      : isSymmetric
        ? float(extreme / -middle)
        : float(float(high / last) - float(low / last));
    let [best, ratio, point] = [0, 0, choice.zero];
    for (const share of this.#ranges) {
      const scale = float(share * whole);
      const zero = isSymmetric ? choice.zero : within(this.#place(low, high, scale), 0, last);
      if (isNearest) {
        choice.scale = scale;
        choice.zero = zero;
        return;
      }
      this.#try(numbers, from, to, weights, at, scale, zero);
      const found = float(share * float(this.#product / this.#square));
      const gain = float(float(share * this.#product) * found);
      if (!(gain > best && Math.abs(float(found * whole)) >= SMALLEST)) continue;
      [best, ratio, point] = [gain, found, zero];
    }
    if (best === 0) return;
    // Once more for the levels that the best scale gives.
    choice.scale = float(ratio * whole);
    choice.zero = point;
    this.#try(numbers, from, to, weights, at, choice.scale, point);
    const found = float(ratio * float(this.#product / this.#square));
    const gain = float(float(ratio * this.#product) * found);
    const other = float(found * whole);
    if (gain > best && Math.abs(other) >= SMALLEST) choice.scale = other;
  }

  /** Where zero is among the levels. */
  #place(low: number, high: number, scale: number): number {
    if (this.form.isNearest) return float(-low / scale);
    return float((this.#levels - 1) / 2 - float(float(low + high) / float(2 * scale)));
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
    const [low, high, inverse] = [-zero, this.#levels - 1 - zero, float(1 / scale)];
    const isNormal = this.form.isNormal === true;
    let [product, square] = [0, 0];
    for (let i = from, k = at; i < to; i++, k++) {
      const place = float((numbers[i] as number) * inverse);
      const level = isNormal ? (LEVELS[nearestCode(place)] as number) : within(place, low, high);
      const weighted = weights === undefined ? level : float(level * (weights[k] as number));
      product = float(product + float(weighted * place));
      square = float(square + float(weighted * level));
    }
    this.#product = product;
    this.#square = square;
  }
}
