/** Builds rotary embeddings in the spellings of exporters, for tests. */
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';

export const HEADS = 3;
export const SIZE = 8;

export interface Tables {
  readonly cos: Value;
  readonly sin: Value;
}
export type Make = (g: GraphBuilder, x: Value, tables: Tables) => Value;

export interface Case {
  readonly rotate: Make;
  readonly tables?: (g: GraphBuilder, x: Value) => Tables;
  readonly elem?: DataType;
  readonly opset?: number;
  /** The input's axes; heads before positions where not given. */
  readonly shape?: readonly (string | number)[];
  /** Adds other readers of inner values. */
  readonly extra?: (g: GraphBuilder, x: Value, y: Value) => void;
}

/** One rotation of an input x, as the output y. */
export function rope({ rotate, tables = computed(), elem = 'float32', opset = 20, shape, extra }: Case): Model {
  return buildModel({ '': opset }, (g) => {
    const x = g.input('x', elem, shape ?? ['batch', HEADS, 'seq', SIZE]);
    const y = rotate(g, x, tables(g, x));
    g.output('y', y);
    extra?.(g, x, y);
  });
}

export const slice = (g: GraphBuilder, x: Value, start: number, end: number, axis = -1, step = 1): Value =>
  g.op('Slice', [x, g.ints(start), g.ints(end), g.ints(axis), g.ints(step)]);
const concat = (g: GraphBuilder, values: Value[], axis = -1): Value => g.op('Concat', values, { axis });
const END = 2 ** 31 - 1;
const frequencies = (width: number): number[] => Array.from({ length: width / 2 }, (_, i) => 0.7 ** i);

/** The number of positions of x: the length of an axis. */
const length = (g: GraphBuilder, x: Value, axis: number): Value =>
  g.op('Squeeze', [g.op('Shape', [x], { start: axis, end: axis + 1 })]);

/** cos and sin of positions 0 … S−1, [1, S, width] with an axis more where heads are; `widen` makes lanes of frequencies. */
export const computed =
  (width = SIZE, { widen = doubled, axis = 2, headAxis = 1, scaling = 1 } = {}) =>
  (g: GraphBuilder, x: Value): Tables => {
    const positions = g.op('Range', [g.constant('int64', 0), length(g, x, axis), g.constant('int64', 1)]);
    const column = g.op('Unsqueeze', [g.op('Cast', [positions], { to: 1 }), g.ints(0, 2)]);
    const angles = widen(g, g.op('Mul', [column, g.constant('float32', frequencies(width))]));
    const table = (op: string): Value => {
      const scaled = g.op('Mul', [g.op(op, [angles]), g.constant('float32', scaling)]);
      const typed = x.elem === 'float16' ? g.op('Cast', [scaled], { to: 10 }) : scaled;
      return headAxis < 0 ? typed : g.op('Unsqueeze', [typed, g.ints(headAxis)]);
    };
    return { cos: table('Cos'), sin: table('Sin') };
  };

/** Frequencies in both halves. */
export function doubled(g: GraphBuilder, angles: Value): Value {
  return concat(g, [angles, angles]);
}

/** Each frequency twice in a row, by Expand. */
export const repeated = (g: GraphBuilder, angles: Value): Value => {
  const pairs = g.op('Expand', [g.op('Unsqueeze', [angles, g.ints(-1)]), g.ints(1, 1, SIZE / 2, 2)]);
  return g.op('Reshape', [pairs, g.ints(0, 0, -1)]);
};
export const once = (_: GraphBuilder, angles: Value): Value => angles;

/** A stored table [positions, lanes] of a function of position and lane. */
export const stored = (g: GraphBuilder, at: (position: number, lane: number) => number, lanes = SIZE): Value => {
  const numbers = Array.from({ length: 16 * lanes }, (_, i) => at(Math.floor(i / lanes), i % lanes));
  return g.constant('float32', numbers, [16, lanes]);
};
export const angle = (position: number, lane: number): number => position * 0.7 ** (lane % (SIZE / 2));

/** Rows of stored tables picked by an input of positions [batch, seq]. */
export const picked = (g: GraphBuilder): Tables => {
  const positions = g.input('position_ids', 'int64', ['batch', 'seq']);
  const rows = (f: (x: number) => number): Value =>
    g.op('Unsqueeze', [g.op('Gather', [stored(g, (p, i) => f(angle(p, i))), positions]), g.ints(1)]);
  return { cos: rows(Math.cos), sin: rows(Math.sin) };
};

/** (−x₂, x₁) of the halves, by slices. */
export const turned = (g: GraphBuilder, x: Value, size = SIZE): Value =>
  concat(g, [g.op('Neg', [slice(g, x, size / 2, END)]), slice(g, x, 0, size / 2)]);

const weighed = (g: GraphBuilder, x: Value, y: Value, { cos, sin }: Tables, op = 'Add'): Value =>
  g.op(op, [g.op('Mul', [x, cos]), g.op('Mul', [y, sin])]);

