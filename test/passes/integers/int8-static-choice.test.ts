/** int8:static chooses convolutions whose errors together stay within the limit, or none. */
import { describe, expect, it } from 'vitest';
import { type ConvCandidate, chosenBy } from '../../../passes/precision/integer/convolution/choose.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { randomWeights } from '../../check-pass.js';

const model = buildModel({ '': 17 }, (g) => {
  const add = (x: Value) => g.op('Conv', [x, g.constant(randomWeights([4, 4, 1, 1], 0.1, 1))]);
  g.output('y', add(add(g.input('x', 'float32', [1, 4, 8, 8]))));
});

/** Convolutions that multiply so much that bytes are faster whatever stands beside them. */
const candidates = [...model.graph.nodes()].map((node): ConvCandidate => {
  const [input, factor] = node.inputs as [Value, Value];
  const site = { node, input, output: node.output, weight: factor.tensor as Tensor, bias: undefined, depth: 4 };
  const range = { scale: 1, zero: 0 };
  const conv = { ...site, inputRange: range, outputRange: range, scales: new Float32Array(4), largest: 127 };
  return { conv, products: 1e9, read: 256, given: 256 };
});

/** Chooses by errors alone and by what each count of convolutions costs together; counts the measurements. */
async function choose(alone: readonly number[], together: readonly number[], limit: number) {
  let measured = 0;
  const { chosen, error } = await chosenBy(candidates, alone, true, limit, async (list) => {
    measured++;
    return [together[list.length - 1] as number];
  });
  return { count: chosen.length, error, measured };
}

describe('the choice by errors together', () => {
  it('takes all within the limit', async () => {
    expect(await choose([0.001, 0.002], [0.001, 0.003], 0.01)).toEqual({ count: 2, error: 0.003, measured: 1 });
  });
  it('leaves out the costliest, however far below the limit each is alone, and measures no choice twice', async () => {
    expect(await choose([1e-9, 2e-9], [0.005, 0.02], 0.01)).toEqual({ count: 1, error: 0.005, measured: 2 });
  });
  it.each([0.02, Number.NaN, Number.POSITIVE_INFINITY])(
    'ends with none where all are exact alone and %d together',
    async (error) => {
      expect(await choose([0, 0], [error, error], 0.01)).toEqual({ count: 0, error: 0, measured: 1 });
    },
  );
  it('ends with none where nothing can be measured', async () => {
    expect(await choose([0.001, 0.002], [Number.NaN, Number.NaN], 0.01)).toEqual({ count: 0, error: 0, measured: 2 });
  });
});
