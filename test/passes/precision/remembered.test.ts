/** What is remembered of weights holds no model in memory. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { optimize, writeModel } from '../../../src/index.js';
import { buildModel } from '../../../src/ir/build.js';
import { randomWeights } from '../../check-pass.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it.each([
  ['quarter', 'Conv', [64, 64, 3, 3]],
  ['eighth', 'MatMul', [256, 64]],
] as const)('frees the weight that %s quantizes of a %s', async (passes, op, shape) => {
  const stored = await (async () => {
    const tensor = randomWeights([...shape], 1, 1);
    const size = op === 'Conv' ? [64, 9, 9] : [256];
    const model = buildModel({ '': 21 }, (g) =>
      g.output('y', g.op(op, [g.input('x', 'float32', ['batch', ...size]), g.constant(tensor)])),
    );
    const result = await optimize(model, passes, { verify: 'none' });
    expect((await writeModel(result.model)).length).toBeLessThan(tensor.byteLength / 2);
    return new WeakRef(tensor);
  })();
  // A weak reference is held until the job that made it is over.
  await setImmediate();
  collect();
  expect(stored.deref()).toBeUndefined();
});
