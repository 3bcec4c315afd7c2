/** Builds models with a given number of nodes, each large in another way. */
import { buildModel, type GraphBuilder } from '../src/ir/build.js';
import { Graph } from '../src/ir/graph.js';
import type { Model } from '../src/ir/model.js';
import { tensorType } from '../src/ir/types.js';
import type { Value } from '../src/ir/value.js';

const SHAPE = [2, 4];

/** Builds a model of one input and one output. */
const single = (define: (g: GraphBuilder, x: Value) => Value): Model =>
  buildModel({ '': 17 }, (g) => g.output('y', define(g, g.input('x', 'float32', SHAPE)), 'float32'));

const list = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** Applies a step `count` times in a row. */
const chainOf = (count: number, x: Value, step: (value: Value, i: number) => Value): Value => {
  let value = x;
  for (let i = 0; i < count; i++) value = step(value, i);
  return value;
};

const weight = (g: GraphBuilder, i: number) =>
  g.constant(
    'float32',
    list(16, (k) => ((i + k) % 7) / 7 - 0.4),
    [4, 4],
  );

const gelu = (g: GraphBuilder, x: Value): Value => {
  const erf = g.op('Erf', [g.op('Div', [x, g.constant('float32', Math.SQRT2)])]);
  return g.op('Mul', [g.op('Mul', [x, g.op('Add', [erf, g.constant('float32', 1)])]), g.constant('float32', 0.5)]);
};

const norm = (g: GraphBuilder, x: Value): Value => {
  const mean = (value: Value) => g.op('ReduceMean', [value], { axes: [-1], keepdims: 1 });
  const centred = g.op('Sub', [x, mean(x)]);
  const variance = mean(g.op('Pow', [centred, g.constant('float32', 2)]));
  const deviation = g.op('Sqrt', [g.op('Add', [variance, g.constant('float32', 1e-5)])]);
  const scaled = g.op('Mul', [
    g.op('Div', [centred, deviation]),
    g.constant(
      'float32',
      list(4, () => 1.5),
    ),
  ]);
  return g.op('Add', [
    scaled,
    g.constant(
      'float32',
      list(4, () => 0.5),
    ),
  ]);
};

