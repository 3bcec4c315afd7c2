import { describe, expect, it } from 'vitest';
import { fuseRope } from '../../../passes/fuse-rope.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkMiss } from '../../check-pass.js';
import {
  angle,
  type Case,
  computed,
  HEADS,
  once,
  rope,
  SIZE,
  slice,
  spellings,
  stored,
  turned,
} from './rope-spellings.js';

const END = 2 ** 31 - 1;
const tables = (cos: (p: number, i: number) => number, sin: (p: number, i: number) => number): Case['tables'] => {
  const rows = (g: GraphBuilder, at: typeof cos): Value => slice(g, stored(g, at), 0, 5, 0);
  return (g) => ({ cos: rows(g, cos), sin: rows(g, sin) });
};
const cosine = (p: number, i: number): number => Math.cos(angle(p, i));
const sine = (p: number, i: number): number => Math.sin(angle(p, i));
const shape = ['batch', HEADS, 5, SIZE];

describe('fuse-rope leaves, with its reason', () => {
  it.each<[string, Case, string]>([
    [
      'tables whose halves differ',
      { rotate: spellings.slices, shape, tables: tables((p, i) => cosine(p, i) + (i === 6 ? 1e-6 : 0), sine) },
      'not shown to have the same cos',
    ],
    [
      'halves that were computed from different frequencies',
      {
        rotate: spellings.slices,
        tables: computed(SIZE, { widen: (g, f) => g.op('Concat', [f, g.op('Add', [f, f])], { axis: -1 }) }),
      },
      'not shown to have the same cos',
    ],
    [
      'tables of neighbours under lanes of halves',
      {
        rotate: spellings.slices,
        shape,
        tables: tables(
          (p, i) => cosine(p, i >> 1),
          (p, i) => sine(p, i >> 1),
        ),
      },
      'not shown to have the same cos',
    ],
    [
      'a sum without the sign: a reflection',
      {
        rotate: (g, x, { cos, sin }) => {
          const swapped = g.op('Concat', [slice(g, x, 4, END), slice(g, x, 0, 4)], { axis: -1 });
          return g.op('Add', [g.op('Mul', [x, cos]), g.op('Mul', [swapped, sin])]);
        },
      },
      'with sin of opposite signs',
    ],
    [
      'the sign of one half of cos wrong',
      { rotate: spellings.slices, shape, tables: tables((p, i) => (i < 4 ? 1 : -1) * cosine(p, i), sine) },
      'with cos of opposite signs',
    ],
    [
      'pairs from both ends',
      {
        rotate: (g, x, { cos, sin }) => {
          const mirrored = g.op('Gather', [x, g.ints(7, 6, 5, 4, 3, 2, 1, 0)], { axis: -1 });
          const signs = g.constant('float32', [-1, -1, -1, -1, 1, 1, 1, 1]);
          return g.op('Add', [g.op('Mul', [x, cos]), g.op('Mul', [g.op('Mul', [mirrored, signs]), sin])]);
        },
      },
      'neither halves nor neighbours',
    ],
    [
      'lanes behind the rotated ones that are others',
      {
        rotate: (g, x, { cos, sin }) => {
          const first = slice(g, x, 0, 4);
          const whole = g.op('Add', [g.op('Mul', [first, cos]), g.op('Mul', [turned(g, first, 4), sin])]);
          return g.op('Concat', [whole, g.op('Neg', [slice(g, x, 4, END)])], { axis: -1 });
        },
        tables: computed(4),
        // The inner rotation is one and is fused; the ops around it are none.
        extra: (g, _, y) => g.output('inner', y.producer?.inputs[0]?.producer?.inputs[0] as Value),
      },
      'output of the graph',
    ],
    [
      'a product that others read',
      { rotate: spellings.slices, extra: (g, _, y) => g.output('product', y.producer?.inputs[0] as Value) },
      'output of the graph',
    ],
    [
      'angles of each head',
      {
        rotate: spellings.slices,
        tables: (g) => {
          const table = (name: string): Value => {
            const half = g.input(name, 'float32', [1, HEADS, 'seq', SIZE / 2]);
            return g.op('Concat', [half, half], { axis: -1 });
          };
          return { cos: table('cos'), sin: table('sin') };
        },
      },
      'the table runs over axes 1, 2 of 3',
    ],
    [
      'one angle for every position',
      {
        rotate: spellings.slices,
        tables: (g) => ({ cos: slice(g, stored(g, cosine), 3, 4, 0), sin: slice(g, stored(g, sine), 3, 4, 0) }),
      },
      'every position is turned by the same angle',
    ],
    [
      'a table whose length is an input of its own',
      {
        rotate: spellings.slices,
        tables: (g) => {
          const half = g.input('half', 'float32', ['rows', SIZE / 2]);
          const table = g.op('Concat', [half, half], { axis: -1 });
          return { cos: table, sin: table };
        },
      },
      'not known to be as long as the input',
    ],
    [
      'float64',
      {
        rotate: spellings.slices,
        elem: 'float64',
        shape,
        tables: (g) => ({
          cos: g.constant('float64', Array(5 * SIZE).fill(0.5), [5, SIZE]),
          sin: g.constant('float64', Array(5 * SIZE).fill(0.5), [5, SIZE]),
        }),
      },
      'no RotaryEmbedding kernel for float64',
    ],
    [
      'heads whose size is not known',
      {
        rotate: spellings.slices,
        shape: ['batch', HEADS, 'seq', 'size'],
        tables: (g) => ({
          cos: g.input('cos', 'float32', ['seq', 'size']),
          sin: g.input('sin', 'float32', ['seq', 'size']),
        }),
      },
      'the size of a head is not static',
    ],
    [
      'a part of heads whose number is not static, by products of its lanes',
      {
        rotate: (g, x, { cos, sin }) => {
          const [a, b] = [slice(g, x, 0, 2), slice(g, x, 2, 4)];
          const first = g.op('Sub', [g.op('Mul', [a, cos]), g.op('Mul', [b, sin])]);
          const second = g.op('Add', [g.op('Mul', [b, cos]), g.op('Mul', [a, sin])]);
          return g.op('Concat', [first, second, slice(g, x, 4, END)], { axis: -1 });
        },
        shape: ['batch', 'heads', 'seq', SIZE],
        tables: computed(4, { widen: once }),
      },
      'the number of heads is not static',
    ],
  ])('%s', async (_, one, reason) => {
    await checkMiss(fuseRope(), { before: rope(one), reason });
  });

  it('reports nothing where nothing rotates', async () => {
    const before = buildModel({ '': 20 }, (g) => {
      const x = g.input('x', 'float32', ['batch', HEADS, 'seq', SIZE]);
      const gate = g.op('Mul', [g.op('Sigmoid', [x]), x]);
      const halves = g.op('Concat', [slice(g, gate, 4, END), slice(g, gate, 0, 4)], { axis: -1 });
      g.output('y', g.op('Add', [g.op('Mul', [x, halves]), x]));
    });
    const { passes } = await applyPass(fuseRope(), before);
    expect(passes[0]).toMatchObject({ status: 'unchanged', notes: [], skips: [] });
  });

  it('rotates heads alone where positions are turned along another axis', async () => {
    // (−x₂, x₁) of the halves of the positions: no rotation of lanes.
    const before = rope({
      shape,
      rotate: (g, x, { cos, sin }) => {
        const other = g.op('Concat', [g.op('Neg', [slice(g, x, 2, END, 2)]), slice(g, x, 0, 2, 2)], { axis: 2 });
        return g.op('Add', [g.op('Mul', [x, cos]), g.op('Mul', [other, sin])]);
      },
      tables: tables(cosine, sine),
    });
    const { passes } = await applyPass(fuseRope(), before);
    expect(passes[0]?.status).toBe('unchanged');
  });
});
