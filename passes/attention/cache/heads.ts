/** Heads as an axis of their own, or one behind another in each row. */
import type { Facts } from '../../../src/infer/index.js';
import type { Value } from '../../../src/ir/value.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import { leavesOf, sameAxes, sizeOf, viewOf } from '../../../src/match/views/view.js';
import { arrange } from '../emit/arrange.js';
import type { CachedSite } from './site.js';

/** Queries, or new keys or values, [B, G, S, D] as [B, S, G·D], from before they were turned; undefined where sizes are not known. */
export function mergedOf(given: Value, facts: Facts) {
  const view = viewOf(given, facts);
  if (view?.scale !== 1) return undefined;
  const [batch, groups, rows, columns] = view.axes.map(leavesOf);
  if (!batch || !groups || !rows || !columns) return undefined;
  const [from, to] = [view.baseAxes.map(leavesOf), [batch, rows, [...groups, ...columns]]];
  const change = arrange(from, to, [view.base]);
  return (
    change && {
      base: view.base,
      isMerged: sameAxes(from, to),
      apply: (build: Rewriter) => change.apply(build, view.base),
    }
  );
}

/** [B, S, N·D] as [B, N, S, D] */
export function separated(build: Rewriter, flat: Value, { node, heads, rows, key }: CachedSite): Value {
  const size = sizeOf(key.axes[3] ?? []) as number;
  const parts = rows === 1 ? build.ints(0, heads, 1, size) : build.ints(0, 0, heads, size);
  const whole = build.op('Reshape', [flat, parts]);
  const result = rows === 1 ? whole : build.op('Transpose', [whole], { perm: [0, 2, 1, 3] });
  result.type = node.output.type;
  return result;
}

/** [B, S, G·D] as [B, G, S, D] */
export const separatedKeys = (build: Rewriter, flat: Value, groups: number, size: number): Value =>
  build.op('Transpose', [build.op('Reshape', [flat, build.ints(0, 0, groups, size)])], { perm: [0, 2, 1, 3] });
