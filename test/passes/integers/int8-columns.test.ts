/** int8 weights by column: how scales are chosen, and what rounding adds up to. */
import { describe, expect, it } from 'vitest';
import { columnBytes } from '../../../passes/precision/integer/bytes.js';
import { columnScalesOf } from '../../../passes/precision/integer/columns.js';
import type { ProductWeight } from '../../../passes/precision/integer/sizes.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { derivedTensor } from '../../../src/ir/tensors/tensor.js';
import { Random } from '../../../src/validate/inputs/random.js';

const normal = (count: number, seed: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.normal());
};

/** K × N numbers, stored as they are or transposed. */
function weightOf(numbers: readonly number[], K: number, N: number, isPaired: boolean, isTransposed = false) {
  const stored = isTransposed ? numbers.map((_, at) => numbers[(at % K) * N + Math.floor(at / K)] as number) : numbers;
  const [rows, columns] = isTransposed ? [N, K] : [K, N];
  const [each, together] = [
    { block: 1, step: 1 },
    { block: 1, step: 0 },
  ];
  const groups = isTransposed
    ? { rowGroups: each, columnGroups: together }
    : { rowGroups: together, columnGroups: each };
  const tensor = tensorOf('float32', stored, [rows, columns]);
  return { matrix: { tensor, rows, columns, groups: N, ...groups }, isTransposed, isPaired } as ProductWeight;
}

const bytesOf = (weight: ProductWeight, scales: Float32Array): number[] =>
  Array.from(columnBytes(weight, scales), (piece) => Array.from(piece, (byte) => (byte << 24) >> 24)).flat();

/** The weight minus what its bytes say, by column. */
function errorsOf(weight: ProductWeight, K: number, N: number, numbers: readonly number[]): number[][] {
  const { scales } = columnScalesOf(weight) as { scales: Float32Array };
  const bytes = bytesOf(weight, scales);
  return Array.from({ length: N }, (_, n) =>
    Array.from(
      { length: K },
      (_, k) => (numbers[k * N + n] as number) / (scales[n] as number) - (bytes[k * N + n] as number),
    ),
  );
}

describe('scales of columns', () => {
  it.each([true, false])('cut a little off where that pays, and never add error (pairs: %s)', (isPaired) => {
    const [K, N] = [4096, 4];
    // The largest pair is 1.5 percent larger than all others.
    const numbers = normal(K * N, 3).map((number) => Math.max(-2.5, Math.min(2.5, number)));
    for (const row of [0, 1]) for (let n = 0; n < N; n++) numbers[row * N + n] = 2.54;
    const weight = weightOf(numbers, K, N, isPaired);
    const { scales, error } = columnScalesOf(weight) as { scales: Float32Array; error: number };
    const whole = isPaired ? (2 * 2.54) / 128 : 2.54 / 127;
    for (const scale of scales) {
      expect(scale).toBeLessThan(0.995 * whole);
      expect(scale).toBeGreaterThan(0.9 * whole);
    }
    // A step of the whole size gives the error of a uniform distribution, a step over the root of 12.
    const norm = Math.sqrt(numbers.reduce((sum, number) => sum + number * number, 0) / numbers.length);
    expect(error).toBeLessThan(whole / Math.sqrt(12) / norm);
  });

  it('cut nothing off a weight that is integers by a scale', () => {
    const [K, N] = [512, 3];
    const numbers = normal(K * N, 4).map((number, at) => (at < N ? 127 : Math.round(number * 20)) * 0.03125);
    const weight = weightOf(numbers, K, N, false);
    const found = columnScalesOf(weight) as { scales: Float32Array; error: number };
    for (const scale of found.scales) expect(scale).toBeCloseTo(0.03125, 6);
    expect(bytesOf(weight, found.scales)).toEqual(numbers.map((number) => number / 0.03125 + 0));
  });

  it('are the same for a weight that is stored transposed, and so are the bytes', () => {
    const [K, N] = [130, 7];
    const numbers = normal(K * N, 5);
    for (const isPaired of [true, false]) {
      const [plain, turned] = [false, true].map((isTransposed) => {
        const weight = weightOf(numbers, K, N, isPaired, isTransposed);
        const { scales } = columnScalesOf(weight) as { scales: Float32Array };
        return { scales: [...scales], bytes: bytesOf(weight, scales) };
      });
      expect(turned).toEqual(plain);
    }
  });
});

