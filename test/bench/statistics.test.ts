/** What the benches say about samples. */
import { describe, expect, it } from 'vitest';
import { accuracyOf, median, ratioOf, timingOf } from '../../bench/statistics.js';

describe('timings', () => {
  it('are the median and the quartiles', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(timingOf([4, 1, 3, 2, 5], 10)).toMatchObject({ median: 3, low: 2, high: 4, runsPerSample: 10 });
  });
});

describe('ratios', () => {
  const ten = Array.from({ length: 10 }, (_, i) => 10 + i / 10);

  it('pair the samples of a round', () => {
    const twice = ten.map((ms) => ms / 2);
    expect(ratioOf(ten, twice)).toEqual({ median: 2, low: 2, high: 2, significant: true });
  });

  it('are not significant where the interval holds 1', () => {
    const wobble = ten.map((ms, i) => ms * (i % 2 ? 0.9 : 1.1));
    expect(ratioOf(ten, wobble)).toMatchObject({ significant: false });
  });

  it('are not significant where the rounds are too few to tell', () => {
    expect(ratioOf([2, 2, 2, 2, 2], [1, 1, 1, 1, 1])).toMatchObject({ median: 2, significant: false });
    expect(ratioOf([2, 2, 2, 2, 2, 2], [1, 1, 1, 1, 1, 1])).toMatchObject({ median: 2, significant: true });
  });

  it('cut from either end what 95 % allow: of 10 pairs one', () => {
    const samples = [1, 1, 1, 1, 1, 1, 1, 1, 1, 4];
    expect(
      ratioOf(
        samples.map(() => 2),
        samples,
      ),
    ).toEqual({ median: 2, low: 2, high: 2, significant: true });
    const two = [1, 1, 1, 1, 1, 1, 1, 1, 4, 4];
    expect(
      ratioOf(
        two.map(() => 2),
        two,
      ),
    ).toMatchObject({ low: 0.5, significant: false });
  });
});

describe('accuracy', () => {
  it('is relative to the largest magnitude of the reference', () => {
    expect(accuracyOf('y', [1, -4], [1, -3])).toMatchObject({ maxAbs: 1, maxRel: 0.25, nonFinite: 0 });
    expect(accuracyOf('y', [1, 0], [0, 1]).cosine).toBe(0);
    expect(accuracyOf('y', [0, 0], [0, 0])).toMatchObject({ cosine: 1, maxRel: 0 });
  });

  it('counts what is not finite apart', () => {
    expect(accuracyOf('y', [1, 2, 3], [1, Number.NaN, Infinity])).toMatchObject({ nonFinite: 2, maxAbs: 0 });
  });

  it('refuses outputs of another size', () => {
    expect(() => accuracyOf('y', [1, 2], [1])).toThrow('output y: expected 2 numbers; found 1');
  });
});
