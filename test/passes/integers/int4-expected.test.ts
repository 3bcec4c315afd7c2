/** int4 without inputs: what norms and weights say of activations, and what rounding makes of it; few rows of inputs are no reason to round worse. */
import { expect, it } from 'vitest';
import { int4 } from '../../../passes/int4.js';
import { expectedOf } from '../../../passes/precision/block/expected/expected.js';
import { MeanFeedback, TriangleFeedback } from '../../../passes/precision/block/feedback.js';
import { importanceOf } from '../../../passes/precision/block/importance.js';
import { type Product, productOf } from '../../../passes/precision/product.js';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { ActivationStatistics } from '../../../src/run/activations.js';
import { applyPass, opCounts, randomWeights } from '../../check-pass.js';
import { runModel } from '../../run-model.js';

const K = 64;
const ROWS = 512;

const weight = (g: GraphBuilder, shape: readonly number[], scale: number, seed: number): Value =>
  g.constant(randomWeights(shape, scale, seed), `w${seed}`);

/** A norm with a shift, and what stands between it and the product that is looked at. */
const behindNorm = (between: (g: GraphBuilder, normed: Value) => Value, isPlain = false): Model =>
  buildModel({ '': 20, 'com.microsoft': 1 }, (g) => {
    const x = g.input('x', 'float32', [ROWS, K]);
    const [scale, shift] = [weight(g, [K], 0.5, 5), weight(g, [K], 0.8, 6)];
    const centred = g.op('Sub', [x, g.op('ReduceMean', [x, g.ints(1)])]);
    const deviation = g.op('Sqrt', [g.op('ReduceMean', [g.op('Mul', [centred, centred]), g.ints(1)])]);
    const normed = isPlain
      ? g.op('Add', [g.op('Mul', [g.op('Div', [centred, deviation]), scale]), shift])
      : g.op('LayerNormalization', [x, scale, shift]);
    const inner = between(g, normed);
    g.output('inner', inner);
    g.output('y', g.op('MatMul', [inner, weight(g, [K, 32], 0.3, 9)]));
  });

const linear = (g: GraphBuilder, x: Value, seed = 7): Value =>
  g.op('Add', [g.op('MatMul', [x, weight(g, [K, K], 0.2, seed)]), weight(g, [K], 0.7, seed + 10)]);
const sigmoids = (g: GraphBuilder, x: Value): Value => g.op('Mul', [x, g.op('Sigmoid', [x])]);

it.each<readonly [string, Model]>([
  ['a norm', behindNorm((_, x) => x)],
  ['a norm in single steps', behindNorm((_, x) => x, true)],
  ['a layer and Gelu', behindNorm((g, x) => g.op('Gelu', [linear(g, x)]))],
  ['a layer and Relu', behindNorm((g, x) => g.op('Relu', [linear(g, x)]))],
  ['a gate of two layers', behindNorm((g, x) => g.op('Mul', [sigmoids(g, linear(g, x)), linear(g, x, 8)]))],
])('means and deviations behind %s are as the runtime gives them', async (_name, model) => {
  inferTypes(model);
  const last = model.graph.nodes().findLast((node) => node.is('MatMul'));
  const { feedback, meanSquares } = expectedOf(productOf(last as NonNullable<typeof last>) as Product);
  expect(feedback).toBeInstanceOf(MeanFeedback);
  const found = numbersOf(
    (await runModel(await writeModel(model), { x: randomWeights([ROWS, K], 1) }))['inner'] as Tensor,
  );
  let [difference, total] = [0, 0];
  for (let k = 0; k < K; k++) {
    let square = 0;
    for (let row = 0; row < ROWS; row++) square += (found[row * K + k] as number) ** 2 / ROWS;
    difference += (Math.sqrt(square) - Math.sqrt(meanSquares[k] as number)) ** 2;
    total += square;
  }
  // A mean of 512 rows is known to 1/√512 = 4 % of a deviation; products of a few channels have more in common than is told.
  expect(Math.sqrt(difference / total)).toBeLessThan(0.12);
});

