/** A small model with weights of every kind of reader: a table, layers of products, and a head; each is worth another number of bits. */
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { randomWeights } from '../../check-pass.js';

/** Token ids to scores, 42 kB. */
export const layered = (): Model =>
  buildModel({ '': 17 }, (g) => {
    const weight = (name: string, shape: readonly number[], scale: number, seed: number) =>
      g.constant(randomWeights(shape, scale, seed), name);
    const rows = g.op('Gather', [weight('table', [40, 64], 1, 1), g.input('ids', 'int64', ['n', 's'])]);
    const up = g.op('Relu', [g.op('MatMul', [rows, weight('up', [64, 64], 0.2, 2)])]);
    const down = g.op('Add', [rows, g.op('MatMul', [up, weight('down', [64, 64], 0.02, 3)])]);
    g.output('scores', g.op('MatMul', [down, weight('head', [64, 40], 0.2, 4)]), 'float32', ['n', 's', 40]);
  });
