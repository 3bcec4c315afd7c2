/** fp16 in real float16 arithmetic: what overflows, vanishes or changes places there stays float32. */
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fp16 } from '../../../passes/fp16.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Target } from '../../../src/ir/targets/targets.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { applyPass, generator, randomWeights, relativeError } from '../../check-pass.js';
import { collection, modelFolders } from '../../models.js';
import { runModel, type Tensors } from '../../run-model.js';
import { storedTensors } from '../../stored-data.js';
import { runEmulated } from '../../validate/emulate/run-emulated.js';

/** The largest error of any output of the pass's result in float16, NaN being infinite. */
async function errorOf(before: Model, feeds: Tensors, options = {}, target: Target = 'cuda') {
  const { model } = await applyPass(fp16({ compute: true, ...options }), before, target);
  const expected = await runModel(await writeModel(before), feeds);
  const found = await runEmulated(model, feeds);
  const errors = Object.entries(expected).map(([name, one]) => relativeError(found[name] as Tensor, one));
  return { error: Math.max(...errors), model, found };
}

const typeOf = (model: Model, opType: string) =>
  model.graph
    .nodes()
    .filter((node) => node.is(opType))
    .map((node) => node.output.elem);

const weights = (g: GraphBuilder, shape: number[], scale: number, seed = 2) =>
  g.constant(randomWeights(shape, scale, seed));
const rows = (shape: number[], scale = 1, seed = 5) => randomWeights(shape, scale, seed);

describe('masks of float16', () => {
  const LOWEST = -3.4028234663852886e38;

  /** softmax(x · xᵀ − 30 + masks) · x, of which `masked` writes the part before the Softmax. */
  const attention = (masked: (g: GraphBuilder, scores: Value, hides: Value) => Value) =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 16]);
      const hidden = g.op('MatMul', [x, weights(g, [16, 16], 0.2)]);
      const scores = g.op('Sub', [
        g.op('MatMul', [hidden, g.op('Transpose', [hidden], { perm: [1, 0] })]),
        g.constant('float32', 30),
      ]);
      const weighed = g.op('Softmax', [masked(g, scores, g.input('hides', 'bool', [4, 4]))], { axis: -1 });
      g.output('y', g.op('MatMul', [weighed, hidden]));
    });
  // The first row is masked as a whole, the second in part.
  const hides = tensorOf('bool', [1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0], [4, 4]);
  const feeds = { x: rows([4, 16]), hides };

  it.each([
    [
      'a sum clamped to the lowest number',
      (g, scores, hides) => {
        const mask = g.op('Where', [hides, g.constant('float32', LOWEST), g.constant('float32', 0)]);
        return g.op('Max', [g.op('Add', [scores, g.op('Add', [mask, mask])]), g.constant('float32', LOWEST)]);
      },
    ],
    [
      "a mask of float16's own lowest number",
      (g, scores, hides) =>
        g.op('Add', [scores, g.op('Where', [hides, g.constant('float32', -65504), g.constant('float32', 0)])]),
    ],
    [
      'two masks one after the other',
      (g, scores, hides) => {
        const mask = g.op('Where', [hides, g.constant('float32', -1e30), g.constant('float32', 0)]);
        return g.op('Add', [g.op('Add', [scores, mask]), mask]);
      },
    ],
    [
      'a product with −1e9',
      (g, scores, hides) =>
        g.op('Add', [scores, g.op('Mul', [g.op('Cast', [hides], { to: 1 }), g.constant('float32', -1e9)])]),
    ],
  ] as [string, (g: GraphBuilder, scores: Value, hides: Value) => Value][])(
    '%s: no NaN, and rows that see something are right',
    async (_name, masked) => {
      for (const target of ['cpu', 'cuda', 'webgpu'] as const) {
        const before = attention(masked);
        const { y } = (await errorOf(before, feeds, {}, target)).found;
        const expected = (await runModel(await writeModel(before), feeds))['y'] as Tensor;
        const numbers = numbersOf(y as Tensor);
        expect(numbers.every(Number.isFinite)).toBe(true);
        const seen = (all: Float64Array) => tensorOf('float32', all.slice(16));
        expect(relativeError(seen(numbers), seen(numbersOf(expected)))).toBeLessThan(5e-3);
      }
    },
  );
});

