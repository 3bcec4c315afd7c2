import { buildModel } from '../../src/ir/build.js';
import { symbol } from '../../src/ir/dims/dims.js';
import type { Model } from '../../src/ir/model.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { attention, block, chain, checkChains, once, WIDTH, weight } from './chains.js';

const cases: Record<string, () => Model> = {
  'two values are carried': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      let r = g.op('Tanh', [x]);
      for (let at = 0; at < 9; at++) {
        const y = block(g, x, at);
        [x, r] = [g.op('Add', [r, y]), g.op('Mul', [r, g.op('Sigmoid', [g.op('MatMul', [y, weight(g, `r.${at}`)])])])];
      }
      g.output('y', x);
      g.output('r', r);
    }),
  'the two change places': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      let r = g.op('Tanh', [x]);
      for (let at = 0; at < 9; at++) [x, r] = [g.op('Add', [r, block(g, x, at)]), x];
      g.output('y', x);
      g.output('r', r);
    }),
  'a stack of skips': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      const skips: Value[] = [];
      for (let at = 0; at < 8; at++) skips.push((x = block(g, x, at)));
      for (let at = 8; at < 16; at++) x = block(g, g.op('Add', [x, skips.pop() as Value]), at);
      g.output('y', x);
    }),
  'a decoder over encoder states': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      for (let at = 0; at < 8; at++) x = block(g, x, at);
      let y = g.op('Tanh', [g.input('z', 'float32', ['batch', 'sequence', WIDTH])]);
      for (let at = 8; at < 16; at++) {
        const w = weight(g, `cross.${at}`);
        y = attention(g, g.op('Add', [y, g.op('MatMul', [x, w])]), at);
      }
      g.output('y', y);
    }),
  'each reads all before': () =>
    buildModel({ '': 17 }, (g) => {
      const all = [g.input('x', 'float32', ['batch', 'sequence', WIDTH])];
      for (let at = 0; at < 9; at++) all.push(block(g, all.length > 1 ? g.op('Sum', [...all]) : (all[0] as Value), at));
      g.output('y', all.at(-1) as Value);
    }),
  'a growing sequence': () =>
    chain((g, x, at) => {
      const token = weight(g, `token.${at}`, 1, 1, WIDTH);
      const shape = g.op('Concat', [g.op('Slice', [g.op('Shape', [x]), g.ints(0), g.ints(1)]), g.ints(1, WIDTH)], {
        axis: 0,
      });
      return block(g, g.op('Concat', [x, g.op('Expand', [token, shape])], { axis: 1 }), at);
    }),
  'a growing sequence of a static batch': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', [1, 'sequence', WIDTH]);
      for (let at = 0; at < 9; at++)
        x = block(g, g.op('Concat', [x, weight(g, `token.${at}`, 1, 1, WIDTH)], { axis: 1 }), at);
      g.output('y', x);
    }),
  'a growing static sequence': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', [1, 4, WIDTH]);
      for (let at = 0; at < 9; at++) {
        x = block(g, g.op('Concat', [x, weight(g, `token.${at}`, 1, 1, WIDTH)], { axis: 1 }), at);
        const length = g.op('Gather', [g.op('Shape', [x]), g.constant('int64', 1)], { axis: 0 });
        x = g.op('Mul', [x, g.op('Cast', [length], { to: 1 })]);
      }
      g.output('y', x);
    }),
  'a counter': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      let count = g.op('Identity', [g.constant('int64', 0)]);
      for (let at = 0; at < 9; at++) {
        x = block(g, g.op('Mul', [x, g.op('Cast', [count], { to: 1 })]), at);
        count = g.op('Add', [count, g.constant('int64', 1)]);
      }
      g.output('y', x);
    }),
  'a counter of sizes': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      let count = g.op('Gather', [g.op('Shape', [x]), g.constant('int64', 1)], { axis: 0 });
      for (let at = 0; at < 9; at++) {
        x = block(g, g.op('Mul', [x, g.op('Cast', [count], { to: 1 })]), at);
        count = g.op('Add', [count, g.constant('int64', 1)]);
        g.output(`count.${at}`, count);
      }
      g.output('y', x);
    }),
  'a float that grows': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      let scale = g.op('Identity', [g.constant('float32', 1)]);
      for (let at = 0; at < 9; at++) {
        x = block(g, g.op('Mul', [x, scale]), at);
        scale = g.op('Mul', [scale, g.constant('float32', 0.5)]);
      }
      g.output('y', x);
    }),
  'dims with a name of each layer': () =>
    chain((g, x, at) => {
      const y = block(g, x, at);
      y.type = tensorType('float32', [symbol(`add_${at}_dim_0`), symbol(`add_${at}_dim_1`), WIDTH]);
      y.declared = y.type;
      return y;
    }),
  'a declared dim that is wrong in one layer': () =>
    chain((g, x, at) => {
      const y = block(g, x, at);
      y.type = tensorType('float32', [symbol('batch'), at === 4 ? 7 : symbol('sequence'), WIDTH]);
      y.declared = y.type;
      return y;
    }),
  'inputs of each layer': () =>
    chain((g, x, at) => {
      const past = g.input(`past.${at}`, 'float32', ['batch', 'past', WIDTH]);
      const all = g.op('Concat', [past, block(g, x, at)], { axis: 1 });
      g.output(`present.${at}`, all, 'float32', ['batch', 'total', WIDTH]);
      return g.op('Add', [x, g.op('ReduceMean', [all], { axes: [1], keepdims: 1 })]);
    }),
  "the size of the last layer's input is everyone's": () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      const pasts = Array.from({ length: 9 }, (_, at) => g.input(`past.${at}`, 'float32', ['batch', 'past', WIDTH]));
      const length = g.op('Gather', [g.op('Shape', [pasts.at(-1)]), g.constant('int64', 1)], { axis: 0 });
      const scale = g.op('Cast', [length], { to: 1 });
      for (const [at, past] of pasts.entries()) {
        const all = g.op('Concat', [past, g.op('Mul', [block(g, x, at), scale])], { axis: 1 });
        g.output(`present.${at}`, all);
        x = g.op('Add', [x, g.op('ReduceMean', [all], { axes: [1], keepdims: 1 })]);
      }
      g.output('y', x);
    }),
  'inputs with dims of each layer': () =>
    chain((g, x, at) => {
      const past = g.input(`past.${at}`, 'float32', ['batch', `past.${at}`, WIDTH]);
      const all = g.op('Concat', [past, block(g, x, at)], { axis: 1 });
      g.output(`present.${at}`, all, 'float32', ['batch', `total.${at}`, WIDTH]);
      return g.op('Add', [x, g.op('ReduceMean', [all], { axes: [1], keepdims: 1 })]);
    }),
  'a mask made once': () => {
    const mask = once((g, x) => {
      const length = g.op('Gather', [g.op('Shape', [x]), g.constant('int64', 1)], { axis: 0 });
      const range = g.op('Range', [g.constant('int64', 0), length, g.constant('int64', 1)]);
      const later = g.op('Less', [g.op('Unsqueeze', [range, g.ints(1)]), g.op('Unsqueeze', [range, g.ints(0)])]);
      return g.op('Where', [later, g.constant('float32', -1e9), g.constant('float32', 0)]);
    });
    return chain((g, x, at) => attention(g, x, at, mask(g, x)));
  },
  'a mask made in each layer': () =>
    chain((g, x, at) => {
      const length = g.op('Gather', [g.op('Shape', [x]), g.constant('int64', 1)], { axis: 0 });
      const range = g.op('Range', [g.constant('int64', 0), length, g.constant('int64', 1)]);
      const later = g.op('Less', [g.op('Unsqueeze', [range, g.ints(1)]), g.op('Unsqueeze', [range, g.ints(0)])]);
      return attention(g, x, at, g.op('Where', [later, g.constant('float32', -1e9), g.constant('float32', 0)]));
    }),
  'an If in each layer': () =>
    chain((g, x, at) => {
      const y = block(g, x, at);
      const [yes, no] = ['Relu', 'Tanh'].map((op) => g.body(op, (b) => b.output('z', b.op(op, [y]))));
      const cond = g.op('Greater', [g.op('ReduceMax', [y], { keepdims: 0 }), g.constant('float32', 0)]);
      return g.op('If', [cond], { then_branch: yes, else_branch: no });
    }),
  'layers in a branch': () =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      const cond = g.op('Greater', [g.op('ReduceMax', [x], { keepdims: 0 }), g.constant('float32', 0)]);
      const yes = g.body('yes', (b) => {
        let y = b.op('Tanh', [x]);
        for (let at = 0; at < 9; at++) y = block(b, y, at);
        b.output('z', y);
      });
      const no = g.body('no', (b) => b.output('z', b.op('Tanh', [x])));
      let y = g.op('If', [cond], { then_branch: yes, else_branch: no });
      for (let at = 0; at < 9; at++) y = block(g, y, at + 10);
      g.output('y', y);
    }),
  'random numbers in each layer': () =>
    chain((g, x, at) => g.op('Add', [block(g, x, at), g.op('RandomNormalLike', [x])])),
  'two towers of their own': () =>
    buildModel({ '': 17 }, (g) => {
      const [a, b] = ['a', 'b'].map((name, tower) => {
        let x = g.input(name, 'float32', ['batch', 'sequence', WIDTH]);
        for (let at = 0; at < 9; at++) x = block(g, x, at + 10 * tower);
        return x;
      }) as [Value, Value];
      g.output('y', g.op('Sub', [a, b]));
    }),
  'a norm of each layer stands before the next': () =>
    chain((g, x, at) => {
      const y = g.op('LayerNormalization', [x, weight(g, `s.${at}`, WIDTH), weight(g, `n.${at}`, WIDTH)]);
      return g.op('Add', [attention(g, y, at), x]);
    }),
  'a chain whose end is the head': () =>
    buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', ['batch', 'sequence', WIDTH]);
      for (let at = 0; at < 9; at++) x = block(g, x, at);
      g.output('y', x);
    }),
  'a head that reads the third and the last': () =>
    buildModel({ '': 17 }, (g) => {
      const all = [g.input('x', 'float32', ['batch', 'sequence', WIDTH])];
      for (let at = 0; at < 9; at++) all.push(block(g, all.at(-1) as Value, at));
      g.output('y', g.op('Add', [all[3] as Value, all.at(-1) as Value]));
    }),
  'a head that reads all layers': () =>
    buildModel({ '': 17 }, (g) => {
      const all = [g.input('x', 'float32', ['batch', 'sequence', WIDTH])];
      for (let at = 0; at < 9; at++) all.push(block(g, all.at(-1) as Value, at));
      g.output('y', g.op('Concat', all, { axis: 1 }));
    }),
};

/** Cases whose repeats are compiled one by one, with the reason. */
const apart: Record<string, string> = {
  'the two change places': 'a value of its own that is computed outside at Add',
  'a stack of skips': 'MatMul in one, Add in the next',
  'each reads all before': 'Sum has other inputs in the next',
  'a growing sequence': 'Add gives another type in the next',
  'a growing sequence of a static batch': 'Add gives another type in the next',
  'a growing static sequence': '',
  'a counter': 'a value of its own that is computed outside at Cast',
  'a counter of sizes': 'a value of its own that is computed outside at Cast',
  'a float that grows': 'a value of its own that is computed outside at Mul',
  'inputs with dims of each layer': 'Concat gives another type in the next',
  'an If in each layer': 'If has a body',
  'a head that reads all layers': 'other connections in the next at MatMul',
};

checkChains('what layers read and give', cases, apart);
