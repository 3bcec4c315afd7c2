/** fp16 where numbers pass 65504: what norms and weights foretell, what the user's inputs show, and numbers beside their own rounding. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vae } from '../../../fixtures/vae.js';
import { fp16 } from '../../../passes/fp16.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { applyPass, checkMiss, opCounts, randomFeeds, randomWeights, relativeError } from '../../check-pass.js';
import { published } from '../../published.js';
import { runModel, type Tensors } from '../../run-model.js';
import { runEmulated } from '../../validate/emulate/run-emulated.js';

const typesOf = (model: Model, opType: string): string =>
  model.graph
    .nodes()
    .filter((node) => node.is(opType))
    .map((node) => (node.output.elem === 'float16' ? 'h' : 'f'))
    .join('');

async function errorOf(before: Model, result: Model, feeds: Tensors): Promise<number> {
  const [expected, found] = [await runModel(await writeModel(before), feeds), await runEmulated(result, feeds)];
  return Math.max(...Object.entries(expected).map(([name, one]) => relativeError(found[name] as Tensor, one)));
}

describe.each(['webgpu', 'cuda'] as const)('an image decoder for %s', (target) => {
  it('whose blocks pass 65504 gives its image: these blocks alone are float32', async () => {
    const before = vae({ levels: [16, 32], groups: 8, channels: 4, gain: 3e4, seed: 1 });
    const feeds = randomFeeds(before, { batch: 1, height: 8, width: 8 });
    const { model, passes } = await applyPass(fp16(), before, target);
    expect(await errorOf(before, model, feeds)).toBeLessThan(2e-2);
    expect(typesOf(model, 'Conv')).toMatch(/^hhhhfhf+h+f*h*$/);
    // Input, output, and two at each norm, whose sums are float32; none more for the blocks, as these lie between two norms.
    expect(opCounts(model).Cast).toBe(2 + 2 * (opCounts(model).InstanceNormalization as number));
    // All in float16 the image is black.
    const black = await runEmulated(published(before, 'float16'), feeds);
    expect(numbersOf(black['sample'] as Tensor).every(Number.isFinite)).toBe(false);
    expect(passes[0]?.skips.map(({ reason }) => reason).join()).toContain(
      'by the size of the weights since the last norm',
    );
  });

  it('whose numbers are ordinary is float16 from end to end', async () => {
    const before = vae({ levels: [16, 32], groups: 8, channels: 4, seed: 1 });
    const { model, passes } = await applyPass(fp16(), before, target);
    expect(typesOf(model, 'Conv')).toMatch(/^h+$/);
    expect(passes[0]?.skips.map(({ reason }) => reason).join()).not.toContain('range');
  });
});

describe('numbers that only inputs show', () => {
  /** Two products, of which the first is as large as the input, and a norm. */
  const before = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['n', 16]);
    const large = g.op('MatMul', [x, g.constant(randomWeights([16, 32], 0.5), 'w')]);
    const ones = [1, 0].map((number) => g.constant('float32', new Array(32).fill(number)));
    const turned = g.op('Reshape', [g.op('Relu', [large]), g.ints(-1, 32)]);
    const normed = g.op('LayerNormalization', [turned, ...ones]);
    g.output('y', g.op('MatMul', [normed, g.constant(randomWeights([32, 16], 0.2, 3), 'v')]), 'float32');
  });
  const rows = Array.from({ length: 4 }, (_, row) => Array.from({ length: 16 }, (_, i) => 4e4 * Math.sin(7 * row + i)));

  it('stay float32, with the reason', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-range-'));
    try {
      writeFileSync(join(folder, '0.json'), JSON.stringify({ x: rows }));
      const { model, report } = await optimize(before, [fp16()], { target: 'cuda', verify: 'none', inputs: folder });
      expect(typesOf(model, 'MatMul')).toBe('fh');
      expect(report.passes[0]?.skips.map(({ reason }) => reason).join()).toContain('on the given inputs');
      expect(await errorOf(before, model, { x: tensorOf('float32', rows.flat(), [4, 16]) })).toBeLessThan(5e-3);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const { model } = await optimize(before, [fp16()], { target: 'cuda', verify: 'none' });
    expect(typesOf(model, 'MatMul')).toBe('hh');
  });
});

