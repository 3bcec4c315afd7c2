import { describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import type { TensorData, Tensors } from '../../../src/runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../../src/runtime/tensor-data.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { compareTensors, type OutputAccuracy } from '../../../src/validate/judge/accuracy.js';
import { gateOf } from '../../../src/validate/judge/gates.js';
import { perturbed, perturbedWeights, roundedWeights } from '../../../src/validate/judge/noise.js';
import { signalOf, signalsOf } from '../../../src/validate/judge/signal.js';
import { weigh, weighMeaning } from '../../../src/validate/judge/weigh.js';
import { runModel } from '../../run-model.js';

const data = (type: DataType, values: ArrayLike<number>, shape?: number[]): TensorData =>
  toTensorData(tensorOf(type, values, shape ?? [values.length]));
const normal = (seed: number, count: number, scale = 1): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => scale * random.normal());
};

async function run(model: Model, feeds: Tensors): Promise<TensorData> {
  const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, fromTensorData(tensor)]));
  const outputs = await runModel(await writeModel(model), given);
  return toTensorData(outputs.y!);
}

/** A model of one output, y, and what it gives on four rows of 256 normal numbers. */
const of = (define: (g: GraphBuilder, x: Value) => Value): Model =>
  buildModel({ '': 17 }, (g) => g.output('y', define(g, g.input('x', 'float32', [4, 256]))));
const feeds: Tensors = { x: data('float32', normal(1, 1024), [4, 256]) };
const gate = gateOf('exact', 'cpu');

const times = (g: GraphBuilder, x: Value, factor: number): Value => g.op('Mul', [x, g.constant('float32', factor)]);

/** x ⟶ 4x(1 − x), so often: half of what differs is doubled each time. */
function logistic(g: GraphBuilder, x: Value, rounds: number): Value {
  let value = g.op('Sigmoid', [x]);
  for (let i = 0; i < rounds; i++)
    value = times(g, g.op('Mul', [value, g.op('Sub', [g.constant('float32', 1), value])]), 4);
  return value;
}

async function noiseOf(model: Model, given = feeds): Promise<OutputAccuracy> {
  return compareTensors('y', await run(model, given), await run(model, perturbed(given, 0)!));
}

