import { describe } from 'vitest';
import type { GraphBuilder } from '../../src/ir/build.js';
import type { Value } from '../../src/ir/value.js';
import { typed } from './cases.js';

const bs = [
  { b: 2, s: 3 },
  { b: 1, s: 5 },
];

describe('element by element', () => {
  typed(
    'Add broadcasts',
    (g) => g.op('Add', [g.input('x', 'float32', ['b', 's', 4]), g.input('y', 'float32', ['s', 1])]),
    ['float32[b, s, 4]'],
    { sizes: bs },
  );
  typed(
    'a known size wins',
    (g) => g.op('Mul', [g.input('x', 'float32', ['b', 4]), g.input('y', 'float32', [3, 1, 'c'])]),
    ['float32[3, b, 4]'],
    {
      sizes: [
        { b: 2, c: 4 },
        { b: 2, c: 1 },
      ],
    },
  );
  typed(
    'two symbols broadcast to neither',
    (g) => g.op('Add', [g.input('x', 'float32', ['a']), g.input('y', 'float32', ['b'])]),
    ['float32[broadcast(a,b)]'],
    {
      sizes: [
        { a: 3, b: 1 },
        { a: 1, b: 3 },
        { a: 0, b: 1 },
      ],
    },
  );
  typed(
    'Less is boolean',
    (g) => g.op('Less', [g.input('x', 'float32', ['b']), g.input('y', 'float32', [])]),
    ['bool[b]'],
    { sizes: bs },
  );
  typed(
    'Where',
    (g) => g.op('Where', [g.input('c', 'bool', ['b', 1]), g.input('x', 'float32', ['s']), g.input('y', 'float32', [])]),
    ['float32[b, s]'],
    { sizes: bs },
  );
  typed('Cast', (g) => g.op('Cast', [g.input('x', 'float32', ['b'])], { to: 7 }), ['int64[b]'], { sizes: bs });
  typed(
    'Dropout',
    (g) => g.node('Dropout', [g.input('x', 'float32', ['b'])], {}, { outputs: 2 }).outputs as never,
    ['float32[b]', 'bool[b]'],
    { sizes: bs },
  );
});

describe('padded to a multiple', () => {
  /** x[b, s] with as many zeros behind it as make its length a multiple of 4. */
  const padded = (g: GraphBuilder, fmod: number): Value => {
    const x = g.input('x', 'float32', ['b', 's']);
    const length = g.op('Gather', [g.op('Shape', [x]), g.ints(1)]);
    const missing = g.op('Mod', [g.op('Neg', [length]), g.ints(4)], { fmod });
    return g.op('Pad', [x, g.op('Concat', [g.ints(0, 0, 0), g.op('Abs', [missing])], { axis: 0 })]);
  };
  const sizes = [0, 1, 2, 3, 4, 5, 7, 8].map((s) => ({ b: 2, s }));
  typed('by a Mod of its negative', (g) => padded(g, 0), ['float32[b, -4*((3*s)//4)+4*s]'], { sizes });
  typed(
    'and cut to its length again',
    (g) => {
      const x = padded(g, 0);
      const length = g.op('Gather', [g.op('Shape', [g.graph.inputs[0] as Value]), g.ints(1)]);
      return g.op('Slice', [x, g.ints(0), length, g.ints(1)]);
    },
    ['float32[b, s]'],
    { sizes },
  );
  typed('towards zero, of which the sign is not known', (g) => padded(g, 1), ['float32[b, ?]'], { sizes });
});

describe('views', () => {
  const x = 'float32';
  typed(
    'Reshape with 0 and -1',
    (g) => g.op('Reshape', [g.input('x', x, ['b', 's', 12]), g.ints(0, 0, 3, -1)]),
    ['float32[b, s, 3, 4]'],
    { sizes: bs },
  );
  typed(
    'Reshape merges',
    (g) => g.op('Reshape', [g.input('x', x, ['b', 's', 12]), g.ints(-1, 12)]),
    ['float32[b*s, 12]'],
    { sizes: bs },
  );
  typed(
    'Reshape by the shape of another',
    (g) => {
      const data = g.input('x', x, ['b', 's', 12]);
      const batch = g.op('Gather', [g.op('Shape', [data]), g.constant('int64', 0)], { axis: 0 });
      const target = g.op('Concat', [g.op('Unsqueeze', [batch, g.ints(0)]), g.ints(-1, 6)], { axis: 0 });
      return g.op('Reshape', [data, target]);
    },
    ['float32[b, 2*s, 6]'],
    { sizes: bs },
  );
  typed(
    'Reshape where the rest is a floor',
    (g) => g.op('Reshape', [g.input('x', x, ['b', 's']), g.ints(4, -1)]),
    ['float32[4, (b*s)//4]'],
    { sizes: [{ b: 2, s: 6 }] },
  );
  typed(
    'Transpose',
    (g) => g.op('Transpose', [g.input('x', x, ['b', 's', 4])], { perm: [2, 0, 1] }),
    ['float32[4, b, s]'],
    { sizes: bs },
  );
  typed('Squeeze', (g) => g.op('Squeeze', [g.input('x', x, ['b', 1, 's']), g.ints(-2)]), ['float32[b, s]'], {
    sizes: bs,
  });
  typed('Squeeze of no axes', (g) => g.op('Squeeze', [g.input('x', x, [1, 3, 1]), g.ints()]), ['float32[3]']);
  typed(
    'Squeeze of an empty attribute',
    (g) => g.op('Squeeze', [g.input('x', x, [1, 3, 1])], { axes: [] }),
    ['float32[3]'],
    { opset: 11 },
  );
  typed('Squeeze of what may be 1', (g) => g.op('Squeeze', [g.input('x', x, ['b', 1])]), ['float32[...]'], {
    sizes: bs,
  });
  typed('Unsqueeze', (g) => g.op('Unsqueeze', [g.input('x', x, ['b']), g.ints(0, -1)]), ['float32[1, b, 1]'], {
    sizes: bs,
  });
  typed(
    'Unsqueeze by attribute',
    (g) => g.op('Unsqueeze', [g.input('x', x, ['b'])], { axes: [1] }),
    ['float32[b, 1]'],
    { sizes: bs, opset: 11 },
  );
  typed('Flatten', (g) => g.op('Flatten', [g.input('x', x, ['b', 's', 4])], { axis: 2 }), ['float32[b*s, 4]'], {
    sizes: bs,
  });
  typed(
    'DepthToSpace',
    (g) => g.op('DepthToSpace', [g.input('x', x, ['b', 8, 's', 2])], { blocksize: 2 }),
    ['float32[b, 2, 2*s, 4]'],
    { sizes: bs },
  );
  typed('Expand', (g) => g.op('Expand', [g.input('x', x, ['b', 1]), g.ints(3, 1, 5)]), ['float32[3, b, 5]'], {
    sizes: bs,
  });
});

