/** Slice(Slice(x)) ⟶ Slice(x) for constants: axis by axis, and on one axis where the bounds add up. */
import { fromStart } from '../../src/ir/dims/axes.js';
import type { Node } from '../../src/ir/node.js';
import { bigintsOf } from '../../src/ir/tensors/numbers.js';
import { setInputs, soleProducer } from './rules.js';
import { int64s, smallNumbers } from './small.js';

/** The part of one axis that a Slice takes: x[start:end:step]. */
interface Range {
  readonly axis: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly step: bigint;
}

/** Ends from here on reach the last element of any dim. */
const BEYOND = 2n ** 31n - 1n;

/** The ranges of a Slice whose parameters are all constant. */
function rangesOf(node: Node, rank: number | undefined): readonly Range[] | undefined {
  const [, starts, ends, axesInput, stepsInput] = node.inputs;
  if (rank === undefined || !starts?.tensor || !ends?.tensor) return undefined;
  if ((axesInput && !axesInput.tensor) || (stepsInput && !stepsInput.tensor)) return undefined;
  const to = bigintsOf(ends.tensor);
  const axes = smallNumbers(axesInput);
  const steps = stepsInput?.tensor && bigintsOf(stepsInput.tensor);
  return bigintsOf(starts.tensor).map((start, at) => ({
    axis: fromStart(axes?.[at] ?? at, rank),
    start,
    end: to[at] ?? 0n,
    step: steps?.[at] ?? 1n,
  }));
}

/**
 * x[a:b][c:d] as one range of steps of 1; undefined where that depends on an unknown size. Offsets from the front add
 * up; an end counted from the back is the same for both where the first goes to the last element.
 */
function compose(first: Range, second: Range): Range | undefined {
  const { axis, start: a, end: b } = first;
  const { start: c, end: d } = second;
  if (first.step !== 1n || second.step !== 1n || a < 0n || c < 0n) return undefined;
  const isToEnd = b >= BEYOND;
  if (d < 0n) return isToEnd ? { axis, start: a + c, end: d, step: 1n } : undefined;
  if (d >= BEYOND) return { axis, start: a + c, end: b, step: 1n };
  if (b < 0n) return undefined;
  return { axis, start: a + c, end: isToEnd || a + d < b ? a + d : b, step: 1n };
}

/** One Slice for two in a row, of which nothing else reads the first. */
export function joinSlice(node: Node): void {
  const inner = soleProducer(node.inputs[0], node, 'Slice');
  if (!inner || (node.opset ?? 0) < 10) return;
  const rank = inner.inputs[0]?.shape?.length;
  const [first, second] = [rangesOf(inner, rank), rangesOf(node, rank)];
  if (!first || !second) return;
  const ranges = [...first];
  for (const range of second) {
    const at = ranges.findIndex(({ axis }) => axis === range.axis);
    const joined = at < 0 ? range : compose(ranges[at] as Range, range);
    if (!joined) return;
    if (at < 0) ranges.push(joined);
    else ranges[at] = joined;
  }
  const { graph } = node;
  const list = (of: (range: Range) => bigint) => graph.constant(int64s(ranges.map(of)));
  const inputs = [
    inner.inputs[0],
    list(({ start }) => start),
    list(({ end }) => end),
    list(({ axis }) => BigInt(axis)),
    ...(ranges.some(({ step }) => step !== 1n) ? [list(({ step }) => step)] : []),
  ];
  setInputs(node, inputs);
}