describe('what grows beyond 65504', () => {
  /** (x − mean) / deviation between two products; numbers of a size whose squares no float16 holds. */
  const norm = (deviation: (g: GraphBuilder, centred: Value) => Value) =>
    buildModel({ '': 17 }, (g) => {
      const hidden = g.op('MatMul', [g.input('x', 'float32', [4, 64]), weights(g, [64, 64], 0.2)]);
      const centred = g.op('Sub', [hidden, g.op('ReduceMean', [hidden], { axes: [-1] })]);
      g.output('y', g.op('MatMul', [g.op('Div', [centred, deviation(g, centred)]), weights(g, [64, 8], 0.2, 3)]));
    });
  const feeds = { x: rows([4, 64], 1500) };
  const epsilon = (g: GraphBuilder) => g.constant('float32', 1e-5);

  it.each([
    [
      'Pow',
      (g, x) =>
        g.op('Sqrt', [
          g.op('Add', [g.op('ReduceMean', [g.op('Pow', [x, g.constant('float32', 2)])], { axes: [-1] }), epsilon(g)]),
        ]),
    ],
    [
      'a product with itself',
      (g, x) => g.op('Sqrt', [g.op('Add', [g.op('ReduceMean', [g.op('Mul', [x, x])], { axes: [-1] }), epsilon(g)])]),
    ],
    [
      'a sum of squares',
      (g, x) =>
        g.op('Sqrt', [g.op('Mul', [g.op('ReduceSumSquare', [x], { axes: [-1] }), g.constant('float32', 1 / 64)])]),
    ],
    [
      'a power of −0.5',
      (g, x) => {
        const mean = g.op('ReduceMean', [g.op('Mul', [x, x])], { axes: [-1] });
        return g.op('Reciprocal', [g.op('Pow', [g.op('Add', [mean, epsilon(g)]), g.constant('float32', -0.5)])]);
      },
    ],
  ] as [string, (g: GraphBuilder, x: Value) => Value][])(
    'a variance by %s stays float32, the products do not',
    async (_name, deviation) => {
      const { error, model } = await errorOf(norm(deviation), feeds);
      expect(error).toBeLessThan(5e-3);
      expect(typeOf(model, 'MatMul')).toEqual(['float16', 'float16']);
    },
  );

  it('numbers over their sum are small again: the product behind them is float16', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const scores = g.op('MatMul', [g.input('x', 'float32', [4, 16]), weights(g, [16, 16], 0.8)]);
      const powers = g.op('Exp', [scores]);
      const shares = g.op('Div', [powers, g.op('ReduceSum', [powers, g.ints(-1)])]);
      g.output('y', g.op('MatMul', [shares, weights(g, [16, 8], 0.2, 3)]));
    });
    const { error, model } = await errorOf(before, { x: rows([4, 16], 3) });
    expect(error).toBeLessThan(2e-2);
    expect(typeOf(model, 'MatMul')).toEqual(['float16', 'float16']);
  });

  it('a spectrum under a logarithm stays float32 back to its transform, for samples of 16 bits', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const sound = g.input('x', 'float32', [1, 1, 400]);
      const [cosine, sine] = [1, 2].map((seed) =>
        g.op('Conv', [sound, weights(g, [9, 1, 64], 1, seed)], { strides: [16] }),
      );
      const power = g.op('Add', [g.op('Mul', [cosine!, cosine!]), g.op('Pow', [sine!, g.constant('float32', 2)])]);
      const bank = g.constant(
        'float32',
        Array.from({ length: 45 }, (_, i) => (i % 4) / 4),
        [5, 9],
      );
      const mel = g.op('Log', [g.op('Clip', [g.op('MatMul', [bank, power]), g.constant('float32', 1e-10)])]);
      g.output('y', g.op('Conv', [mel, weights(g, [8, 5, 3], 0.3)]));
    });
    const next = generator(9);
    const x = tensorOf(
      'float32',
      Array.from({ length: 400 }, () => Math.round((next() * 2 - 1) * 32768)),
      [1, 1, 400],
    );
    const { error, model } = await errorOf(before, { x });
    expect(error).toBeLessThan(5e-3);
    expect(typeOf(model, 'Conv')).toEqual(['float32', 'float32', 'float16']);
  });

  it('is found where nothing foretells it, and keep mends it at the node', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const hidden = g.op('MatMul', [g.input('x', 'float32', [4, 64]), weights(g, [64, 64], 1)]);
      const large = g.op('MatMul', [hidden, weights(g, [64, 64], 1)], {}, { name: 'large' });
      g.output('y', g.op('Tanh', [g.op('Mul', [large, g.constant('float32', 1e-5)], {}, { name: 'small' })]));
    });
    const feeds = { x: rows([4, 64], 2000) };
    const { found } = await errorOf(before, feeds);
    const expected = (await runModel(await writeModel(before), feeds))['y'] as Tensor;
    expect(relativeError(found['y'] as Tensor, expected)).toBeGreaterThan(0.1);
    expect((await errorOf(before, feeds, { keep: ['large', 'small'] })).error).toBeLessThan(5e-3);
  });
});

describe('what a number out of range does not spread to', () => {
  it('a layer behind a tiny scale and an ordinary shift is float16', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const hidden = g.op('MatMul', [g.input('x', 'float32', [4, 32]), weights(g, [32, 32], 0.2)]);
      const scaled = g.op('Mul', [hidden, g.constant('float32', 1e-9)]);
      const shifted = g.op('Add', [scaled, weights(g, [32], 1, 7)]);
      g.output('y', g.op('MatMul', [g.op('Relu', [shifted]), weights(g, [32, 8], 0.2, 3)]));
    });
    const { error, model } = await errorOf(before, { x: rows([4, 32]) });
    expect(error).toBeLessThan(3e-3);
    expect(typeOf(model, 'MatMul')).toEqual(['float16', 'float16']);
    expect(typeOf(model, 'Mul')).toEqual(['float32']);
  });

  it('a layer behind a batch norm of large variances is float16', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const map = g.op('Conv', [g.input('x', 'float32', [1, 3, 8, 8]), weights(g, [4, 3, 1, 1], 100)]);
      const norm = [
        [1, 1, 1, 1],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [1e5, 2e5, 9e4, 1e5],
      ].map((one) => g.constant('float32', one));
      const even = g.op('BatchNormalization', [map, ...norm]);
      g.output('y', g.op('Conv', [even, weights(g, [2, 4, 1, 1], 0.5)]));
    });
    const { error, model } = await errorOf(before, { x: rows([1, 3, 8, 8]) });
    expect(error).toBeLessThan(3e-3);
    expect(typeOf(model, 'Conv')).toEqual(['float16', 'float16']);
    expect(typeOf(model, 'BatchNormalization')).toEqual(['float32']);
  });
});

