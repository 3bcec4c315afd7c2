import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import type { Value } from '../../src/ir/value.js';
import { randomWeights } from '../check-pass.js';
import { attention, block, chain, checkChains, type Layer, once, WIDTH, weight } from './chains.js';

const constantOf = (g: GraphBuilder, number: number, name: string): Value =>
  g.constant('float32', new Array<number>(WIDTH).fill(number), [WIDTH], name);

const only =
  (place: number, layer: Layer): Layer =>
  (g, x, at) =>
    at === place ? layer(g, x, at) : block(g, x, at);

/** A weight of 4 KiB with the numbers of a seed. */
const wideWeight = (g: GraphBuilder, seed: number, name: string): Value =>
  g.constant(randomWeights([WIDTH, 128], 0.3, 10 + seed), name);

const wide = (g: GraphBuilder, x: Value, at: number, seed: number): Value => {
  const hidden = g.op(
    'MatMul',
    [block(g, x, at), wideWeight(g, seed, `layer.${at}.wide`)],
    {},
    { name: `layer.${at}.up` },
  );
  const back = weight(g, `layer.${at}.back`, 128, WIDTH);
  return g.op('Add', [x, g.op('MatMul', [g.op('Sigmoid', [hidden]), back], {}, { name: `layer.${at}.down` })]);
};

const cases: Record<string, () => Model> = {
  plain: () => chain(block),
  'twelve layers': () => chain(block, 12),
  'five layers': () => chain(block, 5),
  'an axis differs': () => chain((g, x, at) => block(g, g.op('Softmax', [x], { axis: at === 5 ? 1 : 2 }), at)),
  'a shape differs': () =>
    chain((g, x, at) => block(g, g.op('Reshape', [x, at === 5 ? g.ints(0, -1, WIDTH) : g.ints(0, 0, WIDTH)]), at)),
  'a bias is zero in one': () => chain(only(4, (g, x, at) => block(g, x, at, { b: constantOf(g, 0, 'zero') }))),
  'a bias is zero in the first': () => chain(only(0, (g, x, at) => block(g, x, at, { b: constantOf(g, 0, 'zero') }))),
  'a bias is zero in two': () =>
    chain((g, x, at) => block(g, x, at, at % 4 === 2 ? { b: constantOf(g, 0, `zero.${at}`) } : {})),
  'a scale is one in one': () =>
    chain((g, x, at) =>
      block(g, g.op('Mul', [x, at === 4 ? constantOf(g, 1, 'one') : weight(g, `s.${at}`, WIDTH)]), at),
    ),
  'all biases are zero': () => chain((g, x, at) => block(g, x, at, { b: constantOf(g, 0, `zero.${at}`) })),
  'two kinds in turn': () => chain((g, x, at) => (at % 2 ? block(g, x, at) : attention(g, x, at)), 12),
  'three kinds in turn': () =>
    chain(
      (g, x, at) =>
        at % 3 === 0 ? attention(g, x, at) : at % 3 === 1 ? block(g, x, at) : g.op('Relu', [block(g, x, at)]),
      18,
    ),
  'five local, one global': () =>
    chain((g, x, at) => attention(g, x, at, at % 6 === 5 ? undefined : g.constant('float32', 0.25)), 18),
  'every layer is an output': () =>
    chain((g, x, at) => {
      const y = block(g, x, at);
      g.output(`state.${at}`, y);
      return y;
    }),
  'every other layer is an output': () =>
    chain((g, x, at) => {
      const y = block(g, x, at);
      if (at % 2) g.output(`state.${at}`, y);
      return y;
    }),
  'an output in the middle of one layer': () =>
    chain((g, x, at) => {
      const y = block(g, x, at);
      if (at === 5) g.output('middle', y.producer?.inputs[1] as Value);
      return y;
    }),
  'a weight of two layers': () => {
    const tied = once((g) => weight(g, 'tied'));
    return chain((g, x, at) => block(g, x, at, at === 2 || at === 6 ? { w: tied(g, x) } : {}));
  },
  'weights of two layers hold the same': () => chain((g, x, at) => wide(g, x, at, at === 6 ? 2 : at)),
  'biases of two layers hold the same': () =>
    chain((g, x, at) => block(g, x, at, at === 6 ? { b: weight(g, 'layer.2.b', WIDTH) } : {})),
  'weights of the last two layers hold the same': () => chain((g, x, at) => wide(g, x, at, Math.min(at, 7))),
  'a weight of a layer and the head hold the same': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      for (let at = 0; at < 9; at++) x = wide(g, x, at, at);
      g.output('y', g.op('MatMul', [x, wideWeight(g, 4, 'head')]));
    }),
  'the first two layers hold the same': () => chain((g, x, at) => wide(g, x, Math.max(1, at), Math.max(1, at))),
  'a constant of all layers and the head': () => {
    const all = once((g) => weight(g, 'all', WIDTH));
    return buildModel({ '': 17 }, (g) => {
      let x = g.op('Mul', [g.input('x', 'float32', ['batch', 'sequence', WIDTH]), all(g, undefined as never)]);
      for (let at = 0; at < 9; at++) x = block(g, g.op('Mul', [x, all(g, x)]), at);
      g.output('y', g.op('Mul', [x, all(g, x)]));
    });
  },
  'a weight of a layer is the head, too': () => {
    const tied = once((g) => weight(g, 'tied'));
    return buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      for (let at = 0; at < 9; at++) x = block(g, x, at, at === 4 ? { w: tied(g, x) } : {});
      g.output('y', g.op('MatMul', [x, tied(g, x)]));
    });
  },
  'a weight of a layer is read in a body': () =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      let y = g.op('Tanh', [x]);
      const tied = weight(g, 'tied');
      for (let at = 0; at < 9; at++) y = block(g, y, at, at === 5 ? { w: tied } : {});
      const cond = g.op('Greater', [g.op('ReduceMax', [x], { keepdims: 0 }), g.constant('float32', 0)]);
      const [yes, no] = [
        g.body('yes', (b) => b.output('z', b.op('MatMul', [y, tied]))),
        g.body('no', (b) => b.output('z', b.op('Tanh', [y]))),
      ];
      g.output('y', g.op('If', [cond], { then_branch: yes, else_branch: no }));
    }),
  'layers without names': () =>
    chain((g, x) => {
      const y = g.op('Tanh', [g.op('MatMul', [x, weight(g, `${g.graph.nodeSet.size}`)])]);
      return g.op('Add', [x, y]);
    }),
  'two towers of the same weights': () =>
    buildModel({ '': 17 }, (g) => {
      const [a, b] = ['a', 'b'].map((name) => {
        let x = g.input(name, 'float32', ['batch', 'sequence', WIDTH]);
        for (let at = 0; at < 9; at++) {
          const tied = [...g.graph.constants].find((one) => one.name === `layer.${at}.w`) ?? weight(g, `layer.${at}.w`);
          x = g.op('Add', [x, g.op('Tanh', [g.op('MatMul', [x, tied])])]);
        }
        return x;
      }) as [Value, Value];
      g.output('y', g.op('Sub', [a, b]));
    }),
  'all weights are shared': () => {
    const [w, b, v] = [once((g) => weight(g, 'w')), once((g) => weight(g, 'b', WIDTH)), once((g) => weight(g, 'v'))];
    return chain((g, x, at) => block(g, x, at, { w: w(g, x), b: b(g, x), v: v(g, x) }));
  },
  "all weights are shared, some read what is everyone's": () => {
    const [w, b, v, memory] = [
      once((g) => weight(g, 'w')),
      once((g) => weight(g, 'b', 2, WIDTH)),
      once((g) => weight(g, 'v')),
      once((g) => g.input('memory', 'float32', ['batch', 1, WIDTH])),
    ];
    const scale = once((g) => weight(g, 's', WIDTH - 1));
    // The smaller vectors are read where nothing of the layers before is read, or only their shapes.
    return chain((g, x, at) => {
      const other = g.op('Pad', [
        g.op('Gather', [scale(g, x), g.op('Shape', [g.op('Shape', [x])])]),
        g.ints(0, WIDTH - 1),
      ]);
      const key = g.op('Mul', [g.op('Mul', [memory(g, x), once((h) => weight(h, 'm', WIDTH))(g, x)]), other]);
      const y = g.op('Add', [x, g.op('ReduceMean', [g.op('Unsqueeze', [key, g.ints(2)])], { axes: [2], keepdims: 0 })]);
      const hidden = g.op('Add', [g.op('Unsqueeze', [g.op('MatMul', [y, w(g, x)]), g.ints(2)]), b(g, x)]);
      const out = g.op('ReduceMax', [g.op('Tanh', [hidden])], { axes: [2], keepdims: 0 });
      return g.op('Add', [x, g.op('MatMul', [out, v(g, x)], {}, { name: `layer.${at}.out` })]);
    });
  },
  'a bias is absent in one': () =>
    chain((g, x, at) => {
      const bias = at === 5 ? [] : [weight(g, `n.${at}`, WIDTH)];
      return block(g, g.op('LayerNormalization', [x, weight(g, `s.${at}`, WIDTH), ...bias]), at);
    }),
};