/** (x₁·c − x₂·s, x₂·c + x₁·s) of two parts of x. */
const products = (g: GraphBuilder, a: Value, b: Value, tables: Tables): [Value, Value] => [
  weighed(g, a, b, tables, 'Sub'),
  weighed(g, b, a, tables),
];

const stack = (g: GraphBuilder, a: Value, b: Value): Value =>
  g.op('Reshape', [
    concat(g, [g.op('Unsqueeze', [a, g.ints(-1)]), g.op('Unsqueeze', [b, g.ints(-1)])]),
    g.ints(0, 0, 0, SIZE),
  ]);

export const spellings = {
  slices: (g, x, tables) => weighed(g, x, turned(g, x), tables),
  split: (g, x, tables) => {
    const halves = g.node('Split', [x, g.ints(SIZE / 2, SIZE / 2)], { axis: -1 }, { outputs: 2 });
    const [a, b] = halves.outputs as [Value, Value];
    return weighed(g, x, concat(g, [g.op('Neg', [b]), a]), tables);
  },
  'the other way round': (g, x, tables) => weighed(g, x, turned(g, x), tables, 'Sub'),
  'swapped by Gather, signs in a row': (g, x, tables) => {
    const swapped = g.op('Gather', [x, g.ints(4, 5, 6, 7, 0, 1, 2, 3)], { axis: -1 });
    const signs = g.constant('float32', [-1, -1, -1, -1, 1, 1, 1, 1]);
    return weighed(g, x, g.op('Mul', [swapped, signs]), tables);
  },
  'an axis of halves': (g, x, tables) => {
    const halves = g.op('Reshape', [x, g.ints(0, 0, 0, 2, SIZE / 2)]);
    const part = (i: number): Value => g.op('Gather', [halves, g.constant('int64', i)], { axis: 3 });
    return weighed(g, x, concat(g, [g.op('Mul', [part(1), g.constant('float32', -1)]), part(0)]), tables);
  },
} satisfies Record<string, Make>;

/** Spellings that read half a table: one column for each pair. */
export const halfTables = {
  'products of halves': (g, x, tables) =>
    concat(g, products(g, slice(g, x, 0, SIZE / 2), slice(g, x, SIZE / 2, END), tables)),
  'products of neighbours': (g, x, tables) =>
    stack(g, ...products(g, slice(g, x, 0, END, -1, 2), slice(g, x, 1, END, -1, 2), tables)),
  'pairs of an own axis': (g, x, tables) => {
    const pairs = g.op('Reshape', [x, g.ints(0, 0, 0, -1, 2)]);
    const part = (i: number): Value => g.op('Gather', [pairs, g.constant('int64', i)], { axis: -1 });
    return stack(g, ...products(g, part(0), part(1), tables));
  },
  'neighbours moved to halves first': (g, x, tables) => {
    const pairs = g.op('Reshape', [x, g.ints(0, 0, 0, SIZE / 2, 2)]);
    const moved = g.op('Reshape', [g.op('Transpose', [pairs], { perm: [0, 1, 2, 4, 3] }), g.ints(0, 0, 0, SIZE)]);
    return concat(g, products(g, slice(g, moved, 0, SIZE / 2), slice(g, moved, SIZE / 2, END), tables));
  },
} satisfies Record<string, Make>;

/** Spellings with tables that hold each column twice in a row. */
export const repeatedTables = {
  neighbours: (g, x, tables) => {
    const [even, odd] = [slice(g, x, 0, END, -1, 2), slice(g, x, 1, END, -1, 2)];
    return weighed(g, x, stack(g, g.op('Neg', [odd]), even), tables);
  },
} satisfies Record<string, Make>;

/** The first `width` lanes rotate, the others stay. */
export const partial =
  (width: number): Make =>
  (g, x, tables) => {
    const first = slice(g, x, 0, width);
    return concat(g, [weighed(g, first, turned(g, first, width), tables), slice(g, x, width, END)]);
  };

/** x of pairs by a stored matrix [positions, pairs, 2, 2] = [[cos, −sin], [sin, cos]]: the sum over its columns. */
export const matrices: Make = (g, x) => {
  const matrix = (_: number, i: number, lane = Math.floor(i / 4)): number => {
    const turn = angle(3, lane);
    return [Math.cos(turn), -Math.sin(turn), Math.sin(turn), Math.cos(turn)][i % 4] as number;
  };
  const rows = g.constant(
    'float32',
    Array.from({ length: 5 * 16 }, (_, i) => matrix(0, i % 16)),
    [1, 1, 5, 4, 2, 2],
  );
  const pairs = g.op('Reshape', [x, g.ints(0, 0, 0, SIZE / 2, 1, 2)]);
  const column = (i: number): Value => {
    const at = g.constant('int64', i);
    const part = g.op('Slice', [pairs, g.ints(i), g.ints(i + 1), g.ints(-1)]);
    return g.op('Mul', [g.op('Gather', [rows, at], { axis: -1 }), g.op('Squeeze', [part, g.ints(-1)])]);
  };
  return g.op('Reshape', [g.op('Add', [column(0), column(1)]), g.ints(0, 0, 0, SIZE)]);
};
