/** int8: the weights that stay in float, in bytes and by op. */
import { describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPasses, randomWeights } from '../../check-pass.js';
import { linear } from './int8-models.js';

const left = async (define: (g: GraphBuilder) => void, regional?: boolean) => {
  const { passes } = await applyPasses(
    [int8({ keep: ['Gather', 'LSTM'] })],
    buildModel({ '': 17 }, define),
    'cpu',
    regional,
  );
  return passes.at(-1)?.notes.flatMap(({ text }) => (text.startsWith('left in float') ? text : []));
};

describe('weights that int8 leaves', () => {
  it('are said with their bytes, the most first, and their share of all', async () => {
    const found = await left((g) => {
      const table = g.op('Gather', [g.constant(randomWeights([1000, 64]), 'table'), g.input('ids', 'int64', [1, 'n'])]);
      const hidden = linear(g, table, 64, 64);
      const weights = [randomWeights([1, 128, 64]), randomWeights([1, 128, 32])].map((one) => g.constant(one));
      g.output('y', g.op('LSTM', [hidden, ...weights], { hidden_size: 32 }));
    });
    // 256,000 bytes of the table, 49,152 of the LSTM, and 16,384 of the quantized weights.
    expect(found).toEqual(['left in float: 256 kB in 1 Gather, 49.2 kB in 1 LSTM (94.9 % of the weights)']);
  });

  it('are counted once where nodes share them, and for every repeat where one stands for all', async () => {
    const twice = await left((g) => {
      const w = g.constant(randomWeights([8, 8, 3, 3]), 'w');
      const conv = (x: Value) => g.op('Conv', [x, w], { pads: [1, 1, 1, 1] });
      g.output('y', conv(conv(g.input('x', 'float32', [1, 8, 5, 5]))));
    });
    expect(twice).toEqual(['left in float: 2.30 kB in 2 Conv (100 % of the weights)']);
    const deep = (g: GraphBuilder) => {
      let x = g.input('x', 'float32', [1, 8, 5, 5]);
      for (let layer = 0; layer < 9; layer++) {
        const conv = g.op('Conv', [x, g.constant(randomWeights([8, 8, 3, 3], 0.1, layer + 2), `w${layer}`)], {
          pads: [1, 1, 1, 1],
        });
        x = g.op('Add', [g.op('Tanh', [conv]), x]);
      }
      g.output('y', x);
    };
    const all = ['left in float: 20.7 kB in 9 Conv (100 % of the weights)'];
    expect(await left(deep)).toEqual(all);
    expect(await left(deep, true)).toEqual(all);
  });

  it('are not said where all are quantized', async () => {
    expect(await left((g) => g.output('y', linear(g, g.input('x', 'float32', [4, 64]), 64, 64)))).toEqual([]);
  });
});
