/** The knapsack against every choice there is. */
import { describe, expect, it } from 'vitest';
import { choose, frontier, hullOf, type Option, totalsOf } from '../../../passes/fit/choose.js';

/** Numbers from 0 to 1, the same each time (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Weights of 1 to 16 kB in 4 forms: the fewer the bits, the larger the error, each weight with its own sensitivity. */
function itemsOf(seed: number, count: number): Option[][] {
  const next = random(seed);
  return Array.from({ length: count }, () => {
    const bytes = Math.round(1000 + 15_000 * next());
    const sensitivity = 10 ** (2 * next() - 1);
    return [
      { bytes: 4 * bytes, cost: 0 },
      ...[0.5, 0.27, 0.14].map((share, i) => ({
        bytes: Math.round(4 * bytes * share),
        cost: (sensitivity * 0.0005 * 12 ** i * (0.5 + next())) ** 2,
      })),
    ];
  });
}

function* everyChoice(items: readonly (readonly Option[])[]): Iterable<number[]> {
  const choice = items.map(() => 0);
  for (;;) {
    yield [...choice];
    let at = 0;
    while (at < choice.length && choice[at] === (items[at] as readonly Option[]).length - 1) choice[at++] = 0;
    if (at === choice.length) return;
    choice[at] = (choice[at] as number) + 1;
  }
}

const seeds = Array.from({ length: 12 }, (_, i) => i + 1);

/** Of each limit the best that any choice has, beside what `choose` finds. */
function found(
  limited: keyof Option,
  limitsOf: (whole: number) => readonly number[],
): { ratio: number; isWithin: boolean }[] {
  const little = limited === 'bytes' ? 'cost' : 'bytes';
  return seeds.flatMap((seed) => {
    const items = itemsOf(seed, 6);
    const all = [...everyChoice(items)].map((choice) => totalsOf(items, choice));
    return limitsOf(
      totalsOf(
        items,
        items.map(() => 0),
      ).bytes,
    ).flatMap((limit) => {
      const choice = choose(items, { [limited]: limit });
      const best = Math.min(...all.filter((one) => one[limited] <= limit).map((one) => one[little]));
      expect(choice === undefined).toBe(best === Number.POSITIVE_INFINITY);
      if (!choice) return [];
      const totals = totalsOf(items, choice);
      return [{ ratio: totals[little] / best, isWithin: totals[limited] <= limit }];
    });
  });
}

describe('choose', () => {
  it('finds the fewest bytes within an error, to a tenth: held against every choice there is', () => {
    const results = found('cost', () => [0.002, 0.01, 0.05, 0.3].map((error) => error ** 2));
    expect(results.every(({ isWithin }) => isWithin)).toBe(true);
    expect(Math.max(...results.map(({ ratio }) => ratio))).toBeLessThan(1.1);
  });

  it('finds the least error within a number of bytes in four cases of five, and never twice as much', () => {
    const results = found('bytes', (whole) => [0.2, 0.3, 0.45, 0.7].map((share) => share * whole));
    expect(results.length).toBeGreaterThan(30);
    expect(results.every(({ isWithin }) => isWithin)).toBe(true);
    expect(results.filter(({ ratio }) => ratio < 1.02).length).toBeGreaterThan(0.8 * results.length);
    expect(Math.max(...results.map(({ ratio }) => Math.sqrt(ratio)))).toBeLessThan(2);
  });

  it('finds nothing where not even the fewest bits are within the bytes', () => {
    const items = itemsOf(1, 5);
    const [smallest] = frontier(items);
    expect(choose(items, { bytes: (smallest?.totals.bytes as number) - 1 })).toBeUndefined();
  });
});

describe('the frontier', () => {
  it('goes from the fewest bytes to no error, and each step costs more bytes for less error', () => {
    const steps = [...frontier(itemsOf(3, 20))].map(({ totals }) => totals);
    expect(steps.at(-1)?.cost).toBeCloseTo(0, 12);
    steps.slice(1).forEach((totals, i) => {
      expect(totals.bytes).toBeGreaterThan(steps[i]?.bytes as number);
      expect(totals.cost).toBeLessThan(steps[i]?.cost as number);
    });
  });

  it('leaves out forms that cost more than one with as few bytes', () => {
    const options = [
      { bytes: 100, cost: 0 },
      { bytes: 50, cost: 4 },
      { bytes: 50, cost: 1 },
      { bytes: 60, cost: 3 },
      { bytes: 25, cost: 9 },
    ];
    expect(hullOf(options)).toEqual([4, 2, 0]);
  });
});
