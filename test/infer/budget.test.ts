/** Inference on numbers that ask for absurd work: it reports the work that it left out, and infers nothing wrong. */
import { describe, expect, it } from 'vitest';
import { hostile } from '../../fixtures/hostile/index.js';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel, GraphBuilder } from '../../src/ir/build.js';
import { dimText } from '../../src/ir/dims/dims.js';
import { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { Budget, type Limits } from '../../src/ir/options/budget.js';
import { typeText } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { readModel } from '../../src/onnx/read.js';

const read = async (name: string, limits?: Limits): Promise<Model> => {
  const bytes = hostile[name]?.();
  if (!bytes) throw new TypeError(`no hostile file ${name}`);
  return readModel(bytes, { budget: limits });
};

/** The type of the first output, and which budgets were hit. */
async function inferred(name: string, limits?: Limits) {
  const model = await read(name, limits);
  inferTypes(model);
  const short = model.budget.untold().map(({ reason }) => reason.match(/the budget ([a-z-]+) of/)?.[1]);
  return { type: typeText(model.graph.outputs[0]?.type), short };
}

describe('inference', () => {
  it.each([
    'reshape-list-2e31',
    'expand-list-2e31',
    'unsqueeze-list-2e31',
    'constant-of-shape-list-2e31',
    'affine-grid-list-2e31',
  ])('takes a declared length for no number of axes, and says so: %s', async (name) => {
    expect(await inferred(name)).toEqual({ type: 'float32[...]', short: ['axes'] });
  });

  it('has as many axes as are asked for', async () => {
    expect((await inferred('reshape-list-2e31', { axes: 2 ** 40 })).short).toEqual(['axes']);
  });

  it('takes what is nested too deep for unknown, and says so', async () => {
    expect(await inferred('types-grown')).toEqual({ type: '?', short: ['nesting'] });
  });

  it.each(['scan-inputs-2e31', 'scan-inputs-negative'])(
    'takes no count of inputs that are not there: %s',
    async (name) => expect((await inferred(name)).short).toEqual([]),
  );

  it.each(['dims-squares', 'dims-sums-product', 'dims-max-tree', 'dims-broadcast-self'])(
    'takes a dim of too many names for unknown: %s',
    async (name) => {
      const { type, short } = await inferred(name);
      expect(type).toMatch(/\?\d/);
      expect(short).toEqual(['dims-terms']);
    },
  );

  it('follows such a dim where it may', async () => {
    const { type, short } = await inferred('dims-max', { 'dims-terms': 2000 });
    expect(type).toContain('max(');
    expect(short).toEqual([]);
  });

  it('follows a call of each signature once, however many there are', async () => {
    expect(await inferred('calls-2e40')).toEqual({ type: 'float32[n]', short: [] });
    expect(await inferred('calls-wide')).toEqual({ type: 'float32[n]', short: [] });
  });

  it('leaves calls of more signatures than may be followed', async () => {
    const { type, short } = await inferred('calls-signatures-many');
    expect({ type, short }).toEqual({ type: 'float32[?1]', short: ['inference-visits'] });
  });

  it('says nothing of a function that was not followed in a call', async () => {
    const model = await read('calls-signatures-many');
    inferTypes(model);
    for (const { graph } of model.functions)
      for (const value of graph.values()) if (!value.tensor && graph.name !== 'f29') expect(value.type).toBeUndefined();
  });

  it('goes over loops in loops as often as it may', async () => {
    const { type, short } = await inferred('loops-nested');
    expect(type).toMatch(/^\?|float32/);
    expect(short).toEqual(['inference-visits']);
    expect((await inferred('loops-3')).short).toEqual([]);
  });

  it('gives calls of one signature unknown dims of their own', () => {
    const model = withFunction((g, input) => g.op('NonZero', [input]));
    const { graph } = model;
    for (const name of ['y', 'z']) graph.output(name, graph.add('F', graph.inputs, { domain: 'local' }).output);
    inferTypes(model);
    const [p, q] = graph.outputs.map(({ type }) => type);
    expect(typeText(p)).toBe('int64[1, ?1]');
    expect(typeText(p, dimText)).not.toBe(typeText(q, dimText));
    const { revision } = model;
    model.touch();
    inferTypes(model);
    expect(model.revision).toBe(revision + 1);
  });
});

describe('a budget', () => {
  it('is spent by each clone for itself', () => {
    const budget = new Budget({ 'constant-bytes': 10 });
    expect(budget.spend('constant-bytes', 6)).toBe(true);
    const copy = budget.clone();
    expect([copy.spend('constant-bytes', 6), budget.spend('constant-bytes', 4)]).toEqual([false, true]);
    expect(copy.spend('constant-bytes', 4)).toBe(true);
  });

  it('tells each place once, with how to raise it', () => {
    const budget = new Budget({ 'dims-terms': 7 });
    budget.note('dims-terms', 'Mul "a"');
    budget.note('dims-terms', 'Mul "a"');
    expect(budget.untold()).toEqual([
      {
        reason: 'a dim is taken for unknown: beyond the budget dims-terms of 7; --budget dims-terms=… raises it',
        places: ['Mul "a"'],
      },
    ]);
    expect(budget.clone().untold()).toEqual([]);
  });
});

/** A model of an input x [n] and a function F of one input. */
function withFunction(define: (g: GraphBuilder, input: Value) => Value): Model {
  const model = buildModel({ '': 18, local: 1 }, (g) => void g.input('x', 'float32', ['n']));
  const graph = new Graph(model, 'F', new Map([['', 18]]));
  graph.output('b', define(new GraphBuilder(graph), graph.input('a')));
  const parts = { domain: 'local', overload: '', attributes: [], defaults: new Map(), docString: '' };
  model.functions.push({ ...parts, name: 'F', graph });
  return model;
}
