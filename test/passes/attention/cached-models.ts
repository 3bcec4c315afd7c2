/** Builds attention over a cache of keys and values. */
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';

const LOWEST = -3.4028234663852886e38;
export const HEADS = 4;
const SIZE = 16;

export interface Parts {
  readonly batch?: number | string;
  readonly rows?: number | string;
  readonly groups?: number;
  readonly size?: number;
  /** The sizes of the caches, for each layer one. */
  readonly pasts?: readonly string[];
  readonly mask?: (
    g: GraphBuilder,
    given: { mask: Value; query: Value; past: Value; joined: Value },
  ) => Value | undefined;
  /** Rotates query and new key by their tables; the rows of other tables for the key where that is `apart`. */
  readonly rotary?: 'one' | 'interleaved' | 'apart';
  /** By ai.onnx Attention instead of MultiHeadAttention. */
  readonly standard?: boolean;
  /** More inputs of MultiHeadAttention, from its fourth on. */
  readonly more?: (g: GraphBuilder) => readonly (Value | undefined)[];
}

/** attention(q, [past, k], [past, v]) over an input `mask` [batch, total] of int64, for each layer; y, and both caches. */
export function cached(parts: Parts = {}): Model {
  const { batch = 1, rows = 'rows', size = SIZE, pasts = ['past'], rotary, standard } = parts;
  return buildModel({ '': standard ? 23 : 17, 'com.microsoft': 1 }, (g) => {
    const rotated = rotary ? rotation(g, { batch, rows, size, rotary }) : (x: Value) => x;
    const total = g.input('mask', 'int64', [batch, 'total']);
    for (const [at, past] of pasts.entries())
      layer(g, { ...parts, past, of: at === 0 ? '' : `_${at}` }, total, rotated);
  });
}

type Rotated = (x: Value, heads: number, side: 'q' | 'k') => Value;

function layer(
  g: GraphBuilder,
  parts: Parts & { readonly past: string; readonly of: string },
  total: Value,
  rotated: Rotated,
): void {
  const { batch = 1, rows = 'rows', groups = 2, size = SIZE, mask, standard, more, past: length, of } = parts;
  const given = g.input(`q${of}`, 'float32', [batch, rows, HEADS * size]);
  const query = rotated(given, HEADS, 'q');
  const sides = (['k', 'v'] as const).map((name) => {
    const plain = g.input(`${name}${of}`, 'float32', [batch, rows, groups * size]);
    const flat = name === 'k' ? rotated(plain, groups, name) : plain;
    const past = g.input(`past_${name}${of}`, 'float32', [batch, groups, length, size]);
    const fresh = g.op('Transpose', [g.op('Reshape', [flat, g.ints(0, 0, groups, size)])], { perm: [0, 2, 1, 3] });
    return { past, joined: g.op('Concat', [past, fresh], { axis: 2 }) };
  });
  const added = mask?.(g, { mask: total, query: given, past: sides[0]!.past, joined: sides[0]!.joined });
  const [key, value] = sides.map(({ joined }) => {
    if (groups === HEADS) return standard ? flatOf(g, joined, size) : joined;
    const wide = g.op('Expand', [g.op('Unsqueeze', [joined, g.ints(2)]), g.ints(1, 1, HEADS / groups, 1, 1)]);
    const whole = g.op('Reshape', [wide, g.ints(0, HEADS, -1, size)]);
    return standard ? flatOf(g, whole, size) : whole;
  });
  const y = standard
    ? g.op('Attention', [query, key, value, added], { q_num_heads: HEADS, kv_num_heads: HEADS })
    : g.op(
        'MultiHeadAttention',
        [query, key, value, ...(more?.(g) ?? [undefined, undefined]), added],
        { num_heads: HEADS },
        { domain: 'com.microsoft' },
      );
  g.output(`y${of}`, y, 'float32', [batch, rows, HEADS * size]);
  for (const [i, { joined }] of sides.entries())
    g.output(`present_${i}${of}`, joined, 'float32', [batch, groups, `present${of}`, size]);
}

/** RotaryEmbedding at places that are an input. */
function rotation(
  g: GraphBuilder,
  { batch, rows, size, rotary }: Required<Pick<Parts, 'batch' | 'rows' | 'size' | 'rotary'>>,
) {
  const places = g.input('places', 'int64', [batch, rows]);
  const table = (shift: number) => {
    const angles = Array.from(
      { length: 16 * (size / 2) },
      (_, i) => Math.floor(i / (size / 2)) * 0.7 ** (i % (size / 2)) + shift,
    );
    return [Math.cos, Math.sin].map((f) => g.constant('float32', angles.map(f), [16, size / 2]));
  };
  const [one, other] = [table(0), table(0.5)];
  const interleaved = rotary === 'interleaved' ? 1 : 0;
  return (x: Value, heads: number, name: 'q' | 'k'): Value =>
    g.op(
      'RotaryEmbedding',
      [x, places, ...(name === 'k' && rotary === 'apart' ? other : one)],
      { interleaved, num_heads: heads },
      { domain: 'com.microsoft' },
    );
}

const flatOf = (g: GraphBuilder, x: Value, size: number): Value =>
  g.op('Reshape', [g.op('Transpose', [x], { perm: [0, 2, 1, 3] }), g.ints(0, 0, HEADS * size)]);

/** Where a key is not masked, and no query sees a later one. */
export const seen = (
  g: GraphBuilder,
  { mask, query, past }: { mask: Value; query: Value; past: Value },
  isPadded: boolean,
): Value => {
  const dim = (x: Value, axis: number) => g.op('Gather', [g.op('Shape', [x]), g.constant('int64', axis)]);
  const range = (end: Value) => g.op('Range', [g.constant('int64', 0), end, g.constant('int64', 1)]);
  const [before, rows] = [dim(past, 2), dim(query, 1)];
  const queries = g.op('Unsqueeze', [g.op('Add', [range(rows), before]), g.ints(1)]);
  const keys = range(g.op('Add', [before, rows]));
  const isEarlier = g.op('LessOrEqual', [keys, queries]);
  const known = g.op('Unsqueeze', [g.op('Cast', [g.op('Gather', [mask, keys], { axis: 1 })], { to: 9 }), g.ints(1, 2)]);
  const alone = g.op('Unsqueeze', [isEarlier, g.ints(0, 1)]);
  return isPadded ? g.op('And', [alone, known]) : alone;
};
export const bias = (g: GraphBuilder, condition: Value, fill = LOWEST): Value =>
  g.op('Where', [condition, g.constant('float32', 0), g.constant('float32', fill)]);
export const causal: NonNullable<Parts['mask']> = (g, given) => bias(g, seen(g, given, false));
export const padded: NonNullable<Parts['mask']> = (g, { mask }) =>
  bias(g, g.op('Unsqueeze', [g.op('Cast', [mask], { to: 9 }), g.ints(1, 2)]));
