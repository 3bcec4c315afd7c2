/**
 * Rows that are masked whole by a finite number: the Softmax shares them out evenly over all keys, a causal kernel over those up to the query. Such rows get
 * the mean of all values.
 */
import type { Facts } from '../../../src/infer/index.js';
import type { Value } from '../../../src/ir/value.js';
import type { Rewriter } from '../../../src/match/rewriter.js';
import type { PassContext } from '../../../src/run/pass.js';
import type { SharedBiases } from '../emit/bias.js';
import { areWhole, fillOfBias, type WholeRows } from '../emit/whole-rows.js';

/** The number that the bias [B|1, 1, S, T] adds to a masked score, where there is but one; every other is far above it. */
export function fillOfRows(bias: Value, facts: Facts): number | undefined {
  if (bias.shape?.length !== 4 || bias.shape[1] !== 1 || bias.elem === 'float16') return undefined;
  return fillOfBias(bias, facts);
}

/** The kernel's output [B, S, N·D], with the mean of the values [B, G, T, D] in rows where the bias is the fill. */
export function withMean(
  build: Rewriter,
  shared: SharedBiases,
  output: Value,
  { bias, fill, values, heads, groups, size }: WholeRows,
  context: PassContext,
): Value {
  const elem = output.elem ?? 'float32';
  const isWhole = areWhole(build, shared, bias, fill);
  const opset = output.graph.opsets.get('') ?? 1;
  const mean = context.hasKernel('ReduceMean', '', opset, elem)
    ? build.reduce('ReduceMean', values, 2)
    : build.op('Div', [
        build.reduce('ReduceSum', values, 2),
        build.cast(build.op('Gather', [build.op('Shape', [values]), build.constant('int64', 2)]), elem),
      ]);
  const spread = build.op('Expand', [mean, build.ints(1, 1, heads / groups, 1)]);
  const row = build.op('Reshape', [heads === groups ? mean : spread, build.ints(0, 1, heads * size)]);
  return build.op('Where', [isWhole, row, output]);
}
