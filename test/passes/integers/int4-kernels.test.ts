/** The kernels for weights in blocks against their twins in JavaScript: bit for bit. */
import { expect, test } from 'vitest';
import { MeanFeedback, TriangleFeedback } from '../../../passes/precision/block/feedback.js';
import type { BlockForm } from '../../../passes/precision/block/form.js';
import type { Importance } from '../../../passes/precision/block/importance.js';
import { ColumnQuantizer } from '../../../passes/precision/block/quantizer.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { Random } from '../../../src/validate/inputs/random.js';

const N = 21;

/** Columns with what is special: zeros, a column and a block of zeros, subnormals, the largest numbers, equal numbers. */
function columnsOf(K: number, stride: number, next: () => number): Float32Array {
  const numbers = new Float32Array(N * stride);
  for (let column = 0; column < N; column++)
    for (let k = 0; k < K; k++) {
      const size = [1, 0, 1e-40, 1e38, 1e-30, 1][column % 6] as number;
      const isZero = (column === 7 && k < 40) || next() > 1.3;
      numbers[column * stride + k] = isZero ? 0 : column === 11 ? 0.25 : next() * size;
    }
  return numbers;
}

test.each([1, 2, 5, 48, 131])('the triangle of %i products is the same', (K) => {
  const random = new Random(K);
  const gram = new Float32Array(K * K);
  for (let row = 0; row < 7; row++) {
    const x = Float32Array.from({ length: K }, () => random.normal());
    for (let k = 0; k < K; k++) for (let l = 0; l < K; l++) gram[k * K + l]! += (x[k] as number) * (x[l] as number);
  }
  const [own, kernel] = [false, true].map((withKernels) => new TriangleFeedback(gram, K, { withKernels }));
  expect(kernel).toEqual(own);
  gram[0] = Number.NaN;
  for (const withKernels of [false, true])
    expect(() => new TriangleFeedback(gram, K, { withKernels })).toThrow('NaN or infinity');
});

const knowledge = (K: number, next: () => number): Record<string, Importance | undefined> => {
  const means = Float32Array.from({ length: K }, next);
  const variances = Float32Array.from({ length: K }, () => next() ** 2);
  const meanSquares = variances.map((one, k) => one + (means[k] as number) ** 2);
  const gram = new Float32Array(K * K);
  for (let row = 0; row < 9; row++) {
    const x = Float32Array.from({ length: K }, next);
    for (let k = 0; k < K; k++)
      for (let l = 0; l < K; l++) gram[k * K + l]! += ((x[k] as number) * (x[l] as number)) / 9;
  }
  return {
    nothing: undefined,
    means: { feedback: new MeanFeedback(means, variances), meanSquares },
    products: { feedback: new TriangleFeedback(gram, K), meanSquares },
  };
};

test.each([
  [32, 96],
  [16, 41],
  [64, 200],
  [128, 77],
])('blocks of %i in columns of %i numbers have the same codes, scales, zero points and errors', (block, K) => {
  const random = new Random(K);
  const next = () => random.normal();
  const stride = Math.ceil(K / block) * block;
  const band = { first: 0, count: N, stride, numbers: columnsOf(K, stride, next) };
  const matrix = { tensor: tensorOf('float32', [0]), isTransposed: true, K, N };
  for (const [name, known] of Object.entries(knowledge(K, next)))
    for (const bits of [4, 8] as const)
      for (const isSymmetric of [true, false])
        for (const isNearest of [true, false]) {
          const form: BlockForm = { bits, block, isSymmetric, isNearest };
          const made = [false, true].map((withKernels) => {
            const columns = new ColumnQuantizer(matrix, form, known, withKernels);
            return { ...columns.quantize(band), ...columns.errors(band) };
          });
          expect(made[1], `${name} ${JSON.stringify(form)}`).toEqual(made[0]);
        }
});
