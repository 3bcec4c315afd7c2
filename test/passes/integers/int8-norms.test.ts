/** int8: norms behind convolutions are folded into weights that are stored in 16 bits. */
import { describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { castTensor, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { randomWeights, relativeError } from '../../check-pass.js';
import { runModel } from '../../run-model.js';

const WIDTH = 24;

/** Layers of a convolution with a weight in 16 bits and a norm, which multiplies its channels by about 3 · scale. */
const layers = (count: number, { scale = 1, type = 'float16' as 'float16' | 'bfloat16', isRead = false } = {}): Model =>
  buildModel({ '': 17 }, (g) => {
    let x = g.input('x', 'float32', [1, WIDTH, 8, 8]);
    for (let n = 0; n < count; n++) {
      const weight = castTensor(randomWeights([WIDTH, WIDTH, 3, 3], 0.3, n + 1), type);
      const of = (seed: number, middle: number, by: number) =>
        g.constant(
          tensorOf(
            'float32',
            Array.from({ length: WIDTH }, (_, c) => by * (middle + 0.3 * Math.sin(c + 7 * (4 * n + seed)))),
          ),
        );
      const conv = g.op('Conv', [x, g.cast(g.constant(weight, `w${n}`), 'float32'), of(0, 0.5, 1)], {
        pads: [1, 1, 1, 1],
      });
      if (isRead) g.output(`read${n}`, conv);
      x = g.op('Relu', [g.op('BatchNormalization', [conv, of(1, 1, scale), of(2, 0, 1), of(3, 0, 1), of(4, 0.7, 1)])]);
    }
    g.output('y', x);
  });

const opsOf = ({ graph }: Model, opType: string): number => graph.nodes().filter((node) => node.is(opType)).length;

async function resultOf(before: Model, regional = true, keep: string[] = []) {
  const settings = { target: 'cpu', verify: 'none', regional } as const;
  const { model, report } = await optimize(before, [int8({ keep, share: 0.3 })], settings);
  const [pass] = report.passes;
  return {
    model,
    notes: pass?.notes.map(({ text }) => text) ?? [],
    skips: pass?.skips.map(({ reason }) => reason) ?? [],
  };
}

describe('norms behind weights in 16 bits', () => {
  it('are folded into the weight and a bias, which rounds less than 8 bits do', async () => {
    for (const type of ['float16', 'bfloat16'] as const) {
      const before = layers(2, { type });
      const { model, notes } = await resultOf(before);
      expect(opsOf(model, 'BatchNormalization')).toBe(0);
      expect(notes).toContain('norms folded into weights of 16 bits: 2');
      const x = randomWeights([1, WIDTH, 8, 8], 1, 9);
      const run = async (one: Model) => (await runModel(await writeModel(one), { x })).y as Tensor;
      // Two layers of 8 bits, each changed by about 0.004 of its norm: a norm that is folded wrongly changes them by far more.
      expect(relativeError(await run(model), await run(before))).toBeLessThan(0.01);
    }
  });

  it('stay where float16 would not hold the digits of the product, where the convolution is read, and where a user keeps it', async () => {
    const small = await resultOf(layers(1, { scale: 1e-6 }));
    expect(opsOf(small.model, 'BatchNormalization')).toBe(1);
    expect(small.skips).toContain('not folded into the weight before it: float16 would not hold all digits of that');
    expect(opsOf((await resultOf(layers(1, { isRead: true }))).model, 'BatchNormalization')).toBe(1);
    expect(opsOf((await resultOf(layers(1), true, ['Conv'])).model, 'BatchNormalization')).toBe(1);
  });

  it('are the same bytes where repeats are compiled once', async () => {
    const [whole, once] = await Promise.all([false, true].map((regional) => resultOf(layers(12), regional)));
    expect(opsOf(whole?.model as Model, 'BatchNormalization')).toBe(0);
    expect(await writeModel(once?.model as Model)).toEqual(await writeModel(whole?.model as Model));
  });
});
