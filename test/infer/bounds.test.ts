/** Facts about symbols from a successful broadcast, and shapes with rounding. */
import { describe } from 'vitest';
import type { GraphBuilder } from '../../src/ir/build.js';
import type { Value } from '../../src/ir/value.js';
import { typed } from './cases.js';

const x = 'float32';

/** Rows and columns of a table of 16 positions, cut to where the new ones stand among all: an exporter's causal mask. */
function causal(g: GraphBuilder): Value {
  const scores = g.input('scores', x, ['b', 4, 's', 't']);
  const past = g.input('past', x, ['b', 'p']);
  const all = g.op('Concat', [past, g.input('new', x, ['b', 's'])], { axis: 1 });
  const length = (value: Value) =>
    g.op('Unsqueeze', [g.op('Gather', [g.op('Shape', [value]), g.constant('int64', 1)]), g.ints(0)]);
  const table = g.constant('bool', new Array(256).fill(1), [1, 1, 16, 16]);
  const rows = g.op('Slice', [table, length(past), length(all), g.ints(2)]);
  const both = g.op('Slice', [rows, g.ints(0), length(all), g.ints(3)]);
  const wide = g.op('Add', [scores, g.op('Unsqueeze', [all, g.ints(1, 2)])]);
  return g.op('Where', [both, wide, g.constant(x, -1)]);
}

describe('a table that is cut to a length', () => {
  typed('was long enough for it', causal, ['float32[b, 4, s, broadcast(p+s,t)]'], {
    sizes: [
      { b: 2, s: 3, p: 4, t: 7 },
      { b: 1, s: 1, p: 9, t: 10 },
    ],
  });
  typed(
    'says so of the other axes too',
    (g) => {
      const past = g.input('past', x, ['p', 's']);
      const [rows, columns] = [0, 1].map((at) =>
        g.op('Slice', [g.op('Shape', [past]), g.ints(at), g.ints(at + 1)]),
      ) as [Value, Value];
      const table = g.constant(x, new Array(256).fill(1), [16, 16]);
      const sum = g.op('Add', [rows, columns]);
      const cut = g.op('Slice', [g.op('Slice', [table, rows, sum, g.ints(0)]), g.ints(0), sum, g.ints(1)]);
      return g.op('Add', [cut, g.op('Expand', [g.constant(x, 1), g.op('Concat', [columns, sum], { axis: 0 })])]);
    },
    ['float32[s, p+s]'],
    {
      sizes: [
        { p: 4, s: 3 },
        { p: 9, s: 1 },
      ],
    },
  );
});

describe('sizes that are rounded', () => {
  const images = [
    { b: 1, s: 9 },
    { b: 2, s: 12 },
  ];
  typed(
    'Resize by scales that float32 multiplies exactly',
    (g) => g.op('Resize', [g.input('x', x, ['b', 3, 's', 's']), undefined, g.constant(x, [1, 1, 0.5, 1.25])]),
    ['float32[b, 3, s//2, s+s//4]'],
    { sizes: images },
  );
  typed(
    'Resize by others',
    (g) => g.op('Resize', [g.input('x', x, ['b', 3, 's', 8]), undefined, g.constant(x, [1, 1, 0.3, 0.3])]),
    ['float32[b, 3, ?, 2]'],
    { sizes: images },
  );
  typed(
    'ConvTranspose that keeps the size, times the stride',
    (g) =>
      g.op('ConvTranspose', [g.input('x', x, ['b', 2, 's', 's']), g.input('w', x, [2, 3, 4, 1])], {
        auto_pad: 'SAME_UPPER',
        strides: [2, 2],
      }),
    ['float32[b, 3, 2*s, 2*s-1]'],
    { sizes: images },
  );
});
