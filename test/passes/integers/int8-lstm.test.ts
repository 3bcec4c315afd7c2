/** int8 of LSTMs: DynamicQuantizeLSTM, a scale for each row of a gate. */
import { describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { type Attributes, buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { holdsOn } from '../../../src/run/cpus.js';
import { applyPass, checkPass, opCounts, randomWeights } from '../../check-pass.js';

const [INPUT, HIDDEN] = [48, 128];

interface Shape {
  readonly attributes?: Attributes;
  readonly directions?: number;
  readonly hidden?: number;
  readonly weight?: (g: GraphBuilder, shape: readonly number[]) => Value;
  /** Inputs behind the weights. */
  readonly more?: (g: GraphBuilder) => (Value | undefined)[];
}

const lstm = ({ attributes, directions = 1, hidden = HIDDEN, weight, more }: Shape = {}): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['steps', 2, INPUT]);
    const shape = [directions, 4 * hidden, INPUT];
    const W = weight?.(g, shape) ?? g.constant(randomWeights(shape, 0.1, 3), 'W');
    const R = g.constant(randomWeights([directions, 4 * hidden, hidden], 0.05, 4), 'R');
    const node = g.node(
      'LSTM',
      [x, W, R, ...(more?.(g) ?? [])],
      { hidden_size: hidden, ...attributes },
      { outputs: 3 },
    );
    for (const [at, value] of node.outputs.entries()) g.output(`y${at}`, value as Value);
  });

describe('an LSTM in 8 bits', () => {
  it.each<[string, Shape]>([
    ['of weights alone', {}],
    ['of two directions', { directions: 2, attributes: { direction: 'bidirectional' } }],
    ['that runs backwards', { attributes: { direction: 'reverse' } }],
    [
      'with biases, states and peepholes',
      {
        more: (g) => [
          g.constant(randomWeights([1, 8 * HIDDEN], 0.1, 5)),
          undefined,
          g.input('h', 'float32', [1, 2, HIDDEN]),
          g.input('c', 'float32', [1, 2, HIDDEN]),
          g.constant(randomWeights([1, 3 * HIDDEN], 0.1, 6)),
        ],
      },
    ],
  ])('%s', async (_name, shape) => {
    // 7 bits of the weights and 8 of the activations, over some steps.
    const { model } = await checkPass(int8(), { before: lstm(shape), within: 0.05 });
    expect(opCounts(model)).toEqual({ 'com.microsoft.DynamicQuantizeLSTM': 1 });
    expect(holdsOn(model)?.isExact).toBe(true);
  });

  it('takes all 8 bits where no CPU is asked for that saturates', async () => {
    const { model } = await applyPass(int8({ reduceRange: false }), lstm());
    expect(holdsOn(model)?.isExact).toBe(false);
  });

  it.each<[string, Model, string]>([
    ['of few hidden numbers', lstm({ hidden: 64 }), 'fewer than 128 hidden numbers'],
    [
      'with a computed weight',
      lstm({ weight: (g, shape) => g.op('Identity', [g.input('W', 'float32', shape)]) }),
      'computed, or given by a caller',
    ],
    [
      'with a weight that is not finite',
      lstm({
        weight: (g, shape) => {
          const numbers = [...numbersOf(randomWeights(shape))];
          numbers[5] = Number.NaN;
          return g.constant(tensorOf('float32', numbers, shape));
        },
      }),
      'NaN or infinity',
    ],
    [
      'with an outlier in each row',
      lstm({
        weight: (g, shape) =>
          g.constant(
            tensorOf(
              'float32',
              numbersOf(randomWeights(shape)).map((number, at) => (at % INPUT === 0 ? 7 : number)),
              shape,
            ),
          ),
      }),
      'maxWeightError',
    ],
  ])('is left in float %s', async (_name, before, reason) => {
    const { model, passes } = await applyPass(int8({ maxWeightError: 0.02 }), before);
    expect(opCounts(model)).toMatchObject({ LSTM: 1 });
    // Where it is stored in 8 bits instead, nothing stays float that would need a reason.
    const isStored = [...model.graph.constants].some(({ tensor }) => tensor?.type === 'int8');
    if (!isStored) expect(passes[0]?.skips.map((one) => one.reason).join()).toContain(reason);
  });

  it('is stored in 8 bits, and its activations stay float, where weights alone are asked for', async () => {
    const { model } = await checkPass(int8({ weights: true }), { before: lstm(), within: 0.02 });
    expect(opCounts(model)).toMatchObject({ LSTM: 1 });
    expect([...model.graph.constants].filter(({ tensor }) => tensor?.type === 'int8')).toHaveLength(2);
  });

  it('is left in float with the batch first', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 'steps', INPUT]);
      const weights = [INPUT, HIDDEN].map((size) => g.constant(randomWeights([1, 4 * HIDDEN, size], 0.1)));
      g.output('y', g.op('LSTM', [x, ...weights], { hidden_size: HIDDEN, layout: 1 }));
    });
    const { model } = await applyPass(int8(), before);
    expect(opCounts(model)).toMatchObject({ LSTM: 1 });
  });
});