describe('indexing and joining', () => {
  const x = 'float32';
  typed(
    'Gather',
    (g) => g.op('Gather', [g.input('x', x, [9, 4]), g.input('i', 'int64', ['b', 's'])], { axis: 0 }),
    ['float32[b, s, 4]'],
    { sizes: bs },
  );
  typed(
    'Slice to a symbolic end',
    (g) => g.op('Slice', [g.input('x', x, ['b', 's']), g.ints(1), g.ints(2 ** 31), g.ints(1)]),
    ['float32[b, max(0,s-1)]'],
    { sizes: [...bs, { b: 1, s: 0 }] },
  );
  typed(
    'Slice from the end',
    (g) => g.op('Slice', [g.input('x', x, ['b', 's']), g.ints(-1), g.ints(2 ** 31), g.ints(1)]),
    ['float32[b, min(1,s)]'],
    { sizes: [...bs, { b: 1, s: 0 }] },
  );
  typed(
    'Slice with steps',
    (g) => g.op('Slice', [g.input('x', x, ['b', 's']), g.ints(0), g.ints(2 ** 31), g.ints(1), g.ints(2)]),
    ['float32[b, (s+1)//2]'],
    { sizes: bs },
  );
  typed(
    'Slice backwards',
    (g) => g.op('Slice', [g.input('x', x, ['b', 7]), g.ints(-1), g.ints(-9), g.ints(1), g.ints(-2)]),
    ['float32[b, 4]'],
    { sizes: bs },
  );
  typed(
    'Concat',
    (g) => g.op('Concat', [g.input('x', x, ['b', 's']), g.input('y', x, ['b', 4])], { axis: -1 }),
    ['float32[b, s+4]'],
    { sizes: bs },
  );
  typed(
    'Split',
    (g) => g.node('Split', [g.input('x', x, ['b', 12])], { axis: 1 }, { outputs: 3 }).outputs as never,
    ['float32[b, 4]', 'float32[b, 4]', 'float32[b, 4]'],
    { sizes: bs },
  );
  typed(
    'Split unevenly',
    (g) => g.node('Split', [g.input('x', x, ['b', 10])], { axis: 1, num_outputs: 3 }, { outputs: 3 }).outputs as never,
    ['float32[b, 4]', 'float32[b, 4]', 'float32[b, 2]'],
    { sizes: bs, opset: 18 },
  );
  typed('Pad', (g) => g.op('Pad', [g.input('x', x, ['b', 's']), g.ints(0, 1, 0, -2)]), ['float32[b, s-1]'], {
    sizes: bs,
  });
  typed(
    'Pad along named axes',
    (g) => g.op('Pad', [g.input('x', x, ['b', 's']), g.ints(1, 2), undefined, g.ints(-1)]),
    ['float32[b, s+3]'],
    { sizes: bs, opset: 18 },
  );
  typed('Tile', (g) => g.op('Tile', [g.input('x', x, ['b', 's']), g.ints(1, 3)]), ['float32[b, 3*s]'], { sizes: bs });
  typed(
    'TopK',
    (g) => g.node('TopK', [g.input('x', x, ['b', 9]), g.ints(4)], {}, { outputs: 2 }).outputs as never,
    ['float32[b, 4]', 'int64[b, 4]'],
    { sizes: bs },
  );
  typed('NonZero', (g) => g.op('NonZero', [g.input('x', x, ['b', 's'])]), ['int64[2, ?]'], { sizes: bs });
  typed(
    'OneHot',
    (g) => g.op('OneHot', [g.input('i', 'int64', ['b']), g.constant('int64', 7), g.constant('float32', [0, 1])]),
    ['float32[b, 7]'],
    { sizes: bs },
  );
  typed(
    'GatherND',
    (g) => g.op('GatherND', [g.input('x', x, ['b', 's', 4]), g.input('i', 'int64', ['n', 2])]),
    ['float32[n, 4]'],
    { sizes: [{ b: 2, s: 3, n: 5 }], values: { i: [0] } },
  );
  typed(
    'Unique',
    (g) => g.node('Unique', [g.input('x', x, ['b'])], {}, { outputs: 4 }).outputs as never,
    ['float32[?]', 'int64[?]', 'int64[?]', 'int64[?]'],
    { sizes: bs },
  );
});