describe('rounding of columns', () => {
  it.each([true, false])('adds up to nearly nothing, at hardly more error of each weight (pairs: %s)', (isPaired) => {
    const [K, N] = [2048, 16];
    const numbers = normal(K * N, 6);
    const columns = errorsOf(weightOf(numbers, K, N, isPaired), K, N, numbers);
    const mean = (list: readonly number[], of: (one: number) => number) =>
      list.reduce((sum, one) => sum + of(one), 0) / list.length;
    for (const errors of columns) {
      // Independent errors add up to √(2048 / 12) = 13.
      expect(Math.abs(errors.reduce((sum, error) => sum + error, 0))).toBeLessThan(6);
      // 1/12 of a step squared is plain rounding's; some percent are what is cut off.
      expect(mean(errors, (error) => error * error)).toBeLessThan(1.15 / 12);
    }
  });

  it('keeps pairs of one sign within the limit', () => {
    const [K, N] = [2048, 16];
    const weight = weightOf(normal(K * N, 7).map(Math.abs), K, N, true);
    const { scales } = columnScalesOf(weight) as { scales: Float32Array };
    const bytes = bytesOf(weight, scales);
    for (let k = 0; k < K; k += 2)
      for (let n = 0; n < N; n++)
        expect((bytes[k * N + n] as number) + (bytes[(k + 1) * N + n] as number)).toBeLessThanOrEqual(128);
    expect(numbersOf(weight.matrix.tensor).length).toBe(bytes.length);
  });
});

describe('kernels', () => {
  it.each([true, false])('give the same scales and bytes (pairs: %s)', (isPaired) => {
    const [K, N] = [71, 62];
    const special = [0, -0, 1e38, -1e38, 1e-40, 3e-39, 2 ** -126];
    const plain = normal(K * N, 8);
    const odd = plain.map((number, at) => (at % 5 === 0 ? (special[at % 7] as number) : number * 2 ** ((at % 9) - 4)));
    const positive = plain.map(Math.abs);
    for (const numbers of [plain, odd, positive]) {
      const weight = weightOf(numbers, K, N, isPaired);
      const [script, kernel] = [false, true].map((withKernels) => columnScalesOf(weight, withKernels));
      expect(kernel?.scales).toEqual(script?.scales);
      expect(kernel?.error).toBeCloseTo(script?.error as number, 12);
      const scales = script?.scales as Float32Array;
      const [own, made] = [false, true].map((one) => [...columnBytes(weight, scales, one)].map((piece) => [...piece]));
      expect(made).toEqual(own);
    }
    const broken = weightOf([...plain.slice(1), Number.NaN], K, N, isPaired);
    for (const withKernels of [false, true]) expect(columnScalesOf(broken, withKernels)).toBeUndefined();
  });

  it.each([true, false])(
    'give them where a weight is more than a block, in pieces of any length (pairs: %s)',
    (isPaired) => {
      const [K, N] = [1501, 94];
      const weight = weightOf(normal(K * N, 10), K, N, isPaired);
      const { tensor } = weight.matrix;
      const pieces = derivedTensor('float32', [K, N], function* () {
        const bytes = tensor.bytes();
        for (let at = 0, size = 16; at < bytes.length; at += size, size += 4096) yield bytes.subarray(at, at + size);
      });
      const { scales } = columnScalesOf(weight, false) as { scales: Float32Array };
      const bytes = Buffer.concat(Array.from(columnBytes(weight, scales, false), (piece) => piece.slice()));
      for (const one of [tensor, pieces]) {
        const own = { ...weight, matrix: { ...weight.matrix, tensor: one } };
        expect(columnScalesOf(own)?.scales).toEqual(scales);
        expect(Buffer.concat(Array.from(columnBytes(own, scales), (piece) => piece.slice())).equals(bytes)).toBe(true);
      }
    },
  );

  it('give them for a weight whose numbers are made from rounded ones as they are read', () => {
    const inner = weightOf(normal(64 * 62, 9), 64, 62, false);
    const { scales } = columnScalesOf(inner) as { scales: Float32Array };
    const { matrix } = inner;
    const tensor = derivedTensor('float32', [64, 62], () => tensorOf('float32', bytesOf(inner, scales)).chunks());
    const stored = { ...inner, matrix: { ...matrix, tensor: tensorOf('float32', numbersOf(tensor), [64, 62]) } };
    const derived = { ...inner, matrix: { ...matrix, tensor } };
    const expected = columnScalesOf(stored) as { scales: Float32Array };
    expect(columnScalesOf(derived)).toEqual(expected);
    expect(bytesOf(derived, expected.scales)).toEqual(bytesOf(stored, expected.scales));
  });
});
