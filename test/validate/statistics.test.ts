import { describe, expect, it } from 'vitest';
import { Random } from '../../src/validate/random.js';
import { isSignificant, median, medianInterval, quantile } from '../../src/validate/statistics.js';

const noise = (seed: number, count: number, centre: number, spread: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => centre + spread * random.normal());
};

describe('statistics', () => {
  it('has medians and quantiles', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('gives the same interval for the same sample and seed', () => {
    const sample = noise(1, 20, 0, 1);
    expect(medianInterval(sample, 5)).toEqual(medianInterval(sample, 5));
    const { low, high } = medianInterval(sample);
    expect(low).toBeLessThan(median(sample));
    expect(high).toBeGreaterThan(median(sample));
  });

  it('calls noise significant in fewer than one case of twenty', () => {
    const cases = Array.from({ length: 200 }, (_, seed) => isSignificant(noise(seed, 10, 0, 0.05)));
    expect(cases.filter(Boolean).length).toBeLessThan(10);
  });

  it('sees a tenth in noise of a twentieth, nearly always', () => {
    const cases = Array.from({ length: 100 }, (_, seed) => isSignificant(noise(seed, 12, Math.log(1.1), 0.05)));
    expect(cases.filter(Boolean).length).toBeGreaterThan(90);
  });

  it('proves nothing by few pairs or by a difference too small to matter', () => {
    expect(isSignificant([0.5, 0.5, 0.5])).toBe(false);
    expect(isSignificant(Array.from({ length: 16 }, () => 0.005))).toBe(false);
    expect(isSignificant(Array.from({ length: 16 }, () => -0.05))).toBe(true);
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
