/** int8: biases take back what rounded convolutions add to the means of their channels, as made-up pictures tell. */
import { describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { shiftsWorthTaking } from '../../../passes/precision/moments/worth.js';
import type { StoredWeight } from '../../../passes/precision/weights/decode.js';
import { storedIn } from '../../../passes/precision/weights/forms.js';
import { roundedTo } from '../../../passes/precision/weights/half-floats.js';
import { type WeightSite, weightSites } from '../../../passes/precision/weights/sites.js';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { castTensor, numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { passContext } from '../../../src/run/context.js';
import { trialsBy } from '../../../src/run/verify/trials.js';
import { kernelsOf } from '../../../src/runtime/kernels-of.js';
import { picturesOf } from '../../../src/validate/inputs/pictures.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { createVerifier } from '../../../src/validate/verifier.js';
import { randomWeights } from '../../check-pass.js';
import { runModel } from '../../run-model.js';

const WIDTH = 24;

type Weigh = (g: GraphBuilder, tensor: Tensor, name: string) => Value;

const wide: Weigh = (g, tensor, name) => g.constant(tensor, name);
const half: Weigh = (g, tensor, name) => g.cast(g.constant(castTensor(tensor, 'float16'), name), 'float32');

/** A convolution with the given bias, a number for each channel. */
const convBy =
  (g: GraphBuilder, weigh: Weigh) =>
  (x: Value, dims: readonly number[], seed: number, bias?: number): Value => {
    const weight = weigh(g, randomWeights(dims, 0.3, seed), `w${seed}`);
    const group = dims[1] === 1 ? dims[0] : 1;
    const pads = dims[2] === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0];
    const own =
      bias === undefined ? [] : [g.constant('float32', Array(dims[0]).fill(bias), [dims[0] as number], `b${seed}`)];
    return g.op('Conv', [x, weight, ...own], { group, pads });
  };

/** Layers behind Relu, whose activations have means; windows of single channels have no bias of their own. */
const modelOf = (channels: number, weigh = wide): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [1, channels, 32, 32]);
    const conv = convBy(g, weigh);
    const first = g.op('Relu', [conv(x, [WIDTH, channels, 3, 3], 1, 0.5)]);
    const single = conv(conv(first, [WIDTH, 1, 3, 3], 2), [WIDTH, WIDTH, 1, 1], 3, 0.25);
    g.output('y', conv(g.op('Relu', [single]), [WIDTH, WIDTH, 3, 3], 4, 0.125));
  });

const NOTE = 'weights whose change of means a bias takes back: 4';

async function resultOf(before: Model) {
  const { model, report } = await optimize(before, [int8({ minElements: 1, share: 0.2 })], {
    target: 'cpu',
    verify: 'none',
  });
  return { model, notes: report.passes[0]?.notes.map(({ text }) => text) ?? [] };
}

const biasesOf = (model: Model): Value[] => [...model.graph.constants].filter(({ name }) => /^b\d$/.test(name));

/** The same with the biases of another model. */
function withBiasesOf(source: Model, result: Model): Model {
  const copy = cloneModel(result);
  const exact = new Map(biasesOf(source).map(({ name, tensor }) => [name, tensor]));
  for (const bias of biasesOf(copy)) bias.tensor = exact.get(bias.name) as Tensor;
  return copy;
}

async function errorOf(before: Model, after: Model, channels: number): Promise<number> {
  let [difference, total] = [0, 0];
  for (const seed of [900, 901]) {
    const shape = [1, channels, 32, 32];
    const x = tensorOf('float32', picturesOf(shape, Random.of(seed, 'test')) as number[], shape);
    const [a, b] = await Promise.all([before, after].map(async (one) => runModel(await writeModel(one), { x })));
    const found = numbersOf(b?.y as Tensor);
    numbersOf(a?.y as Tensor).forEach((exact, i) => {
      difference += (exact - (found[i] as number)) ** 2;
      total += exact ** 2;
    });
  }
  return Math.sqrt(difference / total);
}

describe('shifts of means', () => {
  it('leave less of the error on other pictures, and biases of 16 bits have no more', async () => {
    const before = modelOf(3);
    const { model, notes } = await resultOf(before);
    expect(notes).toContain(NOTE);
    for (const { tensor } of biasesOf(model))
      expect(numbersOf(tensor as Tensor).every((number) => roundedTo('float16', number) === number)).toBe(true);
    // 0.80 was seen: what is left are errors without a mean.
    const plain = await errorOf(before, withBiasesOf(before, model), 3);
    const own = await errorOf(before, model, 3);
    expect(own).toBeLessThan(0.9 * plain);
  });

  it('are taken back where weights come in 16 bits too', async () => {
    expect((await resultOf(modelOf(3, half))).notes).toContain(NOTE);
  });

  it('are not taken from the bias of another convolution with the same tensor', async () => {
    const weight = randomWeights([WIDTH, 3, 3, 3], 0.3, 1);
    const before = buildModel({ '': 17 }, (g) => {
      for (const name of ['x1', 'x2']) {
        const x = g.op('Relu', [g.input(name, 'float32', [1, 3, 32, 32])]);
        const bias = g.constant('float32', Array(WIDTH).fill(0.5), [WIDTH], `b${name.at(-1)}`);
        g.output(`y${name}`, g.op('Conv', [x, g.constant(weight, `w${name}`), bias]));
      }
    });
    const { model, notes } = await resultOf(before);
    expect(notes.filter((note) => /takes back/.test(note))).toEqual([]);
    for (const { tensor } of biasesOf(model)) expect(new Set(numbersOf(tensor as Tensor))).toEqual(new Set([0.5]));
  });

  it('are not known of inputs that are no pictures', async () => {
    const { model, notes } = await resultOf(modelOf(5));
    expect(notes).not.toContain(NOTE);
    expect(biasesOf(model).map(({ tensor }) => [...new Set(numbersOf(tensor as Tensor))])).toEqual([
      [0.5],
      [0.25],
      [0.125],
    ]);
  });
});

describe('whether shifts are taken back', () => {
  it('is measured: those that bring the outputs nearer are, others are not', async () => {
    const before = modelOf(3);
    inferTypes(before);
    const [site] = weightSites(before).filter(({ value }) => value.name === 'w4') as [WeightSite];
    const stored = storedIn(site, { type: 'int8', block: 'channel' }) as StoredWeight;
    const [bias] = biasesOf(before).filter(({ name }) => name === 'b4') as [Value];
    const { context, notes } = passContext({ ...(await kernelsOf('cpu')), evaluate: undefined });
    const worthIn = (shift: number) => {
      const options = { deadline: undefined, told: () => {}, memory: new Map(), whole: (one: Model) => one };
      const trials = trialsBy(createVerifier({ target: 'cpu' }), { ...options, parts: undefined });
      const shifts = new Map([[site.tensor, { bias, numbers: new Float32Array(WIDTH).fill(shift) }]]);
      return shiftsWorthTaking(before, [{ site, stored }], shifts, { ...context, trials });
    };
    expect((await worthIn(0.5)).size).toBe(0);
    expect(notes).toEqual([
      { text: 'shifts of means are not taken back by biases: the outputs are nearer without that' },
    ]);
    expect((await worthIn(0)).size).toBe(1);
  });
});
