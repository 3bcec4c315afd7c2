/** The weights of a model: each once, in every scope, with its role and axes. */
import { describe, expect, it } from 'vitest';
import { weightSites } from '../../../passes/precision/weights/sites.js';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { castTensor } from '../../../src/ir/tensors/numbers.js';
import { randomWeights } from '../../check-pass.js';
import { roles } from './weight-models.js';

const named = (model: Model, name: string) => {
  inferTypes(model);
  const site = weightSites(model).find(({ value }) => value.name === name);
  if (!site) throw new Error(`no weight ${name}`);
  return site;
};

describe('weights of a model', () => {
  it.each(roles)('%s reads its weight as a %s', (_op, role, channels, contracted, model) => {
    const { main, obstacle } = named(model(), 'w');
    expect(main.role).toBe(role);
    if (role !== 'elementwise') expect([main.channels, main.contracted]).toEqual([channels, contracted]);
    expect(obstacle).toBeUndefined();
  });

  it('counts a table tied with the head once, and the product decides its axes', () => {
    const model = buildModel({ '': 21 }, (g) => {
      const table = g.constant(randomWeights([40, 32]), 'table');
      const rows = g.op('Gather', [table, g.input('ids', 'int64', [3])]);
      g.output('y', g.op('MatMul', [rows, g.op('Transpose', [table], { perm: [1, 0] })]));
    });
    const { uses, main } = named(model, 'table');
    expect(uses.map(({ role }) => role).toSorted()).toEqual(['product', 'table']);
    expect([main.channels, main.contracted]).toEqual([[0], [1]]);
  });

  it('sees weights of bodies, and readers in bodies', () => {
    const model = buildModel({ '': 21 }, (g) => {
      const x = g.input('x', 'float32', [2, 32]);
      const shared = g.constant(randomWeights([32, 32]), 'shared');
      const branch = (name: string) =>
        g.body(name, (inner) => {
          const own = inner.constant(randomWeights([32, 32]), `own ${name}`);
          inner.output('out', inner.op('MatMul', [inner.op('MatMul', [x, shared]), own]));
        });
      g.output('y', g.op('If', [g.input('c', 'bool', [])], { then_branch: branch('a'), else_branch: branch('b') }));
    });
    expect(weightSites(model).map(({ value, uses }) => [value.name, uses.length])).toEqual([
      ['shared', 2],
      ['own a', 1],
      ['own b', 1],
    ]);
  });

  it('follows casts of weights that are stored narrow', () => {
    const model = buildModel({ '': 21 }, (g) => {
      const stored = g.constant(castTensor(randomWeights([32, 32]), 'float16'), 'w');
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [2, 32]), g.op('Cast', [stored], { to: 1 })]));
    });
    expect(named(model, 'w').main).toMatchObject({ role: 'product', channels: [1], contracted: [0] });
  });

  it('says why a weight must stay', () => {
    const model = buildModel({ '': 21 }, (g) => {
      const x = g.input('x', 'float32', [1, 32]);
      const given = g.constant(randomWeights([4, 32]), 'given');
      g.output('given', given);
      const angle = g.op('Mul', [x, g.constant(randomWeights([32]), 'frequencies')]);
      g.output('y', g.op('Cos', [angle]));
      g.input('d', 'float32', [2, 32]).defaultTensor = randomWeights([2, 32]);
      g.output('z', g.op('Relu', [g.graph.inputs[1] as never]));
    });
    expect(named(model, 'given').obstacle).toBe('a graph output must keep its type');
    expect(named(model, 'frequencies').obstacle).toBe('positions and angles need float32');
    expect(named(model, 'd').obstacle).toBe('it is the default of an input, which must keep its type');
  });

  it('takes no setting for a weight', () => {
    const model = buildModel({ '': 21 }, (g) =>
      g.output('y', g.op('Mul', [g.input('x', 'float32', [2, 16]), g.constant(randomWeights([16]))])),
    );
    expect(weightSites(model)).toEqual([]);
  });
});