it('feedback by means is that of the whole matrix', () => {
  const means = Float32Array.from({ length: 8 }, (_, k) => Math.sin(k + 1));
  const variances = Float32Array.from({ length: 8 }, (_, k) => 0.5 + (k % 3));
  const gram = Float32Array.from(
    { length: 64 },
    (_, at) =>
      (means[at >> 3] as number) * (means[at & 7] as number) + (at % 9 === 0 ? (variances[at >> 3] as number) : 0),
  );
  const [short, whole] = [new MeanFeedback(means, variances), new TriangleFeedback(gram, 8)];
  const errors = Float32Array.from({ length: 8 }, (_, k) => Math.cos(3 * k));
  for (let k = 0; k < 8; k++) {
    expect(short.importance[k]).toBeCloseTo(whole.importance[k] as number, 4);
    expect(short.carried(errors, k, 0, k)).toBeCloseTo(whole.carried(errors, k, 0, k), 4);
    expect(short.carried(errors, k, k >> 1, k)).toBeCloseTo(whole.carried(errors, k, k >> 1, k), 4);
    short.took(k, errors[k] as number);
  }
});

it('errors do not add up along the mean of what Relu gives', async () => {
  const model = (shift: number) =>
    buildModel({ '': 17, 'com.microsoft': 1 }, (g) => {
      const x = g.input('x', 'float32', [64, 256]);
      const ones = [1, shift].map((number) => g.constant('float32', new Array(256).fill(number), [256]));
      const normed = g.op('Relu', [g.op('LayerNormalization', [x, ...ones])]);
      g.output('y', g.op('MatMul', [normed, weight(g, [256, 64], 0.3, 3)]));
    });
  const relativeError = async (shift: number) => {
    const before = model(shift);
    const { model: after } = await applyPass(int4({ block: 128, minElements: 1024 }), before);
    expect(opCounts(after)).toMatchObject({ 'com.microsoft.MatMulNBits': 1 });
    const x = randomWeights([64, 256], 1, 11);
    const [a, b] = await Promise.all(
      [before, after].map(async (one) => numbersOf((await runModel(await writeModel(one), { x }))['y'] as Tensor)),
    );
    const [from, to] = [a as Float64Array, b as Float64Array];
    return Math.sqrt(from.reduce((sum, one, at) => sum + (one - (to[at] as number)) ** 2, 0) / (64 * 64));
  };
  // A mean of one beside deviations of 0.8 would nearly double the square of the error; without errors along it, it costs nothing.
  const [without, shifted] = [await relativeError(0), await relativeError(1)];
  expect(shifted / without).toBeLessThan(1.6);
});

it('correlations of few rows are chance, and count as none', () => {
  const statisticsOf = (rows: number): ActivationStatistics => {
    const statistics = new ActivationStatistics(K);
    const numbers = Float32Array.from(numbersOf(randomWeights([rows, K], 1, 3)));
    const products = new Float32Array(K * K);
    const sums = new Float32Array(K);
    for (let row = 0; row < rows; row++)
      for (let k = 0; k < K; k++) {
        const own = numbers[row * K + k] as number;
        sums[k] = (sums[k] as number) + own;
        for (let l = 0; l < K; l++)
          products[k * K + l] = (products[k * K + l] as number) + own * (numbers[row * K + l] as number);
      }
    statistics.addRows(sums, rows);
    statistics.takeGram(products);
    return statistics;
  };
  for (const rows of [8, 64, 1024]) {
    const statistics = statisticsOf(rows);
    const { means } = statistics;
    const importance = importanceOf(statistics, K);
    const errors = new Float32Array(K).fill(1);
    // What is left is the mean of so many rows.
    const most = means.reduce((sum, mean) => Math.max(sum, Math.abs(mean)), 0);
    for (let k = 1; k < K; k++)
      expect(Math.abs(importance?.feedback.carried(errors, k, k - 1, k) as number)).toBeLessThan(
        2 * most * most + 0.05,
      );
  }
});