describe('the signal of an output', () => {
  const signal = async (model: Model) =>
    signalsOf(model, [{ y: await run(model, feeds) }], new Map([['y', await noiseOf(model)]]), gate).get('y');

  it('is there in what follows the inputs', async () => {
    expect(await signal(of((g, x) => g.op('Tanh', [x])))).toBeUndefined();
    expect(await signal(of((g, x) => g.op('Softmax', [x])))).toBeUndefined();
    // What a comparison gives is whole, and hides nothing.
    const isPositive = of((g, x) => g.op('Cast', [g.op('Greater', [x, g.constant('float32', 0)])], { to: 1 }));
    expect(await signal(isPositive)).toBeUndefined();
  });

  it('is hidden by a function that has come to its ends', async () => {
    expect(await signal(of((g, x) => g.op('Sigmoid', [times(g, x, 1e6)])))).toBe(
      'every element is within 0.000001 of 0 or 1 in every run',
    );
    expect(await signal(of((g, x) => g.op('Tanh', [times(g, g.op('Abs', [x]), -1e6)])))).toBe(
      'every element is -1 in every run',
    );
    const mostly = data('float32', [...Array.from({ length: 9999 }, (_, i) => (i % 2 ? 1 - 6e-8 : 1e-9)), 0.5]);
    expect(signalOf([mostly])).toBe('all but 1 of 10000 elements are within 0.000001 of 0 or 1 in every run');
    expect(signalOf([mostly, data('float32', normal(2, 100, 0.2))])).toBeUndefined();
  });

  it('is none in constants, zeros and nothing', async () => {
    expect(await signal(of((g, x) => g.op('Relu', [g.op('Neg', [g.op('Abs', [x])])])))).toMatch(
      /^every element is -?0 in/,
    );
    expect(await signal(of((g, x) => times(g, x, 1e-9)))).toMatch(/^every value is below 0.000001/);
    expect(signalOf([data('int64', [5, 5]), data('int64', [5])])).toBe('every element is 5 in every run');
    expect(signalOf([data('int64', [5, 5]), data('int64', [6])])).toBeUndefined();
    expect(signalOf([data('float32', [Number.NaN, Number.POSITIVE_INFINITY])])).toBe(
      'every element is NaN or infinite',
    );
    expect(signalOf([data('float32', [], [0, 2])])).toBe('it has no elements');
    expect(signalOf([data('float32', [0.3])])).toBeUndefined();
  });

  it('drowns where one unit in the last place of the inputs moves it', async () => {
    expect(await signal(of((g, x) => logistic(g, x, 4)))).toBeUndefined();
    expect(await signal(of((g, x) => logistic(g, x, 40)))).toMatch(
      /^it moves by 0\.\d+ when the inputs move by one unit in the last place$/,
    );
  });

  it('is all there is to say of what a model keeps as a constant', async () => {
    const model = of((g, x) => {
      g.output('same', g.op('Add', [g.constant('float32', [1, 1]), g.constant('float32', [2, 2])]));
      const branch = (by: number) =>
        g.body('branch', (inner) => inner.output('z', inner.constant('float32', [by, by])));
      const isLarge = g.op('Greater', [g.op('ReduceMax', [x], { keepdims: 0 }), g.constant('float32', 0)]);
      g.output('chosen', g.op('If', [isLarge], { then_branch: branch(1), else_branch: branch(2) }));
      g.output('drawn', g.op('RandomNormal', [], { shape: [2] }));
      return x;
    });
    const threes = data('float32', [3, 3]);
    const found = signalsOf(model, [{ same: threes, chosen: threes, drawn: threes }]);
    expect([...found.keys()]).toEqual(['chosen', 'drawn']);
    expect(signalOf([data('float32', [3, 3])], { isFixed: true })).toBeUndefined();
    expect(signalOf([data('float32', [3, 3])])).toBe('every element is 3 in every run');
  });
});