/** The builders by name; each takes the number of nodes. */
export const largeModels: Readonly<Record<string, (nodes: number) => Model>> = {
  chain: (n) => single((g, x) => chainOf(n, x, (value, i) => g.op(i % 2 ? 'Sigmoid' : 'Tanh', [value]))),
  sums: (n) =>
    single((g, x) =>
      chainOf(n, x, (value, i) =>
        g.op(i % 2 ? 'Add' : 'Mul', [
          value,
          g.constant(
            'float32',
            list(4, (k) => k + 1 + (i % 5)),
          ),
        ]),
      ),
    ),
  scalars: (n) =>
    single((g, x) =>
      chainOf(n, x, (value, i) =>
        g.op(['Add', 'Mul', 'Sub', 'Div'][i % 4] as string, [value, g.constant('float32', 1.1)]),
      ),
    ),
  comb: (n) => single((g, x) => chainOf(n, x, (value) => g.op('Add', [value, x]))),
  double: (n) => single((g, x) => chainOf(n, x, (value) => g.op('Mul', [value, value]))),
  star: (n) =>
    single((g, x) =>
      g.op(
        'Sum',
        list(n, (i) => g.op(i % 2 ? 'Relu' : 'Tanh', [x])),
      ),
    ),
  concat: (n) =>
    single((g, x) =>
      g.op(
        'Concat',
        list(n, () => g.op('Tanh', [x])),
        { axis: 0 },
      ),
    ),
  shared: (n) =>
    single((g, x) => {
      const c = g.constant('float32', [1, 2, 3, 4]);
      return chainOf(n, x, (value, i) => g.op(i % 2 ? 'Add' : 'Mul', [value, c]));
    }),
  ports: (n) =>
    buildModel({ '': 17 }, (g) => {
      for (let i = 0; i < n; i++) g.output(`y${i}`, g.op('Tanh', [g.input(`x${i}`, 'float32', SHAPE)]), 'float32');
    }),
  outputs: (n) =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', SHAPE);
      for (let i = 0; i < n; i++) g.output(`y${i}`, g.op('Tanh', [x]), 'float32');
    }),
  weights: (n) => single((g, x) => chainOf(n, x, (value, i) => g.op('MatMul', [value, weight(g, i)]))),
  linear: (n) =>
    single((g, x) =>
      chainOf(n / 3, x, (value, i) =>
        g.op('Relu', [g.op('Add', [g.op('MatMul', [value, weight(g, i)]), g.constant('float32', [1, 2, 3, i % 9])])]),
      ),
    ),
  matmuls: (n) => {
    return single((g, x) =>
      g.op(
        'Sum',
        list(n, (i) => g.op('MatMul', [x, weight(g, i)])),
      ),
    );
  },
  norms: (n) => single((g, x) => chainOf(n / 9, x, (value) => norm(g, value))),
  gelus: (n) => single((g, x) => chainOf(n / 5, x, (value) => gelu(g, value))),
  blocks: (n) =>
    single((g, x) =>
      chainOf(n / 18, x, (value, i) =>
        g.op('Add', [value, g.op('MatMul', [gelu(g, g.op('MatMul', [norm(g, value), weight(g, i)])), weight(g, i)])]),
      ),
    ),
  attention: (n) =>
    single((g, x) =>
      chainOf(n / 16, x, (value, i) => {
        const split = (k: number, perm: number[]) =>
          g.op('Transpose', [g.op('Reshape', [g.op('MatMul', [value, weight(g, i + k)]), g.ints(1, 2, 2, 2)])], {
            perm,
          });
        const scores = g.op('Mul', [
          g.op('MatMul', [split(0, [0, 2, 1, 3]), split(1, [0, 2, 3, 1])]),
          g.constant('float32', Math.SQRT1_2),
        ]);
        const mixed = g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), split(2, [0, 2, 1, 3])]);
        const merged = g.op('Reshape', [g.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), g.ints(2, 4)]);
        return g.op('Add', [value, g.op('MatMul', [merged, weight(g, i)])]);
      }),
    ),
  views: (n) =>
    single((g, x) =>
      chainOf(n / 4, x, (value) => {
        const three = g.op('Reshape', [value, g.ints(2, 2, 2)]);
        return g.op('Reshape', [
          g.op('Transpose', [g.op('Transpose', [three], { perm: [1, 0, 2] })], { perm: [2, 0, 1] }),
          g.ints(2, 4),
        ]);
      }),
    ),
  casts: (n) =>
    single((g, x) => chainOf(n / 2, x, (value) => g.op('Cast', [g.op('Cast', [value], { to: 10 })], { to: 1 }))),
  dynamic: (n) =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 4]);
      const end = chainOf(n / 5, x, (value) => {
        const size = g.op('Gather', [g.op('Shape', [value]), g.ints(0)]);
        return g.op('Tanh', [g.op('Reshape', [value, g.op('Concat', [size, g.ints(-1)], { axis: 0 })])]);
      });
      g.output('y', end, 'float32');
    }),
  slices: (n) =>
    single((g, x) =>
      g.op(
        'Concat',
        list(n / 2, (i) => g.op('Tanh', [g.op('Slice', [x, g.ints(i % 4), g.ints((i % 4) + 1), g.ints(1)])])),
        { axis: 1 },
      ),
    ),
  ifs: (n) =>
    single((g, x) => {
      const chosen = g.input('chosen', 'bool', []);
      const body = (op: string, value: Value) => g.body(op, (inner) => inner.output('o', inner.op(op, [value])));
      return chainOf(n / 3, x, (value) =>
        g.op('If', [chosen], { then_branch: body('Tanh', value), else_branch: body('Relu', value) }),
      );
    }),
  ifStar: (n) =>
    single((g, x) => {
      const chosen = g.input('chosen', 'bool', []);
      const body = (op: string, value: Value) => g.body(op, (inner) => inner.output('o', inner.op(op, [value])));
      return g.op(
        'Sum',
        list(n / 3, () => g.op('If', [chosen], { then_branch: body('Tanh', x), else_branch: body('Relu', x) })),
      );
    }),
  calls: (n) => functions(n, 1),
  functions: (n) => functions(n / 3, n / 3),
  nested: (n) => functions(1, n, true),
  inserts: (n) =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', SHAPE);
      const end = chainOf(n, g.op('SequenceEmpty', []), (sequence) => g.op('SequenceInsert', [sequence, x]));
      g.graph.output('y', end, { kind: 'sequence', elem: tensorType('float32', SHAPE) });
    }),
  joins: (n) => single((g, x) => chainOf(n, x, (value) => g.op('Concat', [value, x], { axis: 0 }))),
  unsorted: (n) =>
    single((g, x) => {
      const nodes = list(n, (i) => g.graph.add(i % 2 ? 'Tanh' : 'Relu', [x]));
      for (let i = 0; i < n - 1; i++) g.graph.setInput(nodes[i]!, 0, nodes[i + 1]!.output);
      return nodes[0]!.output;
    }),
};

/** Builds a chain of calls to `count` functions in turn; where nested, each function calls the next. */
function functions(calls: number, count: number, isNested = false): Model {
  const model = single((g, x) =>
    chainOf(calls, x, (value, i) => g.op(`F${i % count}`, [value], {}, { domain: 'local' })),
  );
  for (let i = 0; i < count; i++) {
    const graph = new Graph(model, `F${i}`);
    const input = graph.input('a');
    const inner =
      isNested && i + 1 < count ? graph.add(`F${i + 1}`, [input], { domain: 'local' }) : graph.add('Tanh', [input]);
    graph.output('b', graph.add('Relu', [inner.output]).output);
    model.functions.push({
      domain: 'local',
      name: `F${i}`,
      overload: '',
      graph,
      attributes: [],
      defaults: new Map(),
      docString: '',
      carried: undefined,
    } as never);
  }
  return model;
}
