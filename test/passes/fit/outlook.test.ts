/** Predictions of errors: how they add up, where they end, and what is made of weights that no input reaches. */
import { describe, expect, it } from 'vitest';
import { noiseOf, seenOf } from '../../../passes/fit/bounded.js';
import { Calibration } from '../../../passes/fit/calibration.js';
import type { FormRun } from '../../../passes/fit/effects.js';
import type { PricedWeight } from '../../../passes/fit/form.js';
import { Outlook } from '../../../passes/fit/outlook.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import { sketchOf } from '../../../src/validate/sketch.js';
import { randomWeights } from '../../check-pass.js';

/** Weights of 1000 bytes, or 250 in 8 bits; the search asks no more of them. */
const weights = (count: number): PricedWeight[] =>
  Array.from({ length: count }, () => ({
    site: undefined as never,
    forms: [
      { bytes: 1000, error: 0 },
      { form: { type: 'int8', block: 64 }, bytes: 250, error: 0.01 },
    ],
  }));

/** Each weight by itself, with the direction of its error at one output on each set. */
const runsOf = (directions: readonly (readonly (readonly number[])[])[]): FormRun[] =>
  directions.map((sets, i) => ({
    ...{ bits: 8, weights: [i], forms: [1] },
    outputs: sets.map((direction) => ({ direction, square: direction.reduce((sum, x) => sum + x ** 2, 0) })),
  }));
const outlookOf = (...directions: readonly (readonly (readonly number[])[])[]): Outlook =>
  new Outlook(weights(directions.length), { probes: runsOf(directions), measured: 0, groups: 0 });

describe('the error of a mix', () => {
  it('is the sum of directions where it is predicted, and of squares where mixes are chosen', () => {
    const outlook = outlookOf([[0.03, 0]], [[-0.03, 0]], [[0, 0.04]]);
    expect(outlook.sumOf([1, 1, 0])).toBeCloseTo(0, 12);
    expect(outlook.sumOf([1, 0, 1])).toBeCloseTo(0.05, 12);
    expect(outlook.noiseOf([1, 1, 0])).toBeCloseTo(Math.hypot(0.03, 0.03), 12);
  });

  it('is that of the set of inputs that is furthest off, which a mix is chosen for', () => {
    // Each of the first two is bad for one set, the third half as bad for both.
    const outlook = outlookOf([[0.1], [0]], [[0], [0.1]], [[0.08], [0.08]]);
    expect(outlook.noiseOf([1, 1, 0])).toBeCloseTo(0.1, 12);
    expect(outlook.best({ bytes: 1600 })).toEqual([1, 1, 0]);
  });

  it('counts weights that no input reaches like others, but where it is predicted for these inputs', () => {
    const outlook = outlookOf([[0.1]], [[0]]);
    expect(outlook.noiseIn(1, 1)).toBeCloseTo(0.1, 12);
    expect(outlook.sumOf([0, 1])).toBe(0);
  });

  it('keeps within a limit for every set', () => {
    const outlook = outlookOf([[0.1], [0.01]], [[0.01], [0.1]], [[0.01], [0.01]]);
    expect(outlook.best({ noise: 0.02 })).toEqual([0, 0, 1]);
    expect(outlook.best({ noise: 0.12 })).toEqual([1, 1, 1]);
  });
});

