/** Samples as they stand in a result. */
import { describe, expect, it } from 'vitest';
import { ratioOf, timingOf } from '../../bench/statistics.js';

describe('timings', () => {
  it('are the median and the quartiles', () => {
    expect(timingOf([4, 1, 3, 2, 5], 10)).toMatchObject({ median: 3, low: 2, high: 4, runsPerSample: 10 });
  });
});

describe('ratios', () => {
  const ten = Array.from({ length: 10 }, (_, i) => 10 + i / 10);

  it('pair the samples of a round: drift takes no part', () => {
    const { median, low, high, significant } = ratioOf(
      ten,
      ten.map((ms) => ms / 2),
    );
    expect(significant).toBe(true);
    for (const value of [median, low, high]) expect(value).toBeCloseTo(2, 10);
  });

  it('are not significant where the rounds disagree, or are too few to tell', () => {
    const wobble = ten.map((ms, i) => ms * (i % 2 ? 0.9 : 1.1));
    expect(ratioOf(ten, wobble)).toMatchObject({ significant: false });
    expect(ratioOf([2], [1])).toMatchObject({ significant: false });
    expect(ratioOf([2, 2.6, 1.4], [1, 1.3, 0.7])).toMatchObject({ significant: false });
  });
});
