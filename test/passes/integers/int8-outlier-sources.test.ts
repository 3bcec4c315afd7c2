/** int8: the layers before an activation that take the division of its outlying channels. */
import { describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { groupsOf, moveOutliers } from '../../../passes/precision/integer/outliers.js';
import { type Product, productOf } from '../../../passes/precision/product.js';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { writeModel } from '../../../src/onnx/write.js';
import { ActivationStatistics } from '../../../src/run/activations.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { applyPass, randomFeeds, randomWeights, relativeError } from '../../check-pass.js';
import { runModel } from '../../run-model.js';
import { linear } from './int8-models.js';

const K = 64;
const microsoft = { domain: 'com.microsoft' };

/** A weight [K, K] or [K, K] turned, two of whose columns are 60 times as large as the others. */
const outlying = (seed: number, isTurned = false): Tensor => {
  const numbers = numbersOf(randomWeights([K, K], 0.2, seed));
  return tensorOf(
    'float32',
    numbers.map((one, at) => ((isTurned ? Math.floor(at / K) : at % K) % 31 === 7 ? 60 * one : one)),
    [K, K],
  );
};

type Layer = (g: GraphBuilder, x: Value) => Value;

/** The activation of the last product has two outlying channels. */
const modelOf = (before: Layer, more?: Layer): Model =>
  buildModel({ '': 23, 'com.microsoft': 1 }, (g) => {
    const activation = before(g, g.input('x', 'float32', [1, 6, K]));
    g.output('y', linear(g, activation, K, 32, 9), 'float32', [1, 6, 32]);
    if (more) g.output('more', more(g, activation));
    for (const [at, node] of g.graph.nodes().entries()) node.name = `node${at}`;
  });

const split = (g: GraphBuilder, value: Value) =>
  g.op('Transpose', [g.op('Reshape', [value, g.ints(1, 6, 4, K / 4)])], { perm: [0, 2, 1, 3] });

/** Attention in single steps, from three linear layers of x. */
const heads: Layer = (g, x) => {
  const [q, k] = [linear(g, x, K, K, 3), linear(g, x, K, K, 4)].map((one) => split(g, one)) as [Value, Value];
  const v = split(g, g.op('MatMul', [x, g.constant(outlying(5), 'v')]));
  const scores = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
  const context = g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), v]);
  return g.op('Reshape', [g.op('Transpose', [context], { perm: [0, 2, 1, 3] }), g.ints(1, 6, K)]);
};
const attention =
  (inputs: (values: Value) => readonly (Value | undefined)[], opType = 'MultiHeadAttention'): Layer =>
  (g, x) => {
    const value = g.op('MatMul', [x, g.constant(outlying(5), 'v')]);
    const [q, k] = [linear(g, x, K, K, 3), linear(g, x, K, K, 4)];
    const isStandard = opType === 'Attention';
    const attributes = isStandard ? { q_num_heads: 4, kv_num_heads: 4 } : { num_heads: 4 };
    return g.op(opType, [q, k, ...inputs(value)], attributes, isStandard ? {} : microsoft);
  };

const sources: readonly (readonly [string, Layer])[] = [
  ['a linear layer', (g, x) => g.op('MatMul', [x, g.constant(outlying(3), 'w')])],
  [
    'a linear layer with a bias, behind Relu and a Reshape',
    (g, x) => {
      const sum = g.op('Add', [
        g.op('MatMul', [x, g.constant(outlying(3), 'w')]),
        g.constant(randomWeights([K], 1, 4)),
      ]);
      return g.op('Relu', [g.op('Reshape', [sum, g.ints(6, 1, K)])]);
    },
  ],
  [
    'a Gemm whose weight is stored turned',
    (g, x) => {
      const inputs = [g.op('Reshape', [x, g.ints(6, K)]), g.constant(outlying(3, true), 'w')];
      const bias = g.constant(randomWeights([1, K], 1, 4));
      return g.op('Reshape', [g.op('Gemm', [...inputs, bias], { transB: 1 }), g.ints(1, 6, K)]);
    },
  ],
  ['the values of attention', heads],
  ['the values of MultiHeadAttention', attention((v) => [v])],
  ['the values of Attention', attention((v) => [v], 'Attention')],
];