describe('the fastest mix', () => {
  const forms: PricedWeight['forms'] = [
    { bytes: 1000, error: 0 },
    { form: { type: 'int8', block: 64 }, bytes: 250, error: 0.01 },
    { form: { type: 'dynamic', isExact: true }, bytes: 260, error: 0.015, savedMs: 2 },
  ];
  const slow = forms.map((price) => (price.savedMs ? { ...price, savedMs: -1 } : price));
  const probe = (weight: number, form: number, direction: readonly number[]): FormRun => ({
    ...{ bits: 8, isDynamic: form === 2, weights: [weight], forms: [form] },
    outputs: [{ direction, square: direction.reduce((sum, x) => sum + x ** 2, 0) }],
  });
  const probes = [0, 1, 2].flatMap((i) => [probe(i, 1, [0.001]), probe(i, 2, [i === 0 ? 0.1 : 0.01])]);
  const outlook = new Outlook(
    [forms, forms, slow].map((own) => ({ site: undefined as never, forms: own })),
    { probes, measured: 3, groups: 3 },
  );

  it('computes in 8 bits where that saves time and costs little, and takes few bytes elsewhere only as they are needed', () => {
    expect(outlook.fastest({ bytes: 3000, noise: 0.05 })?.[1]).toBe(2);
    expect(outlook.fastest({ bytes: 3000, noise: 0.05 })?.[0]).not.toBe(2);
    expect(outlook.fastest({ bytes: 3000, noise: 0.2 })).toEqual([2, 2, expect.any(Number)]);
    expect(outlook.savedMs([2, 2, 1])).toBe(4);
  });

  it('keeps both limits, or is none', () => {
    const choice = outlook.fastest({ bytes: 800, noise: 0.05 });
    expect(choice).toEqual([1, 2, 1]);
    expect(outlook.fastest({ bytes: 700, noise: 0.05 })).toBeUndefined();
  });

  it('is not looked for where bytes or errors alone decide', () => {
    expect(outlook.best({ bytes: 800 })).not.toContain(2);
    expect(outlook.best({ noise: 0.2 })).not.toContain(2);
    expect(outlook.smallest()).not.toContain(2);
  });

  it('is measured apart from what is stored: rounded activations say nothing of it', () => {
    expect(outlook.noiseIn(0, 1)).toBeCloseTo(0.001, 12);
    expect(outlook.noiseIn(0, 2)).toBeCloseTo(0.1, 12);
  });
});

describe('noise', () => {
  it.each([1e-6, 0.01, 0.3, 1.2])('of an error of %f gives it back', (error) =>
    expect(seenOf(noiseOf(error)) / error).toBeCloseTo(1, 6),
  );

  it('is never seen beyond √2, and is finite for an output that is broken', () => {
    expect(seenOf(1e6)).toBeLessThanOrEqual(Math.SQRT2);
    expect(noiseOf(Number.POSITIVE_INFINITY)).toBeLessThan(100);
  });

  it('is corrected by what mixes came out at, between two by a power', () => {
    const calibration = new Calibration();
    expect(calibration.errorOf(0.001)).toBeCloseTo(0.001, 6);
    calibration.add(0.001, 0.002);
    expect(calibration.errorOf(0.0001)).toBeCloseTo(0.0002, 6);
    calibration.add(0.1, 0.1);
    expect(calibration.errorOf(0.01)).toBeCloseTo(Math.sqrt(0.002 * 0.1), 3);
    expect(calibration.errorOf(calibration.noiseFor(0.02))).toBeCloseTo(0.02, 3);
  });
});

describe('a sketch', () => {
  const numbers = (seed: number, count: number) => numbersOf(randomWeights([count], 1, seed));
  const product = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0);

  it('has about the norm of a long vector, and its angle to others', () => {
    const [a, b] = [numbers(1, 20_000), numbers(2, 20_000)];
    const mixed = a.map((x, i) => 0.6 * x + 0.8 * (b[i] as number));
    const [first, second] = [a, mixed].map((one) => sketchOf(one.length, (i) => one[i] as number));
    const norm = (one: ArrayLike<number>) => Math.sqrt(product(one, one));
    expect(norm(first as never) / norm(a)).toBeGreaterThan(0.8);
    expect(norm(first as never) / norm(a)).toBeLessThan(1.2);
    const cosine = product(first as never, second as never) / norm(first as never) / norm(second as never);
    // Of norm 1 it is off by 1/√256 in the standard deviation.
    expect(Math.abs(cosine - 0.6)).toBeLessThan(0.2);
  });

  it('is a short vector itself', () => expect([...sketchOf(3, (i) => i - 1)]).toEqual([-1, 0, 1]));
});
