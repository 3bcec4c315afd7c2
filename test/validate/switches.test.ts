/** Weights that switches of one session replace, and what is chosen by it. */
import { afterAll, describe, expect, it } from 'vitest';
import { int8 } from '../../passes/int8.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { castTensor, numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { closeRuntime } from '../../src/on-demand.js';
import { optimize } from '../../src/optimize.js';
import type { OutputError } from '../../src/run/trials.js';
import { createVerifier } from '../../src/validate/verifier.js';
import { randomWeights } from '../check-pass.js';

afterAll(closeRuntime);

/** The second layer counts a thousand times as much as the first. */
const layers = (type: 'float32' | 'float16' = 'float32'): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [1, 8, 12, 12]);
    const layer = (name: string, seed: number) =>
      g.op('Conv', [x, g.cast(g.constant(castTensor(randomWeights([16, 8, 3, 3], 9, seed), type), name), 'float32')]);
    g.output('y', g.op('Add', [g.op('Mul', [layer('w1', 1), g.constant('float32', 1e-3)]), layer('w2', 2)]));
  });

const weightOf = ({ graph }: Model, name: string) => [...graph.constants].find((one) => one.name === name) ?? fail();
const fail = (): never => expect.fail('no such weight');
const coarse = (tensor: Tensor): Tensor =>
  tensorOf(
    'float32',
    numbersOf(tensor).map((one) => Math.round(8 * one) / 8),
    tensor.shape,
  );

describe('switches', () => {
  it.each(['float32', 'float16'] as const)('stand for the weights that they replace: %s', async (type) => {
    const model = layers(type);
    const steady = createVerifier().steady;
    const alternatives = ['w1', 'w2'].map((name) => {
      const value = weightOf(model, name);
      return { value, tensor: coarse(value.tensor as Tensor) };
    });
    const both = await steady?.switched(model, alternatives, async (errorsWith) => [
      await errorsWith([0]),
      await errorsWith([1]),
      await errorsWith([0, 1]),
      await errorsWith([]),
    ]);
    const worst = (errors?: readonly (OutputError | undefined)[]) =>
      Math.max(...(errors ?? []).map((one) => one?.error ?? 0));
    const [first, second, all, none] = (both ?? []).map(worst) as [number, number, number, number];
    for (const [names, found] of [
      [['w1'], first],
      [['w2'], second],
      [['w1', 'w2'], all],
    ] as const) {
      const changed = cloneModel(model);
      for (const name of names) {
        const value = weightOf(changed, name);
        value.tensor = castTensor(coarse(value.tensor as Tensor), type);
      }
      // The sum of a weight and a difference is off by the last bit.
      expect(found / worst(await steady?.errors(model, changed))).toBeCloseTo(1, 3);
    }
    expect(none).toBe(0);
    expect(second / first).toBeGreaterThan(100);
  });

  it('say where 16 bits are worth their bytes', async () => {
    const before = layers();
    const { model } = await optimize(before, [int8({ share: 0.45 })], { target: 'cpu', verify: 'end' });
    const typeOf = (name: string) => weightOf(model, name).tensor?.type;
    expect([typeOf('w1'), typeOf('w2')]).toEqual(['int8', 'float16']);
    // Without a runtime the first is as good as the second.
    const blind = await optimize(before, [int8({ share: 0.45 })], { target: 'cpu', verify: 'none' });
    expect(weightOf(blind.model, 'w1').tensor?.type).toBe('float16');
  });
});
