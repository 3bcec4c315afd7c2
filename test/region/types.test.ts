import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { attention, block, chain, checkChains, WIDTH, weight } from './chains.js';

const cases: Record<string, () => Model> = {
  'two kinds in turn, 24': () => chain((g, x, at) => (at % 2 ? block(g, x, at) : attention(g, x, at)), 24),
  'three kinds in turn, 36': () =>
    chain(
      (g, x, at) =>
        at % 3 === 0 ? attention(g, x, at) : at % 3 === 1 ? block(g, x, at) : g.op('Relu', [block(g, x, at)]),
      36,
    ),
  'sixteen layers, one odd': () =>
    chain((g, x, at) => (at === 9 ? g.op('Relu', [block(g, x, at)]) : block(g, x, at)), 18),
  'a declared size of one layer alone': () =>
    chain((g, x, at) => {
      const nonZero = g.op('NonZero', [x]);
      const y = block(
        g,
        g.op('Add', [x, g.op('Cast', [g.op('ReduceMax', [g.op('Shape', [nonZero])], { keepdims: 0 })], { to: 1 })]),
        at,
      );
      if (at === 4) {
        nonZero.type = tensorType('int64', [3, 12]);
        nonZero.declared = nonZero.type;
      }
      return y;
    }),
  'a declared size of a late layer': () =>
    chain((g, x, at) => {
      const nonZero = g.op('NonZero', [x]);
      const y = block(
        g,
        g.op('Add', [x, g.op('Cast', [g.op('ReduceMax', [g.op('Shape', [nonZero])], { keepdims: 0 })], { to: 1 })]),
        at,
      );
      if (at === 9) {
        nonZero.type = tensorType('int64', [3, 12]);
        nonZero.declared = nonZero.type;
      }
      return y;
    }, 14),
  'a declared element type of one layer': () =>
    chain((g, x, at) => {
      const odd = g.op('Custom', [x], {}, { domain: 'my.ops' });
      odd.type = tensorType(at === 6 ? 'float64' : 'float32', undefined);
      odd.declared = odd.type;
      return block(g, g.op('Add', [x, g.op('Cast', [odd], { to: 1 })]), at);
    }, 14),
  'an unknown op without declared types': () =>
    chain(
      (g, x, at) =>
        block(g, g.op('Add', [x, g.op('Cast', [g.op('Custom', [x], {}, { domain: 'my.ops' })], { to: 1 })]), at),
      14,
    ),
  'a shape that alternates': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', [1, 4, WIDTH]);
      for (let at = 0; at < 14; at++) x = block(g, g.op('Transpose', [x], { perm: [1, 0, 2] }), at);
      g.output('y', x);
    }),
  'a shape that turns in three': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['a', 'b', 'c', WIDTH]);
      for (let at = 0; at < 15; at++) {
        const y = g.op('Transpose', [x], { perm: [1, 2, 0, 3] });
        x = g.op(
          'Add',
          [y, g.op('Tanh', [g.op('MatMul', [y, weight(g, `w.${at}`)])])],
          {},
          { name: `layer.${at}.add` },
        );
      }
      g.output('y', x);
    }),
  'a sequence halved each layer': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      for (let at = 0; at < 9; at++) {
        const half = g.op('Slice', [x, g.ints(0), g.ints(1 << 30), g.ints(1), g.ints(2)]);
        x = block(g, half, at);
      }
      g.output('y', x);
    }),
  'a static sequence that shrinks': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', [1, 40, WIDTH]);
      for (let at = 0; at < 12; at++) x = block(g, g.op('Slice', [x, g.ints(1), g.ints(1 << 30), g.ints(1)]), at);
      g.output('y', g.op('Mul', [x, g.op('Cast', [g.op('Size', [x])], { to: 1 })]));
    }),
  'broadcast to full size in the first': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', [1, 1, WIDTH]);
      const full = g.input('full', 'float32', ['batch', 'sequence', WIDTH]);
      for (let at = 0; at < 12; at++) x = block(g, g.op('Add', [x, full]), at);
      g.output('y', x);
    }),
  'rank grows from the first': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', [WIDTH]);
      const full = g.input('full', 'float32', ['batch', 'sequence', WIDTH]);
      for (let at = 0; at < 12; at++) x = block(g, g.op('Add', [x, full]), at);
      g.output('y', x);
    }),
  'a dim that becomes known late': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      const pieces = [3, 3, 3, 3, 3, 3, 3, 3, 5, 5, 5, 5];
      for (const [at, n] of pieces.entries()) {
        const k = g.op('TopK', [x, g.ints(n)], { axis: 2 }, { outputs: 2 });
        x = block(g, g.op('Add', [x, g.op('ReduceMean', [k], { axes: [2], keepdims: 1 })]), at);
      }
      g.output('y', x);
    }),
  'a position passed along, by layer': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      let at = g.op('Identity', [g.constant('float32', 0)]);
      for (let i = 0; i < 12; i++) {
        const w = weight(g, `pos.${i}`, WIDTH);
        at = g.op('Add', [at, g.op('ReduceMax', [g.op('Mul', [w, g.constant('float32', 0)])], { keepdims: 0 })]);
        x = block(g, g.op('Add', [x, at]), i);
      }
      g.output('y', x);
      g.output('at', at);
    }),
  'gates of each layer read at the end': () => {
    const gates: Value[] = [];
    return buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      for (let at = 0; at < 9; at++) {
        gates.push(g.op('Sigmoid', [weight(g, `gate.${at}`, WIDTH)]));
        x = g.op('Mul', [block(g, x, at), gates.at(-1)]);
      }
      g.output('y', g.op('Add', [x, g.op('Sum', gates.slice(3, 7))]));
    });
  },
  'layers that begin with an identity': () =>
    chain((g, x, at) => block(g, g.op('Identity', [g.op('Dropout', [x])]), at)),
  'inputs and outputs of each layer in another order': () =>
    buildModel({ '': 17 }, (g) => {
      const pasts = Array.from({ length: 9 }, (_, at) =>
        g.input(`past.${8 - at}`, 'float32', ['batch', 'past', WIDTH]),
      ).reverse();
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      const all: Value[] = [];
      for (let at = 0; at < 9; at++) {
        all.push(g.op('Concat', [pasts[at], block(g, x, at)], { axis: 1 }));
        x = g.op('Add', [x, g.op('ReduceMean', [all.at(-1)], { axes: [1], keepdims: 1 })]);
      }
      g.output('y', x);
      for (const at of [4, 0, 8, 2, 6, 1, 7, 3, 5]) {
        g.output(`a.${at}`, all[at] as Value);
        g.output(`b.${at}`, all[at] as Value);
      }
    }),
  'an input of a layer read by the next, too': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      const memories = Array.from({ length: 12 }, (_, at) => g.input(`memory.${at}`, 'float32', ['batch', 1, WIDTH]));
      for (let at = 0; at < 12; at++) {
        const both = g.op('Add', [
          memories[at],
          at ? memories[at - 1] : g.input('first', 'float32', ['batch', 1, WIDTH]),
        ]);
        x = block(g, g.op('Add', [x, both]), at);
      }
      g.output('y', x);
    }),
  'a head that is a layer without its end': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      for (let at = 0; at < 9; at++) x = block(g, x, at);
      g.output('y', g.op('Tanh', [g.op('MatMul', [x, weight(g, 'layer.9.w')])]));
    }),
};

/** Cases whose repeats are compiled one by one, with the reason. */
const apart: Record<string, string> = {
  'a shape that turns in three': 'Add gives another type in the next',
  'a sequence halved each layer': 'Add gives another type in the next',
  'a static sequence that shrinks': '',
  'gates of each layer read at the end': 'other connections in the next at MatMul',
};

checkChains('shapes, types and ports of layers', cases, apart);
