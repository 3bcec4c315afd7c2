import { describe, expect, it } from 'vitest';
import { fuseRope } from '../../../passes/fuse-rope.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkPass, opCounts } from '../../check-pass.js';
import {
  type Case,
  computed,
  HEADS,
  halfTables,
  matrices,
  once,
  partial,
  picked,
  repeated,
  repeatedTables,
  rope,
  SIZE,
  spellings,
} from './rope-spellings.js';

/** Two products and a sum, in the kernel fused or not: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-6;
const dims = { batch: 3, seq: 5 };

async function checkFused(before: Model, { kernels = 1, within = NOISE, feeds = {} } = {}): Promise<Model> {
  const { model, result } = await checkPass(fuseRope(), { before, within, dims, feeds });
  expect(result.notes.map(({ text }) => text)).toEqual([`fused ${kernels} of ${kernels} RoPE sites`]);
  expect(result.skips).toEqual([]);
  expect(opCounts(model)['com.microsoft.RotaryEmbedding']).toBe(kernels);
  return model;
}
const kernelOf = (model: Model) => model.graph.nodes().find(({ opType }) => opType === 'RotaryEmbedding');

describe('fuse-rope', () => {
  describe('reads every spelling', () => {
    const all: [string, Case][] = [
      ...Object.entries(spellings).map(([name, rotate]): [string, Case] => [name, { rotate }]),
      ...Object.entries(halfTables).map(([name, rotate]): [string, Case] => [
        name,
        { rotate, tables: computed(SIZE, { widen: once }) },
      ]),
      ...Object.entries(repeatedTables).map(([name, rotate]): [string, Case] => [
        name,
        { rotate, tables: computed(SIZE, { widen: repeated }) },
      ]),
      ['a scaled table', { rotate: spellings.slices, tables: computed(SIZE, { scaling: 1.25 }) }],
      [
        'heads behind positions',
        {
          rotate: spellings.slices,
          shape: ['batch', 'seq', HEADS, SIZE],
          tables: computed(SIZE, { axis: 1, headAxis: 2 }),
        },
      ],
      [
        'no heads',
        { rotate: spellings.slices, shape: ['batch', 'seq', SIZE], tables: computed(SIZE, { axis: 1, headAxis: -1 }) },
      ],
      [
        'positions before the batch',
        {
          rotate: spellings.slices,
          shape: ['seq', 'batch', HEADS, SIZE],
          tables: (g, x) => moved(g, computed(SIZE, { axis: 0 })(g, x)),
        },
      ],
      ['tables of three kinds of positions', { rotate: spellings.slices, tables: sections }],
      [
        'no batch',
        {
          rotate: spellings.slices,
          shape: ['seq', HEADS, SIZE],
          tables: (g, x) => squeezed(g, computed(SIZE, { axis: 0, headAxis: 2 })(g, x)),
        },
      ],
      ['matrices', { rotate: matrices, shape: ['batch', HEADS, 5, SIZE] }],
    ];
    for (const [name, one] of all)
      it(name, async () => {
        const model = await checkFused(rope(one));
        const counts = opCounts(model);
        for (const op of ['Neg', 'Add', 'Sub']) expect(counts[op], op).toBeUndefined();
      });
  });

  it('says what is interleaved', async () => {
    const model = await checkFused(
      rope({ rotate: repeatedTables.neighbours, tables: computed(SIZE, { widen: repeated }) }),
    );
    expect(kernelOf(model)?.int('interleaved')).toBe(1);
  });

  it.each([
    ['heads before positions', ['batch', HEADS, 'seq', SIZE], 2, 1],
    ['heads behind positions', ['batch', 'seq', HEADS, SIZE], 1, 2],
  ] as const)('rotates a part of each head: %s', async (_, shape, axis, headAxis) => {
    const model = await checkFused(rope({ rotate: partial(4), shape, tables: computed(4, { axis, headAxis }) }));
    expect(kernelOf(model)?.int('rotary_embedding_dim')).toBe(4);
  });

  it('rotates the part alone where the number of heads is not static', async () => {
    const shape = ['batch', 'heads', 'seq', SIZE];
    const model = await checkFused(rope({ rotate: partial(4), shape, tables: computed(4) }));
    expect(kernelOf(model)?.attributes.has('rotary_embedding_dim')).toBe(false);
  });

  it('keeps the positions of each batch, those that count from the end too', async () => {
    const position_ids = tensorOf('int64', [0, 1, 2, 3, 4, 9, 9, 0, 1, 2, -1, 15, 7, 7, 0], [3, 5]);
    await checkFused(rope({ rotate: spellings.slices, tables: picked }), { feeds: { position_ids } });
  });

  it('computes half a table once for all that rotate by it', async () => {
    const before = buildModel({ '': 20 }, (g) => {
      const inputs = ['q', 'k'].map((name) => g.input(name, 'float32', ['batch', HEADS, 'seq', SIZE]));
      const tables = computed()(g, inputs[0] as Value);
      for (const x of inputs) g.output(`${x.name}_out`, spellings.slices(g, x, tables));
    });
    const model = await checkFused(before, { kernels: 2 });
    expect(opCounts(model)).toMatchObject({ Cos: 1, Sin: 1 });
    const cos = model.graph.nodes().find(({ opType }) => opType === 'Cos');
    expect(cos?.output.shape?.at(-1)).toBe(SIZE / 2);
  });

  it('rotates before heads are split where they are split from one axis', async () => {
    const before = buildModel({ '': 20 }, (g) => {
      const flat = g.input('x', 'float32', ['batch', 'seq', HEADS * SIZE]);
      const x = g.op('Transpose', [g.op('Reshape', [flat, g.ints(0, 0, HEADS, SIZE)])], { perm: [0, 2, 1, 3] });
      g.output('y', spellings.slices(g, x, computed()(g, x)));
    });
    const model = await checkFused(before);
    expect(kernelOf(model)?.inputs[0]).toBe(model.graph.inputs[0]);
  });

  it('computes in float16 and between casts', async () => {
    const within = 2 ** -9; // The graph rounds each product and the sum to float16's 11 bits.
    await checkFused(rope({ rotate: spellings.slices, elem: 'float16' }), { within });
    const cast: Case['rotate'] = (g, x, tables) =>
      g.op('Cast', [spellings.slices(g, g.op('Cast', [x], { to: 1 }), widened(g, tables))], { to: 10 });
    await checkFused(rope({ rotate: cast, elem: 'float16' }), { within });
  });

  it('leaves what others read of the slices', async () => {
    const before = rope({
      rotate: partial(4),
      tables: computed(4),
      extra: (g, x) => g.output('abs', g.op('Abs', [x])),
    });
    await checkFused(before);
  });

  it('says how many are kernels already', async () => {
    const before = rope({ rotate: spellings.slices });
    const { model } = await applyPass(fuseRope(), before);
    const { passes } = await applyPass(fuseRope(), model);
    expect(passes[0]?.notes).toEqual([{ text: '1 rotary embedding is one kernel already' }]);
  });

  it('fuses in the body of an If', async () => {
    const before = buildModel({ '': 20 }, (g) => {
      const x = g.input('x', 'float32', ['batch', HEADS, 'seq', SIZE]);
      const tables = computed()(g, x);
      const body = (name: string, y: (b: GraphBuilder) => Value) => g.body(name, (b) => b.output(name, y(b)));
      const attributes = {
        then_branch: body('turned', (b) => spellings.slices(b, x, tables)),
        else_branch: body('kept', (b) => b.op('Identity', [x])),
      };
      g.output('y', g.op('If', [g.input('condition', 'bool', [])], attributes));
    });
    await checkFused(before, { feeds: { condition: tensorOf('bool', 1) } });
  });
});

const squeezed = (g: GraphBuilder, { cos, sin }: { cos: Value; sin: Value }) => ({
  cos: g.op('Squeeze', [cos, g.ints(0)]),
  sin: g.op('Squeeze', [sin, g.ints(0)]),
});
/** Angles of three kinds of positions, each for a section of the lanes, as models of images and text have them. */
const sections: Case['tables'] = (g) => {
  const half = g.input('angles', 'float32', [3, 'batch', 'seq', SIZE / 2]);
  const angles = g.op('Concat', [half, half], { axis: -1 });
  const table = (op: string): Value => {
    const parts = g.node('Split', [g.op(op, [angles]), g.ints(1, 1, 2, 1, 1, 2)], { axis: -1 }, { outputs: 6 });
    const kinds = parts.outputs.map((part, i) => g.op('Gather', [part, g.constant('int64', i % 3)], { axis: 0 }));
    return g.op('Unsqueeze', [g.op('Concat', kinds, { axis: -1 }), g.ints(1)]);
  };
  return { cos: table('Cos'), sin: table('Sin') };
};
/** [1, 1, S, D] as [S, 1, 1, D]. */
const moved = (g: GraphBuilder, { cos, sin }: { cos: Value; sin: Value }) => ({
  cos: g.op('Transpose', [cos], { perm: [2, 1, 0, 3] }),
  sin: g.op('Transpose', [sin], { perm: [2, 1, 0, 3] }),
});
const widened = (g: GraphBuilder, { cos, sin }: { cos: Value; sin: Value }) => ({
  cos: g.op('Cast', [cos], { to: 1 }),
  sin: g.op('Cast', [sin], { to: 1 }),
});