describe('the least change', () => {
  it('moves float inputs by one unit in the last place, and neither masks nor integers', () => {
    const given: Tensors = {
      x: data('float32', normal(3, 100)),
      half: data('float16', [1, -2, 0.5]),
      mask: data('float32', [0, -10000, Number.NEGATIVE_INFINITY].slice(0, 2)),
      ids: data('int64', [1, 2]),
    };
    const found = perturbed(given, 0)!;
    const [before, after] = [given.x!, found.x!].map((one) => numbersOf(fromTensorData(one)));
    for (const [i, x] of before!.entries()) {
      expect(Math.abs(after![i]! - x)).toBeGreaterThan(0);
      expect(Math.abs(after![i]! - x)).toBeLessThanOrEqual(2 ** -22 * Math.abs(x));
    }
    expect(numbersOf(fromTensorData(found.half!)).every((x, i) => Math.abs(x) !== [1, 2, 0.5][i])).toBe(true);
    expect([found.mask, found.ids]).toEqual([given.mask, given.ids]);
    expect(perturbed(given, 0)).toEqual(found);
    expect(perturbed({ ids: given.ids!, mask: given.mask! }, 0)).toBeUndefined();
    expect(perturbed({ zeros: data('float32', [0, 0, 0]) }, 0)).toBeUndefined();
  });

  const lookup = buildModel({ '': 17 }, (g) => {
    const table = g.constant('float32', normal(4, 64 * 16), [64, 16], 'table');
    const weight = g.constant('float32', normal(5, 256), [16, 16], 'weight');
    const scale = g.constant('float32', 0.1, [], 'scale');
    const rows = g.op('Gather', [table, g.input('ids', 'int64', [3])]);
    g.output('y', g.op('Mul', [g.op('MatMul', [rows, weight]), scale]));
  });
  const weightOf = (model: Model, name: string) =>
    numbersOf([...model.graph.constants].find((value) => value.name === name)!.tensor!);

  it('moves the tables of a model that takes integers alone', async () => {
    const moved = perturbedWeights(lookup)!;
    expect(weightOf(moved, 'table')).not.toEqual(weightOf(lookup, 'table'));
    expect(weightOf(moved, 'weight')).toEqual(weightOf(lookup, 'weight'));
    const ids: Tensors = { ids: data('int64', [1, 7, 63]) };
    const noise = compareTensors('y', await run(lookup, ids), await run(moved, ids));
    expect(noise.relativeL2).toBeGreaterThan(1e-9);
    expect(noise.relativeL2).toBeLessThan(1e-6);
    const plain = buildModel({ '': 17 }, (g) => g.output('y', g.op('Abs', [g.input('x', 'int64', [2])])));
    expect(perturbedWeights(plain)).toBeUndefined();
  });

  it('rounds weights, and no settings', () => {
    for (const [type, error] of [
      ['bfloat16', 2 ** -8],
      ['float16', 2 ** -11],
    ] as const) {
      const rounded = roundedWeights(lookup, type);
      const { relativeL2 } = compareTensors(
        'w',
        data('float32', weightOf(lookup, 'weight')),
        data('float32', weightOf(rounded, 'weight')),
      );
      expect(relativeL2).toBeGreaterThan(error / 8);
      expect(relativeL2).toBeLessThan(error);
      expect(weightOf(rounded, 'scale')).toEqual(weightOf(lookup, 'scale'));
    }
    const large = buildModel({ '': 17 }, (g) =>
      g.output(
        'y',
        g.op('Add', [g.input('x', 'float32', [17]), g.constant('float32', Array(17).fill(1e9), [17], 'w')]),
      ),
    );
    expect(weightOf(roundedWeights(large, 'float16'), 'w')[0]).toBe(1e9);
  });
});

