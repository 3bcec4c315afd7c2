/** The difference of two models, on models whose changes are known. */
import { expect, it } from 'vitest';
import { encoder } from '../fixtures/encoder.js';
import { diffModels } from '../src/diff/diff-models.js';
import { buildModel } from '../src/ir/build.js';
import type { Model } from '../src/ir/model.js';
import { castTensor, numbersOf, tensorOf } from '../src/ir/tensors/numbers.js';
import type { Tensor } from '../src/ir/tensors/tensor.js';
import { cloneModel } from '../src/ir/whole-model/clone.js';
import { optimize } from '../src/optimize.js';
import { modelDiffText } from '../src/report/diff/model-diff-text.js';
import { modelDiffSchema } from '../src/run/model-diff-schema.js';
import { randomWeights } from './check-pass.js';

const size = { layers: 3, hidden: 32, heads: 2, intermediate: 64, vocabulary: 40, positions: 16 };
const original = encoder({ ...size, seed: 1 });

/** The model with nodes, values and weights under other names. */
function withoutNames(model: Model): Model {
  const copy = cloneModel(model);
  let count = 0;
  for (const node of copy.graph.nodes()) {
    node.name = '';
    for (const value of node.outputs) if (value) value.name = `v${count++}`;
  }
  for (const value of copy.graph.constants) value.name = `c${count++}`;
  return copy;
}

/** A model of one product, with these numbers under this name. */
const product = (weight: Tensor, name: string, relu = false, axis = 1) =>
  buildModel({ '': 17 }, (g) => {
    const x = g.op('Cast', [g.input('x', 'float32', ['n', 16])], { to: weight.type === 'float16' ? 10 : 1 });
    const y = g.op('MatMul', [x, g.constant(weight, name)], {}, { name: 'product' });
    g.output('y', g.op('Softmax', [relu ? g.op('Relu', [y]) : y], { axis }, { name: 'last' }), weight.type, ['n', 8]);
  });

it('finds none between a model and itself, nor where names alone differ', () => {
  expect(diffModels(original, original)).toMatchObject({ equal: true, nodes: { removed: {}, added: {} } });
  const renamed = diffModels(original, withoutNames(original));
  expect(renamed).toMatchObject({ rewrites: [], nodes: { removed: {}, added: {}, changed: [] } });
  expect(renamed.nodes.same).toBe(renamed.before.nodes);
  expect(new Set(renamed.weights.list.map(({ state }) => state))).toEqual(new Set(['renamed']));
});

it('tells of rewrites by block, also without names', async () => {
  const { model } = await optimize(original, 'fuse-act', { verify: 'none', target: 'cpu' });
  for (const result of [model, withoutNames(model)]) {
    const diff = diffModels(original, result);
    expect(modelDiffSchema.parse(JSON.parse(JSON.stringify(diff)))).toEqual(JSON.parse(JSON.stringify(diff)));
    const gelu = diff.rewrites.filter(({ added }) => Object.keys(added).some((op) => op.includes('Gelu')));
    expect(gelu).toHaveLength(1);
    expect(gelu[0]).toMatchObject({ block: 'encoder layer', count: 3, removed: { Erf: 1, Mul: 2, Div: 1 } });
    expect(diff.opsets).toEqual([{ domain: 'com.microsoft', after: 1 }]);
    const text = modelDiffText(diff);
    expect(text).toMatch(/3 × {2}encoder layer {2}.*−3 Erf.*\+3 com\.microsoft\.\w*Gelu/);
  }
});

it('measures weights of another type, and finds them under other names', async () => {
  const weight = randomWeights([16, 8]);
  const half = castTensor(weight, 'float16');
  const [a, b] = [numbersOf(weight), numbersOf(half)];
  const norm = (list: Float64Array) => Math.sqrt(list.reduce((sum, one) => sum + one * one, 0));
  const error = norm(a.map((one, i) => one - (b[i] as number))) / norm(a);
  for (const name of ['w', 'other']) {
    const { list } = diffModels(product(weight, 'w'), product(half, name)).weights;
    expect(list).toHaveLength(1);
    expect(list[0]).toMatchObject({ state: 'other type', before: { name: 'w' }, after: { name, type: 'float16' } });
    expect(list[0]?.error).toBeCloseTo(error, 12);
  }
});

it('tells a weight of other numbers, one that is gone and one that is new', () => {
  const weight = randomWeights([16, 8]);
  const doubled = tensorOf(
    'float32',
    numbersOf(weight).map((one) => 2 * one),
    [16, 8],
  );
  expect(diffModels(product(weight, 'w'), product(doubled, 'w')).weights.list).toMatchObject([
    { state: 'changed', error: 1 },
  ]);
  const infinite = tensorOf('float32', numbersOf(weight).fill(Number.POSITIVE_INFINITY, 127), [16, 8]);
  expect(diffModels(product(weight, 'w'), product(infinite, 'w')).weights.list).toMatchObject([{ error: null }]);
  // Others of the same shape that have nothing to do with it.
  const others = tensorOf(
    'float32',
    numbersOf(weight).map((_, i) => Math.cos(i * i)),
    [16, 8],
  );
  const states = diffModels(product(weight, 'w'), product(others, 'u')).weights.list.map(({ state }) => state);
  expect(states.toSorted()).toEqual(['added', 'removed']);
});

it('tells of nodes that were put in, of attributes, ports and metadata', () => {
  const weight = randomWeights([16, 8]);
  const after = product(weight, 'w', true, 0);
  after.metadata = [{ key: 'made by', value: '\x1b[31mme' }];
  after.graph.outputPorts[0]!.type = undefined;
  const diff = diffModels(product(weight, 'w'), after);
  expect(diff.rewrites).toMatchObject([{ removed: {}, added: { Relu: 1 }, count: 1, block: '' }]);
  expect(diff.nodes.changed).toEqual([{ op: 'Softmax', what: 'axis: 1 → 0', count: 1, at: ['last'] }]);
  expect(diff.metadata).toEqual([{ key: 'made by', after: '\x1b[31mme' }]);
  expect(modelDiffText(diff)).not.toContain('\x1b');
});

it('refuses what is no model', () => {
  expect(() => diffModels(original, 'model.onnx' as never)).toThrow(/expected.*readModel/s);
});
