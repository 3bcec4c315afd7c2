/**
 * Tests causal attention as GroupQueryAttention: the mask is proven causal, and padding and rows without a key keep
 * their numbers.
 */
import { describe, expect, it } from 'vitest';
import { freeze } from '../../../passes/freeze.js';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkMiss, checkPass, opCounts } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const OP = 'com.microsoft.GroupQueryAttention';
const LOWEST = -3.4028234663852886e38;
const [HEADS, SIZE, SEQ] = [4, 8, 5];
const forced = fuseAttn({ op: 'GroupQueryAttention' });

const float = (g: GraphBuilder, x: number) => g.constant('float32', x);
const int = (g: GraphBuilder, x: number) => g.constant('int64', x);

interface Parts {
  /** The heads of key and value. */
  readonly groups?: number;
  readonly size?: number;
  readonly keys?: string;
  readonly guarded?: boolean;
  readonly repeated?: (g: GraphBuilder, x: Value, groups: number) => Value;
  readonly scores?: (g: GraphBuilder, scores: Value) => Value;
}

/** Key and value as transformers repeats them: each head for its neighbours. */
const repeatKv = (g: GraphBuilder, x: Value, groups: number): Value => {
  const wide = g.op('Expand', [g.op('Unsqueeze', [x, g.ints(2)]), g.ints(1, 1, HEADS / groups, 1, 1)]);
  return g.op('Reshape', [wide, g.ints(0, HEADS, -1, SIZE)]);
};

/** softmax(mask(q·kᵀ/√8)) v with an input `mask` [batch, seq] of int64, which the mask may read. */
function decoder(masked: (g: GraphBuilder, scores: Value, mask: Value, q: Value) => Value, parts: Parts = {}): Model {
  const { groups = HEADS, size = SIZE, keys = 'seq', repeated = repeatKv } = parts;
  return buildModel({ '': 17 }, (g) => {
    const heads = (name: string, n: number) => {
      const x = g.input(name, 'float32', ['batch', name === 'q' ? 'seq' : keys, n * size]);
      return g.op('Transpose', [g.op('Reshape', [x, g.ints(0, 0, n, size)])], { perm: [0, 2, 1, 3] });
    };
    const [q, ...shared] = [heads('q', HEADS), heads('k', groups), heads('v', groups)] as [Value, Value, Value];
    const mask = g.input('mask', 'int64', ['batch', keys]);
    const [k, v] = shared.map((x) => (groups === HEADS ? x : repeated(g, x, groups))) as [Value, Value];
    const product = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
    const scaled = g.op('Mul', [product, float(g, 0.4)]);
    const scores = masked(g, parts.scores?.(g, scaled) ?? scaled, mask, q);
    const plain = g.op('Softmax', [scores], { axis: -1 });
    const weights = parts.guarded ? g.op('Where', [g.op('IsNaN', [plain]), float(g, 0), plain]) : plain;
    const context = g.op('Transpose', [g.op('MatMul', [weights, v])], { perm: [0, 2, 1, 3] });
    g.output('y', g.op('Reshape', [context, g.ints(0, 0, HEADS * size)]));
  });
}

/** 0 … seq − 1 along the queries and along the keys. */
function indices(g: GraphBuilder, q: Value): [queries: Value, keys: Value] {
  const length = g.op('Gather', [g.op('Shape', [q]), int(g, 2)]);
  const range = g.op('Range', [int(g, 0), length, int(g, 1)]);
  return [g.op('Unsqueeze', [range, g.ints(0, 1, 3)]), g.op('Unsqueeze', [range, g.ints(0, 1, 2)])];
}

const upTo = (g: GraphBuilder, q: Value, op = 'LessOrEqual', by = 0): Value => {
  const [queries, keys] = indices(g, q);
  return g.op(op, [keys, by ? g.op('Add', [queries, int(g, by)]) : queries]);
};
const padded = (g: GraphBuilder, mask: Value): Value =>
  g.op('Unsqueeze', [g.op('Cast', [mask], { to: 9 }), g.ints(1, 2)]);
const add = (g: GraphBuilder, scores: Value, seen: Value, fill: number): Value =>
  g.op('Add', [scores, g.op('Where', [seen, float(g, 0), float(g, fill)])]);

/** Right and left padding, and a hole; the second batch has rows without a key. */
const masks: [string, number[]][] = [
  ['right padding', [1, 1, 1, 0, 0, 1, 1, 1, 1, 1]],
  ['left padding', [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]],
  ['holes', [1, 0, 1, 0, 1, 0, 1, 0, 1, 1]],
  ['nothing but padding', [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]],
];

