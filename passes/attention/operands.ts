/** The operands of the attention kernel, taken from before the exporter's splits and transposes where that is the same tensor. */
import type { Facts } from '../../src/infer/index.js';
import type { Value } from '../../src/ir/value.js';
import { type Factor, isBase, type View, viewOf } from '../../src/match/view.js';
import type { Builder } from './builder.js';
import type { Dims } from './dims.js';
import { operandView } from './site.js';

const swapped = [0, 1, 3, 2];
/** [B, N, S, D] ⇄ [B, S, N, D] */
export const headsInner = [0, 2, 1, 3];

/** The tensor [B, rows, N·D] that a view [B, N, rows, D] was split from, if it stands so in the graph. */
function mergedBase(view: View | undefined): Value | undefined {
  if (view?.axes.length !== 4) return undefined;
  const [batch, heads, rows, columns] = view.axes as readonly (readonly Factor[])[] as [
    Factor[],
    Factor[],
    Factor[],
    Factor[],
  ];
  return isBase(view, [batch, rows, [...heads, ...columns]]) ? view.base : undefined;
}

interface Operand {
  readonly value: Value;
  /** Factor that stood in the chain and is not in `value`. */
  readonly scale: number;
}

/** The query as [B, S, N·D]. */
export function queryOf(builder: Builder, query: Value, { heads, size }: Dims, facts: Facts): Operand {
  const view = operandView(query, facts);
  const base = mergedBase(view);
  if (view && base) return { value: base, scale: view.scale };
  if (builder.rank === 3) return { value: query, scale: 1 };
  const transposed = builder.op('Transpose', [query], { perm: headsInner });
  return {
    value: builder.op('Reshape', [transposed, builder.ints(0, 0, typeof size === 'number' ? heads * size : -1)]),
    scale: 1,
  };
}

/** What the kernel reads: the length of the query is its axis 1, that of the key its last but one. */
export interface Operands {
  readonly query: Value;
  readonly key: { readonly value: Value; readonly rank: 3 | 4 };
}

interface KeyValue {
  readonly rank: 3 | 4;
  readonly key: Value;
  readonly value: Value;
  readonly scale: number;
}

/** Key and value in one of the kernel's two forms. */
export const keyAndValue = (builder: Builder, keyTransposed: Value, value: Value, facts: Facts): KeyValue =>
  mergedKeys(keyTransposed, value, facts) ?? separateKeys(builder, keyTransposed, value, facts);

/** Key and value as [B, T, N·D], where both stand so in the graph. A factor of the value keeps it from it. */
function mergedKeys(keyTransposed: Value, value: Value, facts: Facts): KeyValue | undefined {
  const view = operandView(keyTransposed, facts);
  const keyBase = view && mergedBase({ ...view, axes: swapped.map((axis) => view.axes[axis] as Factor[]) });
  const valueView = operandView(value, facts);
  const valueBase = valueView?.scale === 1 ? mergedBase(valueView) : undefined;
  return view && keyBase && valueBase && { rank: 3, key: keyBase, value: valueBase, scale: view.scale };
}

/** Key and value as [B, N, T, D]. */
function separateKeys(builder: Builder, keyTransposed: Value, value: Value, facts: Facts): KeyValue {
  const heads = (operand: Value): Value => (builder.rank === 4 ? operand : builder.unsqueeze(operand, [1]));
  const view = viewOf(keyTransposed, facts);
  const perm = builder.rank === 4 ? swapped : [0, 2, 1];
  if (
    view &&
    isBase(
      view,
      perm.map((axis) => view.axes[axis] as Factor[]),
    )
  )
    return { rank: 4, key: heads(view.base), value: heads(value), scale: view.scale };
  const key = builder.op('Transpose', [keyTransposed], { perm });
  return { rank: 4, key: heads(key), value: heads(value), scale: 1 };
}
