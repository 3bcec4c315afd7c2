/** int8: weights of products are rounded such that the mean of what they multiply passes, known from a norm or from inputs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { optimize } from '../../../src/optimize.js';
import { randomWeights } from '../../check-pass.js';

const folder = mkdtempSync(join(tmpdir(), 'means-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [K, N] = [256, 48];
const means = numbersOf(randomWeights([K], 1.5, 1));
const weight = randomWeights([K, N], 0.2, 2);

const normed = (scale: number, shifts: readonly number[]): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [4, K]);
    const scales = g.constant('float32', new Array(K).fill(scale), [K]);
    const norm = g.op('LayerNormalization', [x, scales, g.constant('float32', shifts, [K])]);
    g.output('y', g.op('MatMul', [norm, g.constant(weight, 'weight')]));
  });

const plain = (): Model =>
  buildModel({ '': 17 }, (g) => {
    g.output('y', g.op('MatMul', [g.input('x', 'float32', [4, K]), g.constant(weight, 'weight')]));
  });

/** The norm of what the means lose in the product, over what weights rounded by themselves would lose. */
async function lossOf(model: Model, inputs?: string): Promise<number> {
  const settings = { target: 'cpu', verify: 'none', targetCpu: 'vnni', ...(inputs && { inputs }) } as const;
  const result = (await optimize(model, [int8()], settings)).model;
  const [bytes, scales] = (['weight_int8', 'weight_scale'] as const).map((name) =>
    numbersOf([...result.graph.constants].find((value) => value.name === name)?.tensor as Tensor),
  ) as unknown as readonly [Float64Array, Float64Array];
  const numbers = numbersOf(weight);
  let [lost, plainly] = [0, 0];
  for (let n = 0; n < N; n++) {
    let sum = 0;
    for (let k = 0; k < K; k++) {
      const at = k * N + n;
      sum += (means[k] as number) * ((numbers[at] as number) - (bytes[at] as number) * (scales[n] as number));
      plainly += ((means[k] as number) * (scales[n] as number)) ** 2 / 12;
    }
    lost += sum ** 2;
  }
  return Math.sqrt(lost / plainly);
}

it('knows the mean of what a norm gives', async () => {
  expect(await lossOf(normed(1, [...means]))).toBeLessThan(0.2);
  // Means that are another's are no better than none.
  expect(await lossOf(normed(1, [...means].reverse()))).toBeGreaterThan(0.7);
});

it('knows the mean of the inputs given', async () => {
  const to = join(folder, 'given');
  mkdirSync(to);
  for (let seed = 0; seed < 8; seed++) {
    const numbers = numbersOf(randomWeights([4, K], 1, 10 + seed)).map((one, at) => one + (means[at % K] as number));
    const x = [0, 1, 2, 3].map((row) => [...numbers.slice(row * K, (row + 1) * K)]);
    writeFileSync(join(to, `${seed}.json`), JSON.stringify({ x }));
  }
  expect(await lossOf(plain(), to)).toBeLessThan(0.3);
  expect(await lossOf(plain())).toBeGreaterThan(0.7);
});

it('takes shifts that are no numbers for unknown ones', async () => {
  const shifts = [...means];
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, 1e38]) {
    shifts[3] = odd;
    expect(await lossOf(normed(1, shifts))).toBeLessThan(1.5);
  }
});
