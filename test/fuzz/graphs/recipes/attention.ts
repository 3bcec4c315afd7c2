/** Attention as exporters write it, with its masks, grouped heads, rotary embeddings, respellings and near-misses. */
import { float } from '../../../../src/ir/attribute.js';
import type { Dim } from '../../../../src/ir/dims/dims.js';
import type { Value } from '../../../../src/ir/value.js';
import { ms, type Sketch, x32 } from '../sketch.js';
import { masked, type Sizes } from './masks.js';
import { seen } from './norms.js';
import { rotated } from './rotary.js';

/** The sizes of a shape's leading dims as the Reshape takes them: numbers, or copied. */
const fixed = (dim: Dim): number => (typeof dim === 'number' ? dim : 0);

/** [B, S, N·D] ⟶ [B, N, S, D]. */
function split(s: Sketch, value: Value, heads: number, size: number): Value {
  const rows = value.shape?.[1] as Dim;
  if (s.chance(0.15)) {
    // Without a Transpose where there is one row: what looks like it is another tensor otherwise.
    return s.op('Transpose', [s.op('Reshape', [value, s.ints(0, -1, heads, size)])], { perm: [0, 2, 1, 3] });
  }
  const folded = s.op('Reshape', [
    value,
    s.ints(
      s.chance(0.5) ? 0 : fixed(value.shape?.[0] as Dim),
      typeof rows === 'number' && s.chance(0.5) ? rows : s.chance(0.5) ? 0 : -1,
      heads,
      size,
    ),
  ]);
  return s.op('Transpose', [seen(s, folded)], { perm: [0, 2, 1, 3] });
}

function projected(s: Sketch, value: Value, to: number): Value {
  if (s.chance(0.15) && value.shape?.at(-1) === to) return value;
  const from = value.shape?.at(-1) as number;
  const product = s.op('MatMul', [value, s.weights([from, to], 0.4)]);
  return s.chance(0.6) ? s.op('Add', s.chance(0.5) ? [product, s.weights([to])] : [s.weights([to]), product]) : product;
}

/** Key heads shared by several query heads: repeated by Expand and Reshape. */
function repeated(s: Sketch, value: Value, { batch, keys, heads, groups }: Sizes, size: number): Value {
  if (heads === groups) return value;
  const five = s.op('Unsqueeze', [value, s.ints(2)]);
  const times = heads / groups;
  if (typeof batch === 'number' && typeof keys === 'number' && s.chance(0.5))
    return s.op('Reshape', [
      s.op('Expand', [five, s.ints(batch, groups, times, keys, size)]),
      s.ints(batch, heads, keys, size),
    ]);
  // Interleaved the other way it is another model.
  const isOdd = s.chance(0.1);
  const tiled = isOdd
    ? s.op('Tile', [value, s.ints(1, times, 1, 1)])
    : s.op('Expand', [five, s.ints(1, 1, times, 1, 1)]);
  return isOdd ? tiled : s.op('Reshape', [tiled, s.ints(0, heads, -1, size)]);
}

const SCALES: readonly ((size: number) => number)[] = [Math.sqrt, Math.sqrt, Math.sqrt, () => 1, () => 7, Math.cbrt];

function scaledScores(s: Sketch, q: Value, k: Value, size: number, heads: number): Value {
  const root = s.one(SCALES)(size);
  const form = s.int(0, 5);
  const last = s.op('Transpose', [k], { perm: [0, 1, 3, 2] });
  const times = (value: Value): Value =>
    s.chance(0.5) ? s.op('Div', [value, s.numbers(x32, root)]) : s.op('Mul', [value, s.numbers(x32, 1 / root)]);
  if (form === 0) return s.op('MatMul', [times(q), last]);
  if (form === 1) {
    const half = s.numbers(x32, 1 / Math.sqrt(root));
    return s.op('MatMul', [s.op('Mul', [q, half]), s.op('Mul', [last, half])]);
  }
  if (form === 2 && s.chance(0.3)) return s.op('Mul', [s.op('MatMul', [q, last]), s.weights([heads, 1, 1])]);
  if (form === 3 && s.chance(0.5)) return times(s.op('Einsum', [q, k], { equation: 'bhqd,bhkd->bhqk' }));
  return times(seen(s, s.op('MatMul', [q, last])));
}

