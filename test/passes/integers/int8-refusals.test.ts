/** Tests the places that int8 leaves alone, and the reasons. */
import { describe, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import type { GraphBuilder } from '../../../src/ir/build.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import { checkMiss, randomWeights } from '../../check-pass.js';
import { linear, one } from './int8-models.js';

describe('int8 leaves alone', () => {
  const outlier = numbersOf(randomWeights([64, 32]));
  for (let column = 0; column < 32; column++) outlier[column] = 1e4;
  const constant = (g: GraphBuilder, values: ArrayLike<number>) => g.constant('float32', values, [64, 32], 'w');

  it.each([
    ['small weights', 'fewer than 1024 elements', one(17, (g, x) => linear(g, x, 64, 8))],
    [
      'computed factors',
      'both factors are computed',
      one(17, (g, x) => g.op('MatMul', [x, g.op('Transpose', [g.op('Relu', [x])])])),
    ],
    [
      'NaN',
      'NaN',
      one(17, (g, x) =>
        g.op('MatMul', [
          x,
          constant(
            g,
            outlier.map(() => Number.NaN),
          ),
        ]),
      ),
    ],
    [
      'small windows of convolutions',
      'fewer than 1024 elements',
      one(17, (g, x) => {
        const image = g.op('Reshape', [x, g.ints(1, 1, 4, 64)]);
        return g.op('Conv', [image, g.constant(randomWeights([2, 1, 3, 3]))]);
      }),
    ],
  ])('%s', async (_name, reason, before) => {
    await checkMiss(int8(), { before, reason });
  });

  it('weights that would change too much', async () => {
    const before = one(17, (g, x) => g.op('MatMul', [x, constant(g, outlier)]));
    await checkMiss(int8({ maxWeightError: 1e-4 }), { before, reason: 'maxWeightError' });
  });

  it('what the user keeps', async () => {
    await checkMiss(int8({ keep: ['MatMul'] }), {
      before: one(17, (g, x) => linear(g, x, 64, 32)),
      reason: 'as asked',
    });
  });
});