describe('numbers whose range is known', () => {
  const layerOf = (g: GraphBuilder, x: Value, shape: readonly number[], seed: number, scale = 0.2): Value =>
    g.op('MatMul', [x, g.constant(randomWeights(shape, scale, seed), `w${seed}`)]);

  it.each<[string, (g: GraphBuilder, x: Value) => Value]>([
    ['probabilities', (g, x) => g.op('Mul', [g.op('Sigmoid', [x]), g.constant('float32', 20_000)])],
    [
      'clipped numbers',
      (g, x) =>
        g.op('Mul', [
          g.op('Clip', [x, g.constant('float32', -1), g.constant('float32', 2)]),
          g.constant('float32', 30_000),
        ]),
    ],
    // A row of the weight adds up to some 30,000, of 16 numbers of which a normal one may be large.
    ['a layer of probabilities', (g, x) => layerOf(g, g.op('Sigmoid', [x]), [16, 16], 4, 3000)],
  ])('%s stay float16 as far as they go', async (_name, between) => {
    const before = buildModel({ '': 17 }, (g) => {
      const inner = between(g, layerOf(g, g.input('x', 'float32', [8, 16]), [16, 16], 1));
      const ones = [1, 0].map((number) => g.constant('float32', new Array(16).fill(number)));
      g.output('y', layerOf(g, g.op('LayerNormalization', [inner, ...ones]), [16, 16], 2), 'float32');
    });
    const { model, passes } = await applyPass(fp16(), before, 'cuda');
    expect(typesOf(model, 'MatMul')).toMatch(/^h+$/);
    expect(passes[0]?.skips.map(({ reason }) => reason).join()).not.toContain('range');
    expect(await errorOf(before, model, { x: randomWeights([8, 16]) })).toBeLessThan(1e-2);
  });

  it('pictures of bytes are as large as bytes', async () => {
    const pictures = (elem: 'uint8' | 'float32') =>
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', elem, [1, 3, 8, 8]);
        const wide = elem === 'float32' ? x : g.op('Cast', [x], { to: 1 });
        const large = g.op('Conv', [wide, g.constant(randomWeights([16, 3, 3, 3], 300), 'w')], { pads: [1, 1, 1, 1] });
        const small = g.op('Tanh', [g.op('Mul', [large, g.constant('float32', 1e-5)])]);
        g.output('y', g.op('Conv', [small, g.constant(randomWeights([8, 16, 3, 3], 0.2, 2), 'v')]), 'float32');
      });
    const { model } = await applyPass(fp16(), pictures('uint8'), 'cuda');
    expect(typesOf(model, 'Conv')).toBe('fh');
    const bytes = tensorOf(
      'uint8',
      Array.from({ length: 192 }, (_, i) => (i * 37) % 256),
      [1, 3, 8, 8],
    );
    expect(await errorOf(pictures('uint8'), model, { x: bytes })).toBeLessThan(1e-2);
    // Of floats the usual is expected.
    expect(typesOf((await applyPass(fp16(), pictures('float32'), 'cuda')).model, 'Conv')).toBe('hh');
  });

  it('scores of queries and keys that pass it are float32, what the Softmax gives is float16', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const ones = [1, 0].map((number) => g.constant('float32', new Array(16).fill(number)));
      const x = g.op('LayerNormalization', [g.input('x', 'float32', [8, 16]), ...ones]);
      const [q, k, v] = [50, 50, 0.2].map((scale, at) => layerOf(g, x, [16, 16], at + 1, scale)) as [
        Value,
        Value,
        Value,
      ];
      const scores = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [1, 0] })]);
      const weights = g.op('Softmax', [g.op('Mul', [scores, g.constant('float32', 1e-5)])]);
      g.output('y', g.op('MatMul', [weights, v]), 'float32');
    });
    const { model } = await applyPass(fp16(), before, 'cuda');
    expect(typesOf(model, 'MatMul')).toBe('hhhfh');
    expect(await errorOf(before, model, { x: randomWeights([8, 16]) })).toBeLessThan(1e-2);
  });
});

describe('numbers beside their own rounding', () => {
  const layer = (g: GraphBuilder, scale: number): Value =>
    g.op('MatMul', [g.input('x', 'float32', [8, 16]), g.constant(randomWeights([16, 16], scale), 'w')]);
  const last = (g: GraphBuilder, value: Value): Value =>
    g.op('MatMul', [value, g.constant(randomWeights([16, 16], 0.2, 3), 'v')]);

  it.each<[string, (g: GraphBuilder, value: Value) => Value]>([
    ['a fraction', (g, value) => g.op('Sub', [value, g.op('Floor', [value])])],
    [
      'a comparison with integers',
      (g, value) => {
        const whole = g.op('Cast', [g.op('Cast', [value], { to: 7 })], { to: 1 });
        return g.op('Where', [g.op('Equal', [whole, value]), g.constant('float32', 1), g.op('Tanh', [value])]);
      },
    ],
  ])('%s is computed in float32 from its layer on', async (_name, beside) => {
    const before = buildModel({ '': 17 }, (g) => g.output('y', last(g, beside(g, layer(g, 300))), 'float32'));
    const { model } = await applyPass(fp16(), before, 'cuda');
    expect(typesOf(model, 'MatMul')).toBe('fh');
    expect(await errorOf(before, model, { x: randomWeights([8, 16]) })).toBeLessThan(5e-3);
  });

  it('the rounding of another number is none', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const [a, b] = [layer(g, 1), g.input('other', 'float32', [8, 16])];
      g.output('y', last(g, g.op('Sub', [a, g.op('Floor', [b])])), 'float32');
    });
    const { model } = await applyPass(fp16(), before, 'cuda');
    expect(typesOf(model, 'MatMul')).toBe('hh');
  });

  it('a transform of a signal stays float32', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [1, 64, 1]);
      g.output('y', g.op('STFT', [x, g.constant('int64', 16), undefined, g.constant('int64', 32)]), 'float32');
    });
    await checkMiss(fp16(), { before, target: 'cuda', reason: 'sums over whole signals' });
  });
});
