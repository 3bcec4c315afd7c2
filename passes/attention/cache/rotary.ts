/**
 * Rotary embeddings that GroupQueryAttention does itself, for one batch: RotaryEmbedding of query and new key by one table. The kernel takes the row of a table
 * by the place behind the cache, and wants a row for each key; only those of the new keys are read, so that the others are zeros.
 */
import { type Dim, dimText } from '../../../src/ir/dims/dims.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import { memo, type SharedBiases } from '../emit/bias.js';

export interface CacheRotation {
  /** Query and new key before they are rotated, [B, S, N·D] and [B, S, G·D]. */
  readonly query: Value;
  readonly key: Value;
  /** [B, S], or the first of them where there is one row. */
  readonly positions: Value;
  /** [rows, D / 2] */
  readonly tables: readonly [cos: Value, sin: Value];
  readonly isInterleaved: boolean;
}

/** Undefined where the nodes stay in front of the kernel. `size`: of a head. */
export function rotationOf(query: Value, key: Value, size: number): CacheRotation | undefined {
  const [one, other] = [query.producer, key.producer];
  if (!one || !other || ![one, other].every((node) => isWhole(node, size))) return undefined;
  // Rows of several batches may stand at other places, which the kernel is told one of.
  if (query.shape?.[0] !== 1 || query.uses.size > 1) return undefined;
  const [x, positions, cos, sin] = one.inputs;
  if (!x || !positions || !cos || !sin || [1, 2, 3].some((index) => one.inputs[index] !== other.inputs[index]))
    return undefined;
  const isInterleaved = one.int('interleaved', 0) === 1;
  if (isInterleaved !== (other.int('interleaved', 0) === 1) || !(positions.shape?.length === 2 || query.shape[1] === 1))
    return undefined;
  return { query: x, key: other.inputs[0] as Value, positions, tables: [cos, sin], isInterleaved };
}

/** True for a rotation of all of each head, [B, S, heads·D], that does not scale. */
const isWhole = (node: Node, size: number): boolean =>
  node.is('RotaryEmbedding', 'com.microsoft') &&
  node.inputs[0]?.shape?.length === 3 &&
  node.inputs[2]?.shape?.[1] === size / 2 &&
  [0, size].includes(node.int('rotary_embedding_dim', 0)) &&
  node.float('scale', 1) === 1 &&
  node.int('is_packed_batching', 0) === 0;

/** cos and sin with a row for each key, made once for all kernels that read them. */
export function tablesFor(build: Rewriter, shared: SharedBiases, past: Value, rotation: CacheRotation): Value[] {
  const { positions, tables } = rotation;
  const places = () => build.op('Reshape', [positions, build.ints(-1)]);
  /** [past, D / 2] */
  const zeros = (): Value => {
    const [cos] = tables;
    const count = build.op('Gather', [build.op('Shape', [past]), build.ints(2)]);
    const shape = build.op('Concat', [count, build.ints(cos.shape?.[1] as number)], { axis: 0 });
    return build.op('Expand', [build.constant(cos.elem ?? 'float32', 0), shape]);
  };
  const at = `${tables[0].sequence} ${positions.sequence}`;
  // Layers may have caches of other lengths.
  const length = dimText(past.shape?.[2] as Dim);
  return tables.map((table) =>
    memo(shared, `rotary ${table.sequence} ${at} ${length}`, () => {
      const rows = build.op('Gather', [table, memo(shared, `places ${at}`, places)]);
      return build.op('Concat', [memo(shared, `zeros ${at} ${length}`, zeros), rows], { axis: 0 });
    }),
  );
}
