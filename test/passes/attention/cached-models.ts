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
  readonly mask?: (
    g: GraphBuilder,
    given: { mask: Value; query: Value; past: Value; joined: Value },
  ) => Value | undefined;
  /** By ai.onnx Attention instead of MultiHeadAttention. */
  readonly standard?: boolean;
  /** More inputs of MultiHeadAttention, from its fourth on. */
  readonly more?: (g: GraphBuilder) => readonly (Value | undefined)[];
}

/** attention(q, [past, k], [past, v]) over an input `mask` [batch, total] of int64; y, and both caches. */
export function cached({ batch = 1, rows = 'rows', groups = 2, size = SIZE, mask, standard, more }: Parts = {}): Model {
  return buildModel({ '': standard ? 23 : 17, 'com.microsoft': 1 }, (g) => {
    const query = g.input('q', 'float32', [batch, rows, HEADS * size]);
    const total = g.input('mask', 'int64', [batch, 'total']);
    const sides = ['k', 'v'].map((name) => {
      const flat = g.input(name, 'float32', [batch, rows, groups * size]);
      const past = g.input(`past_${name}`, 'float32', [batch, groups, 'past', size]);
      const fresh = g.op('Transpose', [g.op('Reshape', [flat, g.ints(0, 0, groups, size)])], { perm: [0, 2, 1, 3] });
      return { past, joined: g.op('Concat', [past, fresh], { axis: 2 }) };
    });
    const added = mask?.(g, { mask: total, query, past: sides[0]!.past, joined: sides[0]!.joined });
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
    g.output('y', y, 'float32', [batch, rows, HEADS * size]);
    for (const [i, { joined }] of sides.entries())
      g.output(`present_${i}`, joined, 'float32', [batch, groups, 'present', size]);
  });
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
