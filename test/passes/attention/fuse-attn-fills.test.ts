/**
 * Tests masks that fill with -10000, as GPT-2 and Megatron do: an added bias does the same only if every row sees a
 * key.
 */
import { describe, expect, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss, checkPass } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const HEADS = 2;
const SIZE = 4;
const LONGEST = 32;
const SHAPE = ['batch', 'seq', HEADS * SIZE];
const FILL = -10_000;

type Masking = (g: GraphBuilder, scores: Value) => Value;

/** Attention of new positions to cached and new ones, as GPT-2's exporter writes it. */
const attention = (masking: Masking): Model =>
  buildModel({ '': 17 }, (g) => {
    const heads = (name: string): Value =>
      g.op('Transpose', [g.op('Reshape', [g.input(name, 'float32', SHAPE), g.ints(0, 0, HEADS, SIZE)])], {
        perm: [0, 2, 1, 3],
      });
    const cached = (name: string): Value =>
      g.op('Concat', [g.input(`past_${name}`, 'float32', ['batch', HEADS, 'past', SIZE]), heads(name)], { axis: 2 });
    const query = heads('q');
    const product = g.op('MatMul', [query, g.op('Transpose', [cached('k')], { perm: [0, 1, 3, 2] })]);
    const weights = g.op('Softmax', [masking(g, g.op('Div', [product, g.constant('float32', 2)]))], { axis: -1 });
    const context = g.op('Transpose', [g.op('MatMul', [weights, cached('v')])], { perm: [0, 2, 1, 3] });
    g.output('y', g.op('Reshape', [context, g.ints(0, 0, HEADS * SIZE)]));
  });

/** A buffer [1, 1, 32, 32], its rows of the new positions and its columns of all: bias[:, :, ns-nd:ns, :ns]. */
function sliced(g: GraphBuilder, scores: Value, elem: DataType, isSeen = (row: number, key: number) => key <= row) {
  const table = Array.from({ length: LONGEST ** 2 }, (_, i) => Number(isSeen(Math.floor(i / LONGEST), i % LONGEST)));
  const length = (axis: number): Value => g.op('Gather', [g.op('Shape', [scores]), g.ints(axis)]);
  const [rows, keys] = [length(2), length(3)];
  const slice = (x: Value, from: Value, axis: number): Value => g.op('Slice', [x, from, keys, g.ints(axis)]);
  const buffer = g.constant(elem, table, [1, 1, LONGEST, LONGEST], 'bias');
  return slice(slice(buffer, g.op('Sub', [keys, rows]), 2), g.ints(0), 3);
}

const number = (g: GraphBuilder, x: number): Value => g.constant('float32', x);
const filled: Masking = (g, scores) =>
  g.op('Where', [g.op('Cast', [sliced(g, scores, 'uint8')], { to: 9 }), scores, number(g, FILL)]);
/** scores · b − 1e4 · (1 − b) */
const gatedBy = (g: GraphBuilder, scores: Value, b: Value): Value =>
  g.op('Sub', [g.op('Mul', [scores, b]), g.op('Mul', [number(g, -FILL), g.op('Sub', [number(g, 1), b])])]);

const dims = { batch: 2, seq: 5, past: 3 };

describe('fuse-attn takes a mask that fills with -10000', () => {
  const spellings: [string, Masking][] = [
    ['by Where over a slice of a buffer of bytes', filled],
    ['by a product and what fills the zeros', (g, scores) => gatedBy(g, scores, sliced(g, scores, 'float32'))],
    [
      'the same, added and turned round',
      (g, scores) => {
        const b = sliced(g, scores, 'float32');
        const fill = g.op('Mul', [g.op('Sub', [b, number(g, 1)]), number(g, -FILL)]);
        return g.op('Add', [fill, g.op('Mul', [b, scores])]);
      },
    ],
    [
      'under a bias that lowers no key by much',
      (g, scores) => g.op('Add', [filled(g, scores), g.constant('float32', [-1, 2], [HEADS, 1, 1])]),
    ],
  ];
  it.each(spellings)('%s', async (_, masking) => {
    const before = attention(masking);
    const { model, result } = await checkPass(fuseAttn(), { before, dims, within: NOISE });
    expect(model.graph.nodes().filter((node) => node.is('MultiHeadAttention', 'com.microsoft'))).toHaveLength(1);
    expect(result.notes.map(({ text }) => text)).toContainEqual(expect.stringContaining('every row sees a key'));
  });
});

describe('fuse-attn leaves a fill of -10000 alone', () => {
  const cases: [string, Masking, string][] = [
    [
      'where a row sees nothing',
      (g, scores) => {
        const seen = sliced(g, scores, 'float32', (row, key) => key <= row && row !== 4);
        return gatedBy(g, scores, seen);
      },
      'a row may be masked whole',
    ],
    [
      'where padding may hide all that a row sees',
      (g, scores) => g.op('Add', [filled(g, scores), g.input('padding', 'float32', ['batch', 1, 1, 'total'])]),
      'a row may be masked whole',
    ],
    [
      'where the scores are multiplied by what may be no mask',
      (g, scores) => gatedBy(g, scores, g.input('mask', 'float32', ['batch', 1, 'seq', 'total'])),
      'not shown to be 0 or 1',
    ],
    [
      'where it is added to more than what is masked',
      (g, scores) => {
        const b = sliced(g, scores, 'float32');
        return g.op('Sub', [g.op('Mul', [scores, b]), g.op('Mul', [number(g, -FILL), g.op('Sub', [number(g, 2), b])])]);
      },
      'not one number',
    ],
    ['where nothing is filled', (g, scores) => g.op('Mul', [scores, sliced(g, scores, 'float32')]), 'not one number'],
    ['where the fill is weaker', (g, scores) => g.op('Mul', [filled(g, scores), number(g, 0.5)]), 'too weak'],
  ];
  it.each(cases)('%s', (_, masking, reason) => checkMiss(fuseAttn(), { before: attention(masking), reason }));
});
