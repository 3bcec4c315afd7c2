/** Builds models of a few layers, to find blocks in. */
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';

export const WIDTH = 4;

export type Weights = (...shape: number[]) => Value;

/** Gives a new weight at each call, with other numbers. */
export const fresh = (g: GraphBuilder): Weights => {
  let n = 0;
  return (...shape) =>
    g.constant(
      'float32',
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.sin(n++)),
      shape,
    );
};

/** Adds a layer: norm, three projections, attention with a mask, addition, and a feed-forward part. */
export function layer(g: GraphBuilder, x: Value, mask: Value, w: Weights, inner = 8): Value {
  const normed = g.op('LayerNormalization', [x, w(WIDTH), w(WIDTH)]);
  const [q, k, v] = [0, 1, 2].map(() => g.op('Add', [g.op('MatMul', [normed, w(WIDTH, WIDTH)]), w(WIDTH)])) as [
    Value,
    Value,
    Value,
  ];
  const scores = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 2, 1] })]);
  const context = g.op('MatMul', [g.op('Softmax', [g.op('Add', [scores, mask])]), v]);
  const sum = g.op('Add', [x, context]);
  const hidden = g.op('Relu', [g.op('MatMul', [sum, w(WIDTH, inner)])]);
  return g.op('Add', [sum, g.op('MatMul', [hidden, w(inner, WIDTH)])]);
}
export const LAYER = 17;

type Define = (g: GraphBuilder, x: Value, mask: Value, w: Weights) => Value;

export function model(define: Define): Model {
  return buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['b', 's', WIDTH]);
    const mask = g.input('mask', 'float32', ['b', 's', 's']);
    g.output('y', define(g, x, mask, fresh(g)));
  });
}

export const layers =
  (count: number): Define =>
  (g, x, mask, w) =>
    Array.from({ length: count }).reduce<Value>((value) => layer(g, value, mask, w), g.op('Tanh', [x]));

/** The same model without names, its nodes in another order in the file. */
export const shuffled = (of: Model): Model =>
  buildModel({ '': 17 }, (g) => {
    const values = new Map<Value, Value>();
    for (const input of of.graph.inputs) values.set(input, g.input(input.name, input.type as never));
    for (const constant of of.graph.constants)
      if (constant.tensor) values.set(constant, g.constant(constant.tensor, ''));
    const mixed = of.graph.nodes().map((node, at) => ({ node, key: Math.sin(at * 7919) }));
    mixed.sort((a, b) => a.key - b.key);
    const copies = mixed.map(({ node }) => {
      const copy = g.node(node.opType, [], Object.fromEntries(node.attributes), { outputs: node.outputs.length });
      node.outputs.forEach((value, at) => {
        if (value) values.set(value, copy.outputs[at] as Value);
      });
      return { node, copy };
    });
    for (const { node, copy } of copies)
      node.inputs.forEach((value, index) => {
        g.graph.setInput(copy, index, value && values.get(value));
      });
    for (const value of of.graph.outputs) g.output(value.name, values.get(value) as Value);
  });

/** Builds a model of random nodes of eight ops. Each reads some of the twenty nodes before it; the seed is fixed. */
export const random = (count: number): Model =>
  buildModel({ '': 17 }, (g) => {
    let state = 12345;
    const next = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    const values = [g.input('a', 'float32', [4]), g.input('b', 'float32', [4])];
    const read = () => values.at(-1 - next(Math.min(20, values.length))) as Value;
    while (values.length < count + 2) {
      const op = ['Add', 'Mul', 'Sub', 'Max', 'Relu', 'Neg', 'Abs', 'Tanh'][next(8)] as string;
      values.push(g.op(op, 'Add Mul Sub Max'.includes(op) ? [read(), read()] : [read()]));
    }
    g.output('y', values.at(-1) as Value);
  });
