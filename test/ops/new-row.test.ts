/** A new op that moves elements is one row: inference, views, lanes, fills, flows and identities read it as it is. */
import { afterAll, expect, test, vi } from 'vitest';
import type { Value } from '../../src/ir/value.js';
import type { Movement } from '../../src/ops/movement.js';
import type { OpRow } from '../../src/ops/row.js';

// Families are joined when the registry is loaded, once for all test files of a worker: this one, and those after it, load their own.
vi.resetModules();
afterAll(() => {
  vi.resetModules();
});
const { buildModel } = await import('../../src/ir/build.js');
const { Graph } = await import('../../src/ir/graph.js');
const { along } = await import('../../src/ops/movement.js');
const { views } = await import('../../src/ops/families/views.js');

/** Turns(x): axes one further, the last one first; a matrix is transposed. */
const turns: OpRow = {
  infer: (call) => {
    const shape = call.shape(0);
    call.set(0, shape && [...shape.slice(-1), ...shape.slice(0, -1)], call.elem(0));
  },
  moves: {
    from: [0],
    how: ({ node: { inputs } }): Movement | undefined => {
      const [source] = inputs;
      const places = source?.shape?.map((_, axis, { length }) => along((axis + 1) % length));
      return source && places && { kind: 'placed', source, places };
    },
  },
};
// What reads the registry comes after.
(views as Record<string, OpRow>).Turns = turns;
const { inferTypes } = await import('../../src/infer/index.js');
const { movedLanes } = await import('../../src/match/views/lanes.js');
const { fillOf } = await import('../../src/match/views/scalar.js');
const { viewOf } = await import('../../src/match/views/view.js');
const { heldBy, outputsFrom } = await import('../../src/ops/moved.js');
const { optimize } = await import('../../src/optimize.js');
const { simplify } = await import('../../passes/simplify.js');

test('a row is all that readers need', async () => {
  const model = buildModel({ '': 20 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 2, 3]);
    g.output('turned', g.op('Turns', [x]));
    g.output('held', g.op('Reshape', [g.op('Turns', [g.constant('int64', [1, 2, 3, 4], [2, 2])]), g.ints(-1)]));
    g.output('filled', g.op('Turns', [g.op('Expand', [g.constant('float32', 7), g.ints(2, 3)])]));
    g.output('vector', g.op('Turns', [g.input('v', 'float32', ['n'])]));
  });
  const facts = inferTypes(model);
  const [turned, held, filled] = model.graph.outputs as readonly Value[];
  const [x] = model.graph.inputs as readonly [Value];
  expect(turned?.shape?.join()).toBe('3,batch,2');
  expect(facts.contents(held as Value)).toEqual([1, 3, 2, 4]);
  expect(fillOf(filled, facts)).toBe(7);
  expect(heldBy(turned)?.sources).toEqual([x]);
  expect(outputsFrom(turned?.producer as NonNullable<Value['producer']>, 0)).toEqual([turned]);
  const view = viewOf(turned as Value, facts);
  expect(view?.base).toBe(x);
  expect(view?.axes).toEqual([view?.baseAxes[2], view?.baseAxes[0], view?.baseAxes[1]]);
  const lanes = movedLanes(held?.producer?.inputs[0] as Value, 2, facts);
  expect(lanes?.map(({ index }) => index)).toEqual([0, 2, 1, 3]);
  const { model: simpler } = await optimize(model, [simplify()], { verify: 'none' });
  expect(simpler.graph.outputs[3]).toBe(simpler.graph.inputs[1]);
});

test('a function of the model that has the name of an op is no op', () => {
  const model = buildModel({ '': 20 }, (g) => {
    g.output('y', g.op('Turns', [g.input('x', 'float32', [2, 3])]));
  });
  const graph = new Graph(model, 'Turns', new Map(model.opsets));
  graph.output('y', graph.add('Neg', [graph.input('x')]).output);
  const names = { domain: '', name: 'Turns', overload: '', docString: '' };
  model.functions.push({ ...names, graph, attributes: [], defaults: new Map() });
  const [y] = model.graph.outputs as readonly Value[];
  const facts = inferTypes(model);
  expect([heldBy(y), viewOf(y as Value, facts)?.base]).toEqual([undefined, y]);
});