/** Statistics of an activation whose outlying channels are those of the weights. */
function statistics(): ActivationStatistics {
  const found = new ActivationStatistics(K);
  const random = new Random(7);
  found.add(Float32Array.from({ length: 40 * K }, (_, at) => random.normal() * ((at % K) % 31 === 7 ? 60 : 1)));
  return found;
}

/** A copy with the outliers of the last product's activation moved, and how many activations were. */
function moved(before: Model): { after: Model; count: number } {
  const after = cloneModel(before);
  inferTypes(after);
  const products = after.graph.nodes().flatMap((node) => {
    const product = productOf(node);
    return typeof product === 'object' ? [product as Product] : [];
  });
  const last = products.at(-1) as Product;
  const groups = groupsOf(products).filter(({ activation }) => activation === last.activation);
  return { after, count: moveOutliers(groups, new Map([[last.activation, statistics()]]), true).length };
}

const run = async (model: Model, feeds: Readonly<Record<string, Tensor>>) => runModel(await writeModel(model), feeds);

describe('outliers are divided in', () => {
  it.each(sources)('%s: no bit of the float model changes, and 8 bits are closer', async (_name, layer) => {
    const before = modelOf(layer);
    const { after, count } = moved(before);
    expect(count).toBe(1);
    expect(after.graph.nodes().map(({ opType }) => opType)).toEqual(before.graph.nodes().map(({ opType }) => opType));
    const feeds = randomFeeds(before);
    const wanted = (await run(before, feeds)).y as Tensor;
    expect((await run(after, feeds)).y?.bytes()).toEqual(wanted.bytes());
    // Of the two the last product is in 8 bits alone: everything before it is the same.
    const last = [...before.graph.nodes()].findLast((node) => node.is('MatMul'))?.name as string;
    const others = before.graph.nodes().flatMap((node) => (node.name === last ? [] : [node.name]));
    const errors = await Promise.all(
      [before, after].map(async (one) => {
        const { model } = await applyPass(int8({ keep: others }), one);
        return relativeError((await run(model, feeds)).y as Tensor, wanted);
      }),
    );
    expect(errors[1]).toBeLessThan((errors[0] as number) / 2);
  });

  const w = (g: GraphBuilder, seed = 3) => g.constant(outlying(seed), 'w');
  it.each<[string, Model]>([
    [
      'a layer whose weight another one reads',
      modelOf((g, x) => {
        const weight = w(g);
        return g.op('MatMul', [g.op('Tanh', [g.op('MatMul', [x, weight])]), weight]);
      }),
    ],
    [
      'a layer whose result another node reads',
      modelOf(
        (g, x) => {
          const one = g.op('MatMul', [x, w(g)]);
          return g.op('Relu', [one]);
        },
        (g, value) => g.op('Tanh', [value.producer?.inputs[0] as Value]),
      ),
    ],
    [
      'a layer with a computed bias',
      modelOf((g, x) => g.op('Add', [g.op('MatMul', [x, w(g)]), g.op('ReduceMax', [x, g.ints(1)], { keepdims: 1 })])),
    ],
    ['attention with a bias of its inputs', modelOf(attention((v) => [v, v.graph.constant(randomWeights([3 * K]))]))],
    [
      'heads that are turned among themselves',
      modelOf((g, x) => {
        const v = split(g, g.op('MatMul', [x, w(g)]));
        const context = g.op('MatMul', [g.op('Softmax', [g.input('scores', 'float32', [1, 4, 6, 6])]), v]);
        return g.op('Reshape', [g.op('Transpose', [context], { perm: [0, 2, 3, 1] }), g.ints(1, 6, K)]);
      }),
    ],
  ])('%s: not where it would change something else', (_name, before) => {
    expect(moved(before).count).toBe(0);
  });
});