/** Cases whose repeats are compiled one by one, with the reason. */
const apart: Record<string, string> = {
  'weights of two layers hold the same': 'a weight of its own holds what another one does',
  'biases of two layers hold the same': 'a weight of its own holds what another one does',
  'weights of the last two layers hold the same': 'a weight of its own holds what another one does',
  'a weight of a layer and the head hold the same': 'a weight of its own holds what another one does',
  'five layers': '6 nodes in one, 5 in the next',
  'an axis differs': '8 nodes in one, 6 in the next',
  'a shape differs': '7 nodes in one, 6 in the next',
  'a bias is zero in one': 'it depends on numbers that differ between repeats',
  'a bias is zero in two': 'a weight of its own holds what another one does',
  'a scale is one in one': 'Add in one, Mul in the next',
  'two kinds in turn': '15 nodes in one, 14 in the next',
  'three kinds in turn': '21 nodes in one, 20 in the next',
  'every other layer is an output': '6 nodes in one, 5 in the next',
  'an output in the middle of one layer': '6 nodes in one, 5 in the next',
  'a weight of two layers': 'a weight of its own is read by others too',
  'a weight of a layer is the head, too': 'a weight of its own is read by others too',
  'a weight of a layer is read in a body': 'a weight of its own is read by others too',
  'two towers of the same weights': 'a weight of its own is read by others too',
  'a bias is absent in one': '8 nodes in one, 6 in the next',
};

checkChains('weights and kinds of layers', cases, apart);
