/**
 * Rows that are masked whole by a finite number: the Softmax shares them out evenly over all keys, so they are the mean of the
 * values. A kernel that sees only some of the keys gets this mean put in the place of such rows.
 */
import type { Facts } from '../../../src/infer/index.js';
import type { Value } from '../../../src/ir/value.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import { fillOf } from '../../../src/match/views/scalar.js';
import { movedFrom } from '../../../src/ops/moved.js';
import { elementsAnywhere, SEEN } from '../mask/causal.js';
import { DROWNING } from '../mask/term.js';
import type { AttentionSite } from '../read/site.js';
import { memo, type SharedBiases } from './bias.js';
import type { AttentionLayout } from './layout.js';

/** The number that each masked score of a site becomes, where there is but one, alike for all heads; every other is far above it. */
export function fillOfRows({ terms }: AttentionSite, { heads }: AttentionLayout, facts: Facts): number | undefined {
  const [term] = terms;
  if (!term?.value.shape || terms.length > 1 || term.elem !== 'float32' || term.floor !== undefined) return undefined;
  const { value, axes } = term;
  const { shape } = term.value;
  const own = axes.slice(axes.length - shape.length);
  if (own.some((factors, i) => shape[i] !== 1 && factors.some((one) => heads.includes(one)))) return undefined;
  if (term.kind === 'mask') return Number.isFinite(term.fill) ? Math.min(term.fill, DROWNING) : undefined;
  return term.factor === 1 ? fillOfBias(value, facts) : undefined;
}

/** The fill of Where(mask, seen, fill), in either order, however it is moved. */
export function fillOfBias(value: Value, facts: Facts): number | undefined {
  let whole = value;
  for (let from = movedFrom(whole); from; from = movedFrom(whole)) whole = from;
  const node = whole.producer;
  if (!node?.is('Where')) return undefined;
  const found = [1, 2].map((side) => {
    const seen = elementsAnywhere(node.inputs[3 - side], facts);
    return seen && seen.low >= SEEN ? fillOf(node.inputs[side], facts) : undefined;
  });
  return found.find((fill) => fill !== undefined && Number.isFinite(fill) && fill <= DROWNING);
}

/** The kernel's output [B, S, N·D] with the mean of the values [B, T, G·D] in rows where the bias [B|1, 1, S, T] is the fill. */
export function withWholeRows(
  builder: Rewriter,
  shared: SharedBiases,
  output: Value,
  { bias, fill, values, heads, groups, size }: WholeRows,
): Value {
  const isWhole = areWhole(builder, shared, bias, fill);
  const mean = builder.reduce('ReduceMean', values, 1);
  const repeated = (): Value => {
    const columns = Array.from({ length: heads * size }, (_, i) => i);
    const at = columns.map((i) => Math.floor(i / size / (heads / groups)) * size + (i % size));
    const index = memo(shared, `columns ${heads} ${groups} ${size}`, () => builder.ints(at));
    return builder.op('Gather', [mean, index], { axis: 2 });
  };
  return builder.op('Where', [isWhole, groups === heads ? mean : repeated(), output]);
}

/** bool [B|1, S, 1]: the rows in which the bias [B|1, 1, S, T] is the fill. */
export const areWhole = (build: Rewriter, shared: SharedBiases, bias: Value, fill: number): Value =>
  memo(shared, `whole ${bias.sequence} ${fill}`, () => {
    const highest = build.reduce('ReduceMax', build.cast(bias, 'float32'), -1);
    return build.op('Less', [build.squeeze(highest, [1]), build.constant('float32', fill / 2)]);
  });

export interface WholeRows {
  readonly bias: Value;
  readonly fill: number;
  readonly values: Value;
  /** The heads of the query, and of the values. */
  readonly heads: number;
  readonly groups: number;
  /** The number of columns of a head. */
  readonly size: number;
}
