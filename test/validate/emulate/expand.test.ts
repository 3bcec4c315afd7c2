import { describe, expect, it } from 'vitest';
import { float } from '../../../src/ir/attribute.js';
import { buildModel } from '../../../src/ir/build.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { relativeError } from '../../check-pass.js';
import { runModel } from '../../run-model.js';
import { runEmulated, spread } from './run-emulated.js';

describe('kernels that only GPUs have', () => {
  const microsoft = { domain: 'com.microsoft' };

  it('GroupNorm, with a skip and without, channels last, with SiLU', async () => {
    const [count, height, channels, groups] = [2, 3, 8, 2];
    const shape = [count, height, height, channels];
    const size = count * height * height * channels;
    const x = tensorOf('float32', spread(size, 1), shape);
    const skip = tensorOf('float32', spread(size, 2), shape);
    const [scale, shift, bias] = [3, 4, 5].map((seed) => tensorOf('float32', spread(channels, seed))) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const attributes = { groups, epsilon: float(1e-5), activation: 1, channels_last: 1 };
    const model = buildModel({ '': 17, 'com.microsoft': 1 }, (g) => {
      const [a, b] = ['x', 'skip'].map((name) => g.input(name, 'float32', shape)) as [Value, Value];
      const [m, s, c] = [scale, shift, bias].map((one) => g.constant(one)) as [Value, Value, Value];
      g.output('y', g.op('GroupNorm', [a, m, s], attributes, microsoft));
      const skipped = g.node('SkipGroupNorm', [a, m, s, b, c], attributes, { ...microsoft, outputs: 2 });
      g.output('z', skipped.outputs[0] as Value);
      g.output('sum', skipped.outputs[1] as Value);
    });
    const found = await runEmulated(model, { x, skip });
    const sums = tensorOf(
      'float32',
      numbersOf(x).map((one, i) => one + numbersOf(skip)[i]! + numbersOf(bias)[i % channels]!),
      shape,
    );
    const normed = (all: Tensor) => tensorOf('float32', groupNorm([...numbersOf(all)]), shape);
    const groupNorm = (all: number[]): number[] => {
      const groupOf = (i: number) =>
        Math.floor(i / (height * height * channels)) * groups + Math.floor((i % channels) / (channels / groups));
      return all.map((one, i) => {
        const own = all.filter((_, at) => groupOf(at) === groupOf(i));
        const mean = own.reduce((a, b) => a + b) / own.length;
        const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / own.length;
        const y =
          ((one - mean) / Math.sqrt(variance + 1e-5)) * numbersOf(scale)[i % channels]! +
          numbersOf(shift)[i % channels]!;
        return y / (1 + Math.exp(-y));
      });
    };
    expect(relativeError(found['y'] as Tensor, normed(x))).toBeLessThan(1e-5);
    expect(relativeError(found['sum'] as Tensor, sums)).toBeLessThan(1e-6);
    expect(relativeError(found['z'] as Tensor, normed(sums))).toBeLessThan(1e-5);
  });

  it('BiasSplitGelu, BiasAdd and NhwcConv', async () => {
    const x = tensorOf('float32', spread(24), [1, 4, 6]);
    const image = tensorOf('float32', spread(2 * 25), [1, 5, 5, 2]);
    const bias = tensorOf('float32', spread(6, 2));
    const weights = tensorOf('float32', spread(3 * 9 * 2, 3), [3, 3, 3, 2]);
    const build = (isWritten: boolean) =>
      buildModel({ '': 17, 'com.microsoft': 1 }, (g) => {
        const [a, picture] = [g.input('x', 'float32', [1, 4, 6]), g.input('image', 'float32', [1, 5, 5, 2])];
        const [b, w] = [g.constant(bias), g.constant(weights)];
        if (!isWritten) {
          g.output('gelu', g.op('BiasSplitGelu', [a, b], {}, microsoft));
          g.output('sum', g.op('BiasAdd', [a, b, a], {}, microsoft));
          g.output('conv', g.op('NhwcConv', [picture, w], { pads: [1, 1, 1, 1] }, microsoft));
          return;
        }
        const sum = g.op('Add', [a, b]);
        const [left, right] = g.node('Split', [sum], { axis: 2 }, { outputs: 2 }).outputs as [Value, Value];
        g.output('gelu', g.op('Mul', [left, g.op('Gelu', [right], {}, microsoft)]));
        g.output('sum', g.op('Add', [sum, a]));
        const first = (value: Value) => g.op('Transpose', [value], { perm: [0, 3, 1, 2] });
        const conv = g.op('Conv', [first(picture), first(w)], { pads: [1, 1, 1, 1] });
        g.output('conv', g.op('Transpose', [conv], { perm: [0, 2, 3, 1] }));
      });
    const expected = await runModel(await writeModel(build(true)), { x, image });
    const found = await runEmulated(build(false), { x, image });
    for (const name of ['gelu', 'sum', 'conv'])
      expect(relativeError(found[name] as Tensor, expected[name] as Tensor)).toBeLessThan(1e-6);
  });
});
