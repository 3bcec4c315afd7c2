import { describe, expect, it } from 'vitest';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { toTensorData } from '../../../src/runtime/tensor-data.js';
import { errorOf } from '../../../src/validate/by-block/error.js';

const floats = (...numbers: number[]) => toTensorData(tensorOf('float32', numbers));
const masked = -3.4028234663852886e38;

describe('the error of a value', () => {
  it('is relative to the norm, and counts what a mask drowns in neither', () => {
    expect(errorOf(floats(3, 4), floats(3, 4))).toBe(0);
    expect(errorOf(floats(3, 4), floats(3, 9))).toBeCloseTo(1, 6);
    expect(errorOf(floats(3, 4, masked), floats(3, 9, masked))).toBeCloseTo(1, 6);
    expect(errorOf(floats(3, 4, -10_000), floats(3, 9, -9_999))).toBeCloseTo(1, 6);
  });

  it('counts a mask that is there in one alone', () => {
    expect(errorOf(floats(1, 1, masked), floats(1, 1, 1))).toBeCloseTo(1, 6);
    expect(errorOf(floats(1, 1, 1), floats(1, 1, masked))).toBeGreaterThan(1e30);
    // A large number that is another one by more than 1 % is no mask.
    expect(errorOf(floats(1, 1, 5000), floats(1, 1, 2500))).toBeCloseTo(0.5, 3);
  });

  it('is infinite where NaN and infinities stand elsewhere, or have another sign', () => {
    expect(errorOf(floats(1, Number.NaN), floats(1, Number.NaN))).toBe(0);
    expect(errorOf(floats(1, Number.NaN), floats(1, 2))).toBe(Number.POSITIVE_INFINITY);
    expect(errorOf(floats(1, Number.NEGATIVE_INFINITY), floats(1, Number.POSITIVE_INFINITY))).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it('is whole where the original is zero, and nothing below the noise beside one', () => {
    expect(errorOf(floats(0, 0), floats(0, 1))).toBe(1);
    expect(errorOf(floats(0, 0), floats(0, 1e-8))).toBeLessThan(1e-7);
  });

  it('compares floats of two widths, and no tensors of two shapes', () => {
    const half = toTensorData(tensorOf('float16', [3, 4]));
    expect(errorOf(floats(3, 4), half)).toBe(0);
    expect(errorOf(floats(3, 4), floats(3, 4, 5))).toBeUndefined();
  });
});