async function fuses(before: Model, mask = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], pass = forced) {
  const feeds = { mask: tensorOf('int64', mask, [2, SEQ]) };
  const { model, result } = await checkPass(pass, { before, within: NOISE, feeds, dims: { batch: 2, seq: SEQ } });
  expect(result.notes.some(({ text }) => text.includes('ends the process on an empty batch'))).toBe(true);
  const counts = opCounts(model);
  expect(counts[OP]).toBe(1);
  expect(counts.Softmax).toBeUndefined();
  const [kernel] = [...model.graph.nodes()].filter((node) => node.opType === 'GroupQueryAttention');
  return { counts, kernel, hasBias: kernel?.inputs[10] !== undefined };
}

describe('auto', () => {
  const causal = () => decoder((g, s, _, q) => g.op('Where', [upTo(g, q), s, float(g, LOWEST)]));
  const opsOf = async (model: Model): Promise<Record<string, number>> =>
    opCounts((await applyPass(fuseAttn(), model)).model);

  it('keeps MultiHeadAttention where a size is open: an empty batch ends the process in GroupQueryAttention', async () => {
    expect(await opsOf(causal())).toMatchObject({ 'com.microsoft.MultiHeadAttention': 1 });
  });

  it('gives GroupQueryAttention where all sizes are known and rows are long, and not where they are short', async () => {
    const frozen = async (seq: number) => {
      const { model } = await applyPass(freeze({ dims: { batch: 2, seq } }), causal());
      return opsOf(model);
    };
    expect(await frozen(64)).toMatchObject({ [OP]: 1 });
    expect(await frozen(63)).toMatchObject({ 'com.microsoft.MultiHeadAttention': 1 });
  });
});

describe('a causal mask is proven, and leaves no bias', () => {
  const triangle = (upper: 0 | 1, value: number, k?: number) => (g: GraphBuilder, q: Value) => {
    const length = g.op('Slice', [g.op('Shape', [q]), g.ints(2), g.ints(3)]);
    const square = g.op('Expand', [float(g, value), g.op('Concat', [length, length], { axis: 0 })]);
    return g.op('Trilu', k === undefined ? [square] : [square, int(g, k)], { upper });
  };
  const cases: [string, (g: GraphBuilder, scores: Value, mask: Value, q: Value) => Value][] = [
    ['key ≤ query', (g, s, _, q) => g.op('Where', [upTo(g, q), s, float(g, LOWEST)])],
    ['not key > query', (g, s, _, q) => add(g, s, g.op('Not', [upTo(g, q, 'Greater')]), Number.NEGATIVE_INFINITY)],
    ['key < query + 1', (g, s, _, q) => add(g, s, upTo(g, q, 'Less', 1), -1e30)],
    [
      'key ≤ query and what is true',
      (g, s, _, q) =>
        add(g, s, g.op('And', [g.op('Not', [upTo(g, q, 'Greater')]), g.constant('bool', [1], [1, 1])]), LOWEST),
    ],
    ['a triangle of a fill', (g, s, _, q) => g.op('Add', [s, triangle(1, LOWEST, 1)(g, q)])],
    [
      'a triangle of ones, tested',
      (g, s, _, q) => {
        const isLater = g.op('Equal', [triangle(0, 1)(g, q), float(g, 0)]);
        return g.op('Add', [s, g.op('Where', [isLater, float(g, Number.NEGATIVE_INFINITY), float(g, 0)])]);
      },
    ],
    [
      'a stored triangle, cut to the length',
      (g, s, _, q) => {
        const stored = Array.from({ length: 64 }, (_, i) => (i % 8 <= Math.floor(i / 8) ? 1 : 0));
        const end = g.op('Slice', [g.op('Shape', [q]), g.ints(2), g.ints(3)]);
        const cut = (x: Value, axis: number) => g.op('Slice', [x, g.ints(0), end, g.ints(axis)]);
        const seen = cut(cut(g.constant('bool', stored, [1, 1, 8, 8]), 2), 3);
        return g.op('Where', [seen, s, float(g, LOWEST)]);
      },
    ],
    [
      'ones minus a triangle, times a fill',
      (g, s, _, q) => {
        const later = g.op('Sub', [float(g, 1), triangle(0, 1)(g, q)]);
        return g.op('Add', [s, g.op('Mul', [later, float(g, LOWEST)])]);
      },
    ],
  ];
  it.each(cases)('%s', async (_, masked) => {
    expect((await fuses(decoder(masked))).hasBias).toBe(false);
  });

  it('heads that share their keys, which are no longer repeated', async () => {
    const { counts, kernel } = await fuses(
      decoder((g, s, _, q) => g.op('Where', [upTo(g, q), s, float(g, LOWEST)]), { groups: 2 }),
    );
    expect(kernel?.int('kv_num_heads')).toBe(2);
    // The Expand that is left makes the lengths.
    expect(counts.Expand).toBe(1);
  });

  it('one key for all heads', async () => {
    const masked = (g: GraphBuilder, s: Value, _: Value, q: Value) => g.op('Where', [upTo(g, q), s, float(g, LOWEST)]);
    expect((await fuses(decoder(masked, { groups: 1 }))).kernel?.int('kv_num_heads')).toBe(1);
  });

  it('a soft cap, where it is asked for', async () => {
    const capped = (g: GraphBuilder, s: Value) =>
      g.op('Mul', [g.op('Tanh', [g.op('Div', [s, float(g, 2)])]), float(g, 2)]);
    const before = decoder((g, s, _, q) => add(g, s, upTo(g, q), LOWEST), { scores: capped });
    expect((await fuses(before, undefined, forced)).kernel?.float('softcap')).toBe(2);
  });
});

