/**
 * What is to be expected of a mix: its error is that of the output, on the set of inputs, that is furthest off.
 *
 * Two answers, for two questions. Which mix to take is told by sums of squares, as of roundings that have nothing to do with each other: errors that happen to
 * cancel out on the inputs that were measured would not on others. A knapsack has one cost, so the errors of all outputs are weighted, and those that come
 * out furthest off weigh more in the next try. What a mix will come out at is told by the sum of the measured errors themselves, sign by sign.
 */
import { maxOf } from '../../src/ir/collections/lists.js';
import { type Choice, type ChoiceLimits, choose, type Option } from './choose.js';
import { type Effects, type FormRun, squaresOf } from './effects.js';
import { isDynamic, type PricedWeight } from './form.js';

/** So many tries: the weights of errors hardly move after. */
const TRIES = 6;

/** Bytes for a millisecond, from where only time counts to where it hardly does. */
const RATES = { from: 1e12, to: 1, steps: 9 };

export class Outlook {
  readonly #weights: readonly PricedWeight[];
  readonly #probes: readonly FormRun[];
  /** By weight, by form, by output and set. */
  readonly #squares: readonly (readonly (readonly number[])[])[];

  constructor(weights: readonly PricedWeight[], effects: Effects) {
    this.#weights = weights;
    this.#probes = effects.probes;
    this.#squares = squaresOf(weights, effects);
  }

  /** Everything as it is. */
  get unchanged(): Choice {
    return this.#weights.map(() => 0);
  }

  /** Of the weights alone. */
  bytesOf(choice: Choice): number {
    return this.#weights.reduce((sum, { forms }, i) => sum + (forms[choice[i] as number]?.bytes ?? 0), 0);
  }

  /** Milliseconds that a mix saves in a run. */
  savedMs(choice: Choice): number {
    return this.#weights.reduce((sum, { forms }, i) => sum + (forms[choice[i] as number]?.savedMs ?? 0), 0);
  }

  /** The noise of one weight in one form, the others as they are. */
  noiseIn(weight: number, form: number): number {
    return Math.sqrt(maxOf(this.#squares[weight]?.[form] ?? [], 0));
  }

  /** The noise of a mix of which nothing cancels out but by chance. */
  noiseOf(choice: Choice): number {
    return Math.sqrt(maxOf(this.#squaresOf(choice), 0));
  }

  /** The noise of this mix on the inputs that were measured. */
  sumOf(choice: Choice): number {
    const told = new Set<number>();
    const exact = this.#probes.filter(({ weights, forms }) => weights.every((i, at) => choice[i] === forms[at]));
    for (const { weights } of exact) for (const i of weights) told.add(i);
    const rest = this.#squaresOf(choice, told);
    const keys = rest.length || exact[0]?.outputs.length || 0;
    const squares = Array.from({ length: keys }, (_, key) => {
      const sum: number[] = [];
      for (const { outputs } of exact)
        for (const [at, x] of (outputs[key]?.direction ?? []).entries()) sum[at] = (sum[at] ?? 0) + x;
      return (rest[key] ?? 0) + sum.reduce((total, x) => total + x ** 2, 0);
    });
    return Math.sqrt(maxOf(squares, 0));
  }

  /** The mix that saves the most time within both: time is exchanged for fewer and fewer bytes until they suffice. */
  fastest({ bytes, noise }: { readonly bytes: number; readonly noise: number }): Choice | undefined {
    for (let step = 0; step < RATES.steps; step++) {
      const rate = RATES.from * (RATES.to / RATES.from) ** (step / (RATES.steps - 1));
      const choice = this.best({ noise }, rate);
      if (choice && this.bytesOf(choice) <= bytes) return choice;
    }
    return undefined;
  }

  /**
   * The mixes within the bytes, or within the noise, that other weights of errors give; the best is chosen. Products compute in 8 bits only where a
   * `rate` says what a millisecond is worth in bytes.
   */
  best({ bytes, noise }: { readonly bytes?: number; readonly noise?: number }, rate = 0): Choice | undefined {
    const most = noise === undefined ? undefined : noise ** 2;
    let found: { choice: Choice; worth: number } | undefined;
    let shares = this.#even();
    for (let round = 0; round < TRIES; round++) {
      const choice = most === undefined ? this.#choose(shares, { bytes }, rate) : this.#within(shares, most, rate);
      if (!choice) break;
      const squares = this.#squaresOf(choice);
      const worth = most === undefined ? maxOf(squares, 0) : this.bytesOf(choice) - rate * this.savedMs(choice);
      if (!found || worth < found.worth) found = { choice, worth };
      const next = shares.map((share, key) => share * Math.sqrt(squares[key] as number));
      const sum = next.reduce((total, share) => total + share, 0);
      if (sum === 0 || next.length < 2) break;
      shares = next.map((share) => share / sum);
    }
    return found?.choice;
  }

  /** The mix of fewest bytes of all. */
  smallest(): Choice {
    return this.#weights.map(({ forms }) =>
      forms.reduce(
        (least, { bytes, form }, at) => (bytes < (forms[least]?.bytes as number) && !isDynamic(form) ? at : least),
        0,
      ),
    );
  }

  /** Fewest bytes where each error is within the limit: what is weighted may be less than the largest, so its limit comes down until that holds. */
  #within(shares: readonly number[], most: number, rate: number): Choice | undefined {
    let limit = most;
    for (let step = 0; step < TRIES; step++) {
      const choice = this.#choose(shares, { cost: limit }, rate);
      const largest = choice ? maxOf(this.#squaresOf(choice), 0) : 0;
      if (!choice || largest <= most) return choice;
      limit = Math.min(0.95 * limit, (limit * most) / largest);
    }
    return undefined;
  }

  #even(): number[] {
    const keys = this.#squares[0]?.[0]?.length ?? 0;
    return Array.from({ length: keys }, () => 1 / keys);
  }

  #choose(shares: readonly number[], limits: ChoiceLimits, rate: number): Choice | undefined {
    const items = this.#weights.map(({ forms }, i) => {
      const most = maxOf(forms.map(({ savedMs = 0 }) => savedMs));
      return forms.map((price, at): Option => {
        if (rate === 0 && isDynamic(price.form)) return NEVER;
        const cost = weighted(this.#squares[i]?.[at] ?? [], shares);
        return { bytes: price.bytes + rate * (most - (price.savedMs ?? 0)), cost };
      });
    });
    return choose(items, limits);
  }

  /** By output and set, but for some weights. */
  #squaresOf(choice: Choice, without: ReadonlySet<number> = new Set()): number[] {
    const sums: number[] = [];
    choice.forEach((at, i) => {
      if (without.has(i)) return;
      for (const [key, square] of (this.#squares[i]?.[at] ?? []).entries()) sums[key] = (sums[key] ?? 0) + square;
    });
    return sums;
  }
}

/** An option that is worse than any. */
const NEVER: Option = { bytes: Number.POSITIVE_INFINITY, cost: Number.POSITIVE_INFINITY };

const weighted = (squares: readonly number[], shares: readonly number[]): number =>
  squares.reduce((sum, square, key) => sum + square * (shares[key] as number), 0);