export function attention(s: Sketch, given?: Value): Value {
  const heads = s.one([1, 2, 4]);
  const size = s.one(s.isWide ? [8, 16] : [4, 8, 8, 3]);
  const width = given ? (given.shape?.at(-1) as number) : heads * size;
  // Some kernels are for long rows.
  const isLong = s.chance(0.13);
  const x = given ?? s.want(x32, isLong ? [s.one([1, 2]), 64, width] : [s.dim(), s.dim(), width]);
  const [batch, rows] = x.shape as [Dim, Dim];
  const isCross = s.chance(0.2);
  const memory = isCross ? s.want(x32, [batch, s.dim(), width]) : x;
  const groups = s.chance(0.25) ? (s.chance(0.5) ? 1 : Math.max(1, heads / 2)) : heads;
  const valueSize = s.chance(0.12) ? s.one([2, 4, 8, 6]) : size;
  const sizes: Sizes = { batch, rows, keys: memory.shape?.[1] as Dim, heads, groups, size, valueSize };
  let [q, k, v] = packedOr(s, x, memory, sizes);
  if (!isCross && size % 2 === 0 && s.chance(0.2)) [q, k] = rotated(s, q, k);
  if (s.chance(0.1)) {
    // Norms of heads before the scores.
    q = s.op('Mul', [q, s.weights([size])]);
  }
  k = repeated(s, k, sizes, size);
  v = repeated(s, v, sizes, valueSize);
  let scores = scaledScores(s, q, k, size, heads);
  if (s.chance(0.08))
    scores = s.op('Mul', [s.op('Tanh', [s.op('Div', [scores, s.numbers(x32, 20)])]), s.numbers(x32, 20)]);
  scores = masked(s, scores, sizes);
  const isGuarded = s.chance(0.1);
  let weights = s.op('Softmax', [seen(s, scores)], { axis: s.chance(0.04) ? 2 : s.one([-1, 3]) });
  if (isGuarded) weights = s.op('Where', [s.op('IsNaN', [weights]), s.numbers(x32, 0), weights]);
  if (s.chance(0.05)) weights = s.op('Mul', [weights, s.numbers(x32, 0.5)]);
  const context = s.op('MatMul', [seen(s, weights), v]);
  const merged = s.op('Reshape', [
    s.op('Transpose', [seen(s, context)], { perm: s.chance(0.97) ? [0, 2, 1, 3] : [0, 1, 2, 3] }),
    s.ints(0, s.chance(0.5) ? 0 : -1, heads * valueSize),
  ]);
  return s.chance(0.6) ? projected(s, merged, width) : merged;
}

/** Query, key and value as [B, N, S, D]: each projected, or split from one product. */
function packedOr(
  s: Sketch,
  x: Value,
  memory: Value,
  { heads, groups, size, valueSize }: Sizes,
): [Value, Value, Value] {
  if (memory === x && groups === heads && valueSize === size && s.chance(0.25)) {
    const packed = projected(s, x, 3 * heads * size);
    const parts =
      s.opset >= 18
        ? s.node('Split', [packed, s.ints(heads * size, heads * size, heads * size)], { axis: -1 }, { outputs: 3 })
        : s.node('Split', [packed, s.ints(heads * size, heads * size, heads * size)], { axis: 2 }, { outputs: 3 });
    if (packed.shape?.at(-1) === 3 * heads * size)
      return parts.outputs.map((one) => split(s, one as Value, heads, size)) as [Value, Value, Value];
  }
  return [
    split(s, projected(s, x, heads * size), heads, size),
    split(s, projected(s, memory, groups * size), groups, size),
    split(s, projected(s, memory, groups * valueSize), groups, valueSize),
  ];
}

/** Attention that is one op already. */
export function fusedAttention(s: Sketch): void {
  const [heads, size] = [2, 8];
  const width = heads * size;
  const x = s.want(x32, [s.dim(), s.dim(), width]);
  const shape = x.shape as Dim[];
  const form = s.int(0, 2);
  if (form === 0)
    s.op(
      'MultiHeadAttention',
      [x, s.want(x32, shape), s.want(x32, shape)],
      { num_heads: heads, ...(s.chance(0.5) && { scale: float(0.3) }) },
      ms,
    );
  else if (form === 1)
    s.op(
      'Attention',
      [x, s.weights([width, 3 * width], 0.3), s.weights([3 * width])],
      { num_heads: heads, ...(s.chance(0.3) && { unidirectional: 1 }) },
      ms,
    );
  else if (s.opset >= 23)
    s.op('Attention', [x, s.want(x32, shape), s.want(x32, shape)], {
      q_num_heads: heads,
      kv_num_heads: heads,
      ...(s.chance(0.3) && { is_causal: 1 }),
    });
}