describe('what a causal mask does besides is a bias', () => {
  const both = (fill: number) => (g: GraphBuilder, s: Value, mask: Value, q: Value) =>
    add(g, s, g.op('And', [upTo(g, q), padded(g, mask)]), fill);

  it('a window', async () => {
    const before = decoder((g, s, _, q) => {
      const near = upTo(g, q, 'Greater', -3);
      return add(g, s, g.op('And', [upTo(g, q), near]), LOWEST);
    });
    const { hasBias, counts } = await fuses(before);
    expect(hasBias).toBe(true);
    expect(counts.ReduceMean, 'every row has its own key').toBeUndefined();
  });

  it.each(masks)('minus infinity: %s', async (_, mask) => {
    const { counts } = await fuses(decoder(both(Number.NEGATIVE_INFINITY), { guarded: true }), mask);
    expect(counts.ReduceMean).toBeUndefined();
  });

  it.each(masks)('a finite fill, whose whole rows are means: %s', async (_, mask) => {
    const { counts } = await fuses(decoder(both(LOWEST), { groups: 2 }), mask);
    expect(counts.ReduceMean).toBe(1);
  });

  it('key < query, whose first row has no key', async () => {
    await fuses(decoder((g, s, _, q) => g.op('Where', [upTo(g, q, 'Less'), s, float(g, LOWEST)])));
  });
});

describe('GroupQueryAttention is refused, and the reason said', () => {
  const causal = (g: GraphBuilder, s: Value, _: Value, q: Value) => g.op('Where', [upTo(g, q), s, float(g, LOWEST)]);
  const later = 'not shown to be causal';
  const cases: [string, Model, string][] = [
    ['no mask', decoder((_, s) => s), later],
    ['padding alone', decoder((g, s, mask) => add(g, s, padded(g, mask), LOWEST)), later],
    ['the next key is seen', decoder((g, s, _, q) => add(g, s, upTo(g, q, 'LessOrEqual', 1), LOWEST)), later],
    ['key ≥ query', decoder((g, s, _, q) => add(g, s, upTo(g, q, 'GreaterOrEqual'), LOWEST)), later],
    ['or padding', decoder((g, s, mask, q) => add(g, s, g.op('Or', [upTo(g, q), padded(g, mask)]), LOWEST)), later],
    [
      'or what is true',
      decoder((g, s, _, q) =>
        add(g, s, g.op('Or', [g.constant('bool', [1], [1, 1]), g.op('Not', [upTo(g, q)])]), LOWEST),
      ),
      later,
    ],
    ['a weak fill', decoder((g, s, _, q) => add(g, s, upTo(g, q), -100)), later],
    [
      'any bias that comes in',
      decoder((g, s) => g.op('Add', [s, g.input('bias', 'float32', ['batch', 1, 'seq', 'seq'])])),
      later,
    ],
    [
      'two fills, whose whole rows are no means',
      decoder((g, s, mask, q) => add(g, add(g, s, upTo(g, q), -1e20), padded(g, mask), -1e30)),
      'a row that is masked whole',
    ],
    ['a size of heads', decoder(causal, { size: 12 }), 'a multiple of 8'],
    [
      'other keys than queries',
      decoder((g, s, mask) => add(g, s, padded(g, mask), -1e30), { keys: 'keys' }),
      'as many keys',
    ],
    [
      'heads that share a key and are no neighbours',
      decoder(causal, { groups: 2, repeated: (g, x) => g.op('Tile', [x, g.ints(1, 2, 1, 1)]) }),
      'not neighbours',
    ],
  ];
  it.each(cases)('%s', (_, before, reason) => checkMiss(forced, { before, reason }));

  it('a target whose kernel takes no bias', () =>
    checkMiss(forced, { before: decoder(causal), reason: 'for the CPU alone', target: 'cuda' }));
});
