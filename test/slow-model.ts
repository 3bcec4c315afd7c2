/** A small file that takes a CPU minutes: what is interrupted is in native code then. */
import { buildModel } from '../src/ir/build.js';
import type { Model } from '../src/ir/model.js';

/** What it takes is beyond the budget of a model that nobody waits for. */
export const slowBudget = { 'run-work': 1e15 };

/** x·x·x… */
export const slowModel = (size = 1500, times = 1000): Model =>
  buildModel({ '': 17 }, (g) => {
    let x = g.input('x', 'float32', [size, size]);
    for (let i = 0; i < times; i++) x = g.op('MatMul', [x, x]);
    g.output('y', x, 'float32', [size, size]);
  });
