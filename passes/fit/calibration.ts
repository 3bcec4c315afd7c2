/** Corrects predicted errors by what whole mixes came out at: roundings are not quite independent, and outputs do not go on growing with them. */
import { noiseOf, seenOf } from './bounded.js';

interface Point {
  readonly predicted: number;
  readonly measured: number;
}

export class Calibration {
  #points: readonly Point[] = [];

  add(noise: number, error: number): void {
    if (!(noise > 0 && error > 0)) return;
    const others = this.#points.filter(({ predicted }) => predicted !== noise);
    this.#points = [...others, { predicted: noise, measured: noiseOf(error) }].sort(
      (a, b) => a.predicted - b.predicted,
    );
  }

  /** The error that is seen of so much noise. */
  errorOf(noise: number): number {
    return seenOf(this.#corrected(noise));
  }

  /** Between two mixes by a power of what was predicted, beyond them by the factor of the nearest. */
  #corrected(predicted: number): number {
    const above = this.#points.findIndex((point) => point.predicted >= predicted);
    const [low, high] = [this.#points.at(above < 0 ? -1 : above - 1), this.#points[above]];
    const nearest = above < 0 ? low : above === 0 ? high : undefined;
    if (nearest) return (predicted * nearest.measured) / nearest.predicted;
    if (!low || !high || predicted === 0) return predicted;
    const share = Math.log(predicted / low.predicted) / Math.log(high.predicted / low.predicted);
    return low.measured * (high.measured / low.measured) ** share;
  }

  /** The noise that gives this error. */
  noiseFor(error: number): number {
    let [low, high] = [error * 1e-4, error * 1e4];
    for (let step = 0; step < STEPS; step++) {
      const middle = Math.sqrt(low * high);
      if (this.errorOf(middle) <= error) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** Halves eight powers of ten down to a hundredth of a percent. */
const STEPS = 18;
