import { afterAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { closeRuntime } from '../../src/runtime/evaluate.js';

import { validate } from '../../src/validate/index.js';
import { placementByTables } from '../../src/validate/placement-by-tables.js';

const model = (op: string) =>
  buildModel({ '': 20 }, (g) => {
    const x = g.input('x', 'float32', [2, 4]);
    const sizes = g.op('Shape', [x]);
    g.output('y', g.op('Reshape', [g.op(op, [g.op('Relu', [x])]), sizes]), undefined);
  });

afterAll(closeRuntime);

describe('a target that is not here', () => {
  it('is asked by its kernel tables, shape arithmetic aside', () => {
    expect(placementByTables(model('Relu'), 'webgpu')).toMatchObject({
      source: 'tables',
      fallbacks: {},
      shapeArithmetic: 1,
    });
    expect(placementByTables(model('Det'), 'webgpu').fallbacks).toEqual({ Det: 1 });
  });

  it('leaves the numbers to the CPU, and the report says so', async () => {
    const one = model('Relu');
    const options = { provider: 'cpu', absent: 'cuda', speed: false, failOnFallback: true } as const;
    const { accuracy, placement, gates } = await validate(one, one, options);
    expect(accuracy.notes.join()).toMatch(/not proven on cuda, which this machine does not have/);
    expect(placement).toMatchObject({ provider: 'cuda', source: 'tables' });
    expect(gates.find(({ name }) => name === 'placement')).toMatchObject({
      passed: true,
      detail: 'other providers run no node, predicted by the kernel tables of cuda',
    });
  });
});
