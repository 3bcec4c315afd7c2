/** What the inputs of Slice and Gather always hold. */
import type { Facts } from '../infer/index.js';
import { fromStart } from '../ir/axes.js';
import { agreed } from '../ir/bank.js';
import type { Node } from '../ir/node.js';
import { bigintsOf } from '../ir/numbers.js';
import type { Value } from '../ir/value.js';

/** Longer lists are data, not indices of a head's lanes. */
const LONGEST = 4096;

/** Whole numbers that an input always holds, those of int64's ends cut to what a number holds. */
export function integersOf(value: Value | undefined, facts: Facts): readonly number[] | undefined {
  if (!value) return undefined;
  if (value.tensor) {
    const { type, byteLength } = value.tensor;
    if ((type !== 'int64' && type !== 'int32') || byteLength > LONGEST * 8) return undefined;
    return agreed(value.tensor, (one) => bigintsOf(one).map(Number));
  }
  const contents = facts.contents(value);
  return contents?.every((one) => typeof one === 'number') ? (contents as number[]) : undefined;
}

/** What a Slice takes of each axis: where it begins and its step; undefined where that is not known. */
export function sliceOf(node: Node, facts: Facts): ReadonlyMap<number, { start: number; step: number }> | undefined {
  const [source, startsInput, , axesInput, stepsInput] = node.inputs;
  const rank = source?.shape?.length;
  if (!source?.shape || rank === undefined) return undefined;
  const starts = startsInput ? integersOf(startsInput, facts) : node.ints('starts');
  const axes = axesInput ? integersOf(axesInput, facts) : (node.ints('axes') ?? starts?.map((_, axis) => axis));
  const steps = stepsInput ? integersOf(stepsInput, facts) : starts?.map(() => 1);
  if (!starts || !axes || !steps) return undefined;
  const taken = new Map<number, { start: number; step: number }>();
  for (const [i, given] of axes.entries()) {
    const axis = fromStart(given, rank);
    const size = source.shape[axis];
    const step = steps[i] as number;
    const start = starts[i] as number;
    if (typeof size !== 'number') {
      if (step !== 1 || start !== 0) return undefined;
      taken.set(axis, { start, step });
      continue;
    }
    const from = fromStart(start, size);
    taken.set(axis, { start: Math.min(Math.max(from, 0), step < 0 ? size - 1 : size), step });
  }
  return taken;
}
