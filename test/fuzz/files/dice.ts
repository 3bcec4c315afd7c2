/** Choices that a seed makes, the same on every machine. */

export interface Dice {
  /** A whole number from 0 to below `count`. */
  below(count: number): number;
  /** True once in so many throws. */
  oneIn(count: number): boolean;
  /** One of a list; undefined of an empty one. */
  of<T>(list: readonly T[]): T | undefined;
}

/** Dice of a seed (mulberry32). */
export function dice(seed: number): Dice {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), 61 | bits);
    return (bits ^ (bits >>> 14)) >>> 0;
  };
  const below = (count: number): number => (count > 0 ? next() % count : 0);
  return { below, oneIn: (count) => below(count) === 0, of: (list) => list[below(list.length)] };
}

/** A seed for one of many, within a seeded whole. */
export const seedOf = (whole: number, one: number): number =>
  (Math.imul(one ^ (one >>> 16), 0x9e3779b1) ^ Math.imul(whole + 1, 0x85ebca6b)) >>> 0;
