import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/validate/inputs/random.js';
import { estimateOf, fastest, median, quantile, type TimePair } from '../../../src/validate/speed/statistics.js';

const noise = (seed: number, count: number, centre: number, spread: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => centre + spread * random.normal());
};

/**
 * Times as a shared machine gives them: 3 % of noise, one in ten times much longer, and a process that is `bias` slower than the
 * other, whichever of the two models it runs.
 */
function pairs(seed: number, count: number, ratio = 1, bias = 0.03): TimePair[] {
  const random = new Random(seed);
  const time = () => Math.exp(0.03 * random.normal() + (random.next() < 0.1 ? 0.4 * random.next() : 0));
  return Array.from({ length: count }, (_, i) => {
    const slower = Math.exp(i % 2 === 0 ? bias : -bias);
    return [ratio * slower * time(), time()];
  });
}

const share = (count: number, isSo: (seed: number) => boolean): number =>
  Array.from({ length: count }, (_, seed) => isSo(seed)).filter(Boolean).length / count;

describe('statistics', () => {
  it('has medians and quantiles', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('takes the fastest tenth, and two at least', () => {
    expect(fastest([5])).toBe(5);
    expect(fastest([9, 1, 3])).toBe(2);
    expect(fastest(Array.from({ length: 40 }, (_, i) => 40 - i))).toBe(2.5);
  });

  it('has the signed-rank interval of the tables', () => {
    const logs = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => n / 100);
    const { ratio, interval } = estimateOf(logs.map((log) => [Math.exp(log), 1]));
    const means = logs.flatMap((a, i) => logs.slice(i).map((b) => (a + b) / 2)).sort((a, b) => a - b);
    // Of 12 pairs rank sums up to 7 are as rare as 1 in 200: seven means are left out on each side.
    expect(Math.log(interval.low)).toBeCloseTo(means[7] as number, 12);
    expect(Math.log(interval.high)).toBeCloseTo(means.at(-8) as number, 12);
    expect(Math.log(ratio)).toBeCloseTo(0.065, 12);
  });

  it.each([8, 12, 16])('calls two equal models of %i pairs different in less than 1 of 100 cases', (count) => {
    expect(share(2000, (seed) => estimateOf(pairs(seed, count)).significant)).toBeLessThan(0.01);
  });

  it.each([2, 3, 5, 7])('calls them so by no more than 1 in 200, of only %i pairs', (count) => {
    expect(share(2000, (seed) => estimateOf(pairs(seed, count)).significant)).toBeLessThan(0.005);
  });

  it('calls hardly any equal models different twice in the same direction', () => {
    const twice = (seed: number): boolean => {
      const [one, other] = [estimateOf(pairs(seed, 12)), estimateOf(pairs(seed + 1e6, 12))];
      return one.significant && other.significant && one.ratio > 1 === other.ratio > 1;
    };
    expect(share(4000, twice)).toBeLessThan(0.0005);
  });

  it('sees 1.14 in such noise nearly always, and in that of a quiet machine by three pairs', () => {
    expect(share(500, (seed) => estimateOf(pairs(seed, 16, 1.14)).significant)).toBeGreaterThan(0.9);
    const quiet = (seed: number): TimePair[] =>
      noise(seed, 3, 0, 0.005).map((x, i) => [
        1.14 * Math.exp(x),
        Math.exp(noise(seed + 1e6, 3, 0, 0.005)[i] as number),
      ]);
    expect(share(500, (seed) => estimateOf(quiet(seed)).significant)).toBeGreaterThan(0.95);
  });

  it('proves nothing by one pair or by a difference too small to matter', () => {
    expect(estimateOf([[2, 1]])).toMatchObject({ ratio: 2, significant: false });
    expect(estimateOf(Array.from({ length: 16 }, () => [1.005, 1]))).toMatchObject({ significant: false });
    expect(estimateOf(Array.from({ length: 4 }, () => [1.015, 1]))).toMatchObject({ significant: false });
    expect(estimateOf(Array.from({ length: 16 }, () => [0.95, 1]))).toMatchObject({ significant: true });
  });
});

describe('random numbers', () => {
  it('are the same for a seed and a name, and look random', () => {
    const draw = (random: Random): number[] => Array.from({ length: 4 }, () => random.next());
    expect(draw(Random.of(1, 'x'))).toEqual(draw(Random.of(1, 'x')));
    expect(draw(Random.of(1, 'x'))).not.toEqual(draw(Random.of(1, 'y')));
    const normal = noise(3, 20_000, 0, 1);
    const mean = normal.reduce((sum, x) => sum + x, 0) / normal.length;
    const variance = normal.reduce((sum, x) => sum + (x - mean) ** 2, 0) / normal.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });
});
