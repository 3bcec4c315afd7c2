import { describe } from 'vitest';
import { typed } from './cases.js';

const bs = [
  { b: 2, s: 3 },
  { b: 1, s: 5 },
];

describe('integers', () => {
  typed(
    'Shape of a part',
    (g) => g.op('Shape', [g.input('x', 'float32', ['b', 's', 4])], { start: -2 }),
    ['int64[2]'],
    { sizes: bs, contents: ['s', '4'] },
  );
  typed(
    'arithmetic',
    (g) => {
      const shape = g.op('Shape', [g.input('x', 'float32', ['b', 's'])]);
      const doubled = g.op('Mul', [shape, g.ints(2)]);
      return g.op('Div', [g.op('Add', [doubled, g.ints(1, 4)]), g.ints(2)]);
    },
    ['int64[2]'],
    { sizes: bs, contents: ['b', 's+2'] },
  );
  typed(
    'Div towards zero, where a size of 0 makes it less',
    (g) => {
      const shape = g.op('Shape', [g.input('x', 'float32', ['b'])]);
      return g.op('Div', [g.op('Sub', [shape, g.ints(1)]), g.ints(2)]);
    },
    ['int64[1]'],
    { sizes: [{ b: 0 }, { b: 3 }, { b: 4 }], contents: ['max(0,b-1)//2'] },
  );
  typed(
    'Size and Range',
    (g) =>
      g.op('Range', [
        g.constant('int64', 0),
        g.op('Size', [g.input('x', 'float32', ['b', 's'])]),
        g.constant('int64', 2),
      ]),
    ['int64[(b*s+1)//2]'],
    { sizes: bs },
  );
  typed(
    'Where and Equal',
    (g) => {
      const wanted = g.ints(2, -1);
      const given = g.op('Shape', [g.input('x', 'float32', ['b', 's'])]);
      return g.op('Where', [g.op('Equal', [wanted, g.ints(-1)]), given, wanted]);
    },
    ['int64[2]'],
    { sizes: bs, contents: ['2', 's'] },
  );
  typed(
    'ReduceProd',
    (g) => g.op('ReduceProd', [g.op('Shape', [g.input('x', 'float32', ['b', 's'])])], { keepdims: 0 }),
    ['int64[]'],
    { sizes: bs, contents: ['b*s'] },
  );
  typed(
    'padding as exporters write it',
    (g) => {
      const pads = g.op('Concat', [g.ints(1, 2), g.op('ConstantOfShape', [g.ints(2)], { value: g.ints(0).tensor })], {
        axis: 0,
      });
      const rows = g.op('Reshape', [pads, g.ints(-1, 2)]);
      const reversed = g.op('Slice', [rows, g.ints(-1), g.ints(-(2 ** 31)), g.ints(0), g.ints(-1)]);
      const flat = g.op('Reshape', [g.op('Transpose', [reversed], { perm: [1, 0] }), g.ints(-1)]);
      return g.op('Pad', [g.input('x', 'float32', ['b', 's']), flat]);
    },
    ['float32[b, s+3]'],
    { sizes: bs },
  );
});