describe('what the last digits decide', () => {
  it('ranks come from a layer of float32, whose input may be rounded', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [1, 300, 32]);
      const hidden = g.op('Relu', [g.op('MatMul', [x, weights(g, [32, 32], 0.2)])]);
      const scores = g.op('Sigmoid', [g.op('MatMul', [hidden, weights(g, [32, 8], 0.2, 3)])]);
      const best = g.node(
        'TopK',
        [g.op('ReduceMax', [scores], { axes: [-1], keepdims: 0 }), g.ints(20)],
        {},
        { outputs: 2 },
      );
      g.output('places', best.outputs[1] as Value);
      g.output('hidden', g.op('MatMul', [hidden, weights(g, [32, 4], 0.2, 4)]));
    });
    const { model } = await errorOf(before, { x: rows([1, 300, 32]) });
    expect(typeOf(model, 'Sigmoid')).toEqual(['float32']);
    expect(typeOf(model, 'MatMul').sort()).toEqual(['float16', 'float16', 'float32']);
  });

  it('a vocabulary is too large for that: its product is float16, the sums behind it are not', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [1, 64]);
      const logits = g.op('MatMul', [x, weights(g, [64, 20_000], 0.1)]);
      g.output(
        'places',
        g.node('TopK', [g.op('Add', [logits, g.constant('float32', 1)]), g.ints(5)], {}, { outputs: 2 })
          .outputs[1] as Value,
      );
    });
    const { model } = await applyPass(fp16({ compute: true }), before, 'cuda');
    expect(typeOf(model, 'MatMul')).toEqual(['float16']);
    expect(typeOf(model, 'Add')).toEqual(['float32']);
  });

  it('places in an image are computed in float32 from their layer on', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const image = g.op('Conv', [g.input('image', 'float32', [1, 3, 64, 64]), weights(g, [8, 3, 1, 1], 0.5)]);
      const offsets = g.op('MatMul', [g.input('x', 'float32', [1, 10, 32]), weights(g, [32, 2], 0.2)]);
      const grid = g.op('Unsqueeze', [
        g.op('Add', [g.op('Mul', [offsets, g.constant('float32', 0.1)]), g.input('at', 'float32', [1, 10, 2])]),
        g.ints(1),
      ]);
      g.output('y', g.op('Conv', [g.op('GridSample', [image, grid]), weights(g, [8, 8, 1, 1], 0.5)]));
    });
    const next = generator(3);
    const at = tensorOf(
      'float32',
      Array.from({ length: 20 }, () => next() * 1.8 - 0.9),
      [1, 10, 2],
    );
    const { error, model } = await errorOf(before, { image: rows([1, 3, 64, 64]), x: rows([1, 10, 32], 1, 6), at });
    expect(error).toBeLessThan(3e-3);
    expect(typeOf(model, 'MatMul')).toEqual(['float32']);
    expect(typeOf(model, 'Conv')).toEqual(['float16', 'float16']);
  });

  it('statistics of whole maps are float32', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const map = g.op('Conv', [g.input('x', 'float32', [1, 3, 32, 32]), weights(g, [8, 3, 1, 1], 0.5)]);
      const one = g.op('InstanceNormalization', [
        map,
        g.constant('float32', Array(8).fill(1)),
        g.constant('float32', Array(8).fill(0)),
      ]);
      g.output('y', g.op('Conv', [one, weights(g, [8, 8, 1, 1], 0.5)]));
    });
    const { error, model } = await errorOf(before, { x: rows([1, 3, 32, 32], 100) });
    expect(error).toBeLessThan(3e-3);
    expect(typeOf(model, 'InstanceNormalization')).toEqual(['float32']);
  });
});

const folders = modelFolders(collection('cases')).filter((folder) =>
  /clamp|finfo|outliers|pool-normalize|instancenorm|vits|gridsample|resize-sizes|fp16-qdq|topk/.test(basename(folder)),
);

describe.runIf(folders.length > 0)('models of public reports', () => {
  it.each(folders.map((folder) => [basename(folder), folder]))('%s', async (_name, folder) => {
    const before = await readModel(join(folder, 'model.onnx'));
    for (const target of ['cpu', 'cuda'] as const) {
      const { error } = await errorOf(before, storedTensors(folder, 'input'), {}, target);
      expect(error, target).toBeLessThan(5e-3);
    }
  });
});
