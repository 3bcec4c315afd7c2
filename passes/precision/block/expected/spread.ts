/**
 * How the numbers of each channel are spread: quantiles, pushed through whatever is done to each number by itself. Sums of many numbers are normal,
 * and known by mean and deviation alone.
 */

/** Quantiles of a normal number, each for a sixteenth: of mean 0 and, divided so, of deviation 1. */
const HALF = [0.0784, 0.2372, 0.4023, 0.5791, 0.7764, 1.01, 1.318, 1.8627];
const DEVIATION = Math.sqrt(HALF.reduce((sum, z) => sum + z * z, 0) / HALF.length);
const NORMAL = [...HALF.map((z) => -z / DEVIATION).reverse(), ...HALF.map((z) => z / DEVIATION)];
const COUNT = NORMAL.length;

export class Spread {
  private constructor(
    /** What it is a function of: those of one origin rise and fall together, others have nothing in common. */
    readonly origin: object,
    /** The quantiles of each channel, one channel after another. */
    readonly quantiles: Float64Array,
  ) {}

  static normal(means: ArrayLike<number>, variances: ArrayLike<number>): Spread {
    const quantiles = new Float64Array(means.length * COUNT);
    for (let k = 0; k < means.length; k++) {
      const deviation = Math.sqrt(Math.max(0, variances[k] as number));
      for (const [at, z] of NORMAL.entries()) quantiles[k * COUNT + at] = (means[k] as number) + z * deviation;
    }
    return new Spread({}, quantiles);
  }

  get channels(): number {
    return this.quantiles.length / COUNT;
  }

  get means(): Float32Array {
    return this.#mean((number) => number);
  }

  get variances(): Float32Array {
    const { means } = this;
    return this.#mean((number) => number * number).map((square, k) => Math.max(0, square - (means[k] as number) ** 2));
  }

  /** f of each number and its channel. */
  map(f: (number: number, channel: number) => number): Spread {
    return new Spread(
      this.origin,
      this.quantiles.map((number, at) => f(number, Math.floor(at / COUNT))),
    );
  }

  /** The sum or product of two numbers. */
  with(other: Spread, op: 'Add' | 'Sub' | 'Mul'): Spread {
    if (op === 'Sub')
      return this.with(
        other.map((number) => -number),
        'Add',
      );
    if (this.origin === other.origin) {
      const numbers = other.quantiles;
      const both = this.quantiles.map((a, at) =>
        op === 'Add' ? a + (numbers[at] as number) : a * (numbers[at] as number),
      );
      return new Spread(this.origin, both);
    }
    const [a, b] = [this, other].map(({ means, variances }) => ({ means, variances })) as [Moments, Moments];
    if (op === 'Add') return Spread.normal(each(a.means, b.means, sum), each(a.variances, b.variances, sum));
    const squares = each(squaresOf(a), squaresOf(b), product);
    const means = each(a.means, b.means, product);
    return Spread.normal(
      means,
      each(squares, means, (square, mean) => square - mean * mean),
    );
  }

  #mean(f: (number: number) => number): Float32Array {
    return Float32Array.from({ length: this.channels }, (_, k) => {
      let sum = 0;
      for (let at = k * COUNT; at < (k + 1) * COUNT; at++) sum += f(this.quantiles[at] as number);
      return sum / COUNT;
    });
  }
}

interface Moments {
  readonly means: Float32Array;
  readonly variances: Float32Array;
}

const sum = (a: number, b: number): number => a + b;
const product = (a: number, b: number): number => a * b;

const each = (a: Float32Array, b: Float32Array, f: (a: number, b: number) => number): Float32Array =>
  a.map((one, k) => f(one, b[k] as number));

const squaresOf = ({ means, variances }: Moments): Float32Array =>
  each(variances, means, (variance, mean) => variance + mean * mean);
