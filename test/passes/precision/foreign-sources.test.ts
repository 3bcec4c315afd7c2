/** Models in floats that the CPU has no kernels for: they are compared all the same, and what a pass leaves of them runs. */
import { describe, expect, it } from 'vitest';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { castTensor, numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { randomFeeds, randomWeights } from '../../check-pass.js';
import { published } from '../../published.js';
import { runModel } from '../../run-model.js';

/** Two convolutions in one float, ports in float32. */
const convolutions = (elem: 'float32' | 'float64' | 'bfloat16'): Model =>
  buildModel({ '': 22 }, (g) => {
    const weight = (dims: readonly number[], seed: number) =>
      g.constant(castTensor(randomWeights(dims, 0.2, seed), elem), `w${seed}`);
    const x = g.cast(g.input('x', 'float32', [1, 8, 12, 12]), elem);
    const wide = g.op('Relu', [g.op('Conv', [x, weight([32, 8, 3, 3], 1)], { pads: [1, 1, 1, 1] })]);
    const y = g.op('Conv', [wide, weight([24, 32, 3, 3], 2)]);
    g.output('y', g.op('Cast', [y], { to: 1 }), 'float32');
  });

async function distance(a: Model, b: Model): Promise<number> {
  const feeds = randomFeeds(a);
  const outputOf = async (one: Model) => numbersOf((await runModel(await writeModel(one), feeds))?.y as Tensor);
  const [exact, found] = [await outputOf(a), await outputOf(b)];
  return Math.hypot(...exact.map((x, i) => x - (found[i] as number))) / Math.hypot(...exact);
}

describe('convolutions in float64, which onnxruntime has no kernel for', () => {
  it.each([
    ['half', 1e-3],
    ['quarter', 0.02],
  ] as const)('are compared, and %s is as near as from float32', async (passes, most) => {
    const { model, report } = await optimize(convolutions('float64'), passes, { target: 'cpu' });
    expect(report.verification.verdict).toMatchObject({ outcome: 'accepted' });
    expect(report.passes.filter(({ status }) => status === 'rolled back')).toEqual([]);
    // The numbers are those of float32, and Conv computes in it.
    expect(await distance(convolutions('float32'), model)).toBeLessThan(most);
  });
});

describe('a quantization of a bfloat16 model', () => {
  it.each(['int8:keep=*', 'int4:keep=*'])('%s leaves a model that runs, where it quantizes nothing', async (passes) => {
    const { model, report } = await optimize(convolutions('bfloat16'), passes, { target: 'cpu' });
    expect(report.passes[0]?.name).toBe('fp32');
    // Weights of bfloat16 have eight digits.
    expect(await distance(convolutions('float32'), model)).toBeLessThan(2 ** -7);
  });
});

describe('the same network from float32, in a 16-bit float, and stored in one', () => {
  const WIDTH = 32;
  /** Three convolutions, each with a norm behind it. */
  const original = buildModel({ '': 22 }, (g) => {
    let x = g.input('x', 'float32', [1, WIDTH, 8, 8]);
    for (let n = 0; n < 3; n++) {
      const vector = (seed: number, middle: number) =>
        g.constant(
          tensorOf(
            'float32',
            Array.from({ length: WIDTH }, (_, c) => middle + 0.3 * Math.sin(c + 7 * (4 * n + seed))),
          ),
        );
      const weight = g.constant(randomWeights([WIDTH, WIDTH, 3, 3], 0.1, n + 1), `w${n}`);
      const conv = g.op('Conv', [x, weight], { pads: [1, 1, 1, 1] });
      x = g.op('Relu', [g.op('BatchNormalization', [conv, vector(1, 1), vector(2, 0), vector(3, 0), vector(4, 0.7)])]);
    }
    g.output('y', x);
  });
  const optionsOf = { target: 'cpu', verify: 'none' } as const;

  it.each(['float16', 'bfloat16', 'half', 'bf16'] as const)(
    'becomes a file of as many bytes in quarter (%s)',
    async (form) => {
      const isStored = form === 'half' || form === 'bf16';
      const source = isStored ? (await optimize(original, form, optionsOf)).model : published(original, form);
      const [own, found] = await Promise.all(
        [original, source].map(async (one) => (await optimize(one, 'quarter', optionsOf)).model),
      );
      const [most, bytes] = [await writeModel(own as Model), await writeModel(found as Model)];
      // Ports keep their type, which takes a Cast each.
      expect(bytes.length).toBeLessThan(1.01 * most.length + 200);
      expect(found?.graph.nodes().some((node) => node.is('BatchNormalization'))).toBe(false);
    },
  );
});

it.each(['half', 'quarter', 'bf16', 'fp16:compute=true', 'int4'])(
  '%s makes float32 of bfloat16 that is only moved, where the CPU has no kernel for that',
  async (passes) => {
    const moved = buildModel({ '': 22 }, (g) => {
      const x = g.input('x', 'float32', [2, 3]);
      g.output('y', g.op('Dropout', [x]), 'float32', [2, 3]);
    });
    const { model } = await optimize(published(moved, 'bfloat16'), passes, { target: 'cpu', verify: 'none' });
    const x = randomWeights([2, 3]);
    const { y } = await runModel(await writeModel(model), { x });
    expect(numbersOf(y as Tensor)).toEqual(numbersOf(x));
  },
);