describe('an error is weighed', () => {
  it('against what one unit in the last place does', async () => {
    // Sums in another order, before a function that doubles each difference.
    const chaotic = (isOther: boolean) =>
      of((g, x) => {
        const third = g.constant('float32', 1 / 3);
        return logistic(g, isOther ? g.op('Div', [x, g.constant('float32', 3)]) : g.op('Mul', [x, third]), 16);
      });
    const error = compareTensors('y', await run(chaotic(false), feeds), await run(chaotic(true), feeds));
    const noise = await noiseOf(chaotic(false));
    expect(weigh(error, gate, 'exact').outcome).toBe('beyond');
    const weighed = weigh(error, gate, 'exact', { noise });
    expect(weighed.outcome).toBe('unproven');
    expect(weighed.words[0]).toMatch(
      /^relative L2 .*, and the original itself moves by .* when its inputs move by one unit/,
    );
  });

  it('and one far beyond that is one, however little the output says', async () => {
    const model = (bias: number) => of((g, x) => logistic(g, g.op('Add', [x, g.constant('float32', bias)]), 8));
    const error = compareTensors('y', await run(model(0), feeds), await run(model(1e-2), feeds));
    expect(weigh(error, gate, 'exact', { noise: await noiseOf(model(0)) }).outcome).toBe('beyond');
    // Near constant: a wrong value is a wrong value.
    const flat = compareTensors('y', data('float32', [3, 3]), data('float32', [3, 3.1]));
    const signal = signalOf([data('float32', [3, 3])])!;
    expect(weigh(flat, gate, 'exact', { signal }).outcome).toBe('beyond');
    const same = compareTensors('y', data('float32', [3, 3]), data('float32', [3, 3]));
    expect(weigh(same, gate, 'exact', { signal })).toEqual({ outcome: 'unproven', words: [signal] });
    expect(weigh(same, gate, 'exact')).toEqual({ outcome: 'within', words: [] });
  });

  it('of a rounding against what rounded weights do', async () => {
    // Differences of near equal numbers: what is left of the weights is mostly their rounding.
    const model = of((g, x) => {
      const weight = g.constant(
        'float32',
        normal(6, 256 * 16).map((w) => w / 20 + 16),
        [256, 16],
      );
      const centred = g.op('Sub', [x, g.op('ReduceMean', [x], { axes: [-1] })]);
      return g.op('MatMul', [centred, weight]);
    });
    const original = await run(model, feeds);
    const against = async (other: Model) => compareTensors('y', original, await run(other, feeds));
    const rounding = gateOf('rounding', 'cpu');
    const narrow = { ...rounding, maxError: 1e-3, minCosine: 0.9999999 };
    const yardstick = await against(roundedWeights(model, 'float16'));
    const error = { ...yardstick, relativeL2: 1.5 * yardstick.relativeL2 };
    expect(weigh(error, narrow, 'rounding').outcome).toBe('beyond');
    const found = weigh(error, narrow, 'rounding', { yardstick });
    expect(found.outcome).toBe('within');
    expect(found.words[0]).toMatch(/^relative L2 .* > 0.001, .*and allowed: rounding the weights alone moves it by /);
    const worse = { ...yardstick, relativeL2: 3.5 * yardstick.relativeL2 };
    expect(weigh(worse, narrow, 'rounding', { yardstick }).outcome).toBe('beyond');
    // Only for what rounds, and not past a limit that was asked for.
    expect(weigh(error, narrow, 'lossy', { yardstick }).outcome).toBe('beyond');
    expect(weigh(error, { ...narrow, isGiven: true }, 'rounding', { yardstick }).outcome).toBe('beyond');
    // Bfloat16 leaves nothing of these weights: that is no ✓, and no proof against the pass.
    const destroyed = await against(roundedWeights(model, 'bfloat16'));
    expect(destroyed.cosine).toBeLessThan(0.9);
    expect(weigh(destroyed, rounding, 'rounding', { yardstick: destroyed }).outcome).toBe('unproven');
  });

  it('of what an output means, the same way', () => {
    const kept = (value: number) => ({ kind: 'classes', measure: 'rows', value, samples: 50 }) as const;
    const rounding = gateOf('rounding', 'cpu');
    expect(weighMeaning(kept(0.95), rounding, 'rounding').outcome).toBe('within');
    expect(weighMeaning(kept(0.85), rounding, 'rounding').outcome).toBe('beyond');
    expect(weighMeaning(kept(0.85), rounding, 'rounding', { noise: kept(0.98) }).words).toEqual([
      'rows: 85 % of 50 < 90 %, and 2 % changes when its inputs move by one unit in the last place',
    ]);
    expect(weighMeaning(kept(0.85), rounding, 'rounding', { noise: kept(0.99) }).outcome).toBe('beyond');
    expect(weighMeaning(kept(0.85), rounding, 'rounding', { yardstick: kept(0.94) }).outcome).toBe('within');
    expect(weighMeaning(kept(0.85), rounding, 'rounding', { yardstick: kept(0.8) }).outcome).toBe('unproven');
    expect(weighMeaning({ ...kept(0), samples: 2 }, rounding, 'rounding').outcome).toBe('within');
  });

  it('of integers by the share that differs, of NaN by their number', () => {
    const counts = (...values: number[]) => data('int64', values);
    const one = compareTensors('y', counts(1, 2, 3, 4), counts(1, 2, 3, 5));
    expect(weigh(one, gate, 'exact').outcome).toBe('beyond');
    expect(weigh(one, gate, 'exact', { noise: one }).words).toEqual([
      '75 % equal < 100 %, and the original itself moves 25 % of its elements when its inputs move by one unit in the last place',
    ]);
    const broken = compareTensors('y', data('float32', [1, 2]), data('float32', [1, Number.NaN]));
    expect(weigh(broken, gate, 'exact').outcome).toBe('beyond');
    expect(weigh(broken, gate, 'exact', { noise: broken }).outcome).toBe('unproven');
  });
});
