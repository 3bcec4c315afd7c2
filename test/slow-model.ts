/** A small file that takes a CPU minutes: what is interrupted is in native code then. */
import { buildModel } from '../src/ir/build.js';
import type { Model } from '../src/ir/model.js';

/** x·x·x… */
export const slowModel = (size = 3000, times = 200): Model =>
  buildModel({ '': 17 }, (g) => {
    let x = g.input('x', 'float32', [size, size]);
    for (let i = 0; i < times; i++) x = g.op('MatMul', [x, x]);
    g.output('y', x, 'float32', [size, size]);
  });
