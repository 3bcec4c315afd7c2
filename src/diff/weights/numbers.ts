/** How far the numbers of one tensor are from those of another, piece by piece. */
import { castTensor, numbersOf } from '../../ir/tensors/numbers.js';
import { isSameShape } from '../../ir/tensors/same-tensor.js';
import { memoryTensor, type Tensor } from '../../ir/tensors/tensor.js';
import { dataTypes } from '../../ir/types.js';
import type { ModelDiff } from '../../run/model-diff-schema.js';

type Found = Pick<ModelDiff['weights']['list'][number], 'error' | 'notCompared'>;

/** Relative L2 of `after` against `before`, or why there is none. */
export function numbersDiffer(before: Tensor, after: Tensor): Found {
  if (!isSameShape(before, after)) return { notCompared: 'the shapes differ' };
  const isFloat = ({ type }: Tensor): boolean => dataTypes[type].kind === 'float';
  if (before.type !== after.type && isFloat(before) !== isFloat(after))
    return { notCompared: `${isFloat(before) ? after.type : before.type} stands for numbers by scales` };
  const isRead = ({ type }: Tensor): boolean => dataTypes[type].bits >= 8 && dataTypes[type].kind !== 'complex';
  if (!isRead(before) || !isRead(after))
    return { notCompared: `${before.type} and ${after.type} are not read as numbers` };
  const error = relativeL2(before, after);
  return { error: Number.isFinite(error) ? error : null };
}

/** Infinite where a number that is finite became one that is none, and of no numbers but zeros. */
function relativeL2(before: Tensor, after: Tensor): number {
  const [left, right] = [pieces(before), pieces(after)];
  let [x, y] = [new Float64Array(0), new Float64Array(0)] as [Float64Array, Float64Array];
  let [off, size] = [0, 0];
  for (;;) {
    if (x.length === 0) x = left.next().value ?? x;
    if (y.length === 0) y = right.next().value ?? y;
    const length = Math.min(x.length, y.length);
    if (length === 0) break;
    for (let i = 0; i < length; i++) {
      const [a, b] = [x[i] as number, y[i] as number];
      if (Object.is(a, b) || a === b) continue;
      if (!Number.isFinite(a - b)) return Number.POSITIVE_INFINITY;
      off += (a - b) ** 2;
    }
    for (let i = 0; i < length; i++) if (Number.isFinite(x[i])) size += (x[i] as number) ** 2;
    [x, y] = [x.subarray(length), y.subarray(length)];
  }
  return off === 0 ? 0 : Math.sqrt(off / size);
}

function* pieces(given: Tensor): Generator<Float64Array, undefined> {
  const { bits, kind } = dataTypes[given.type];
  const tensor = kind === 'float' && bits < 32 ? castTensor(given, 'float32') : given;
  const size = dataTypes[tensor.type].bits / 8;
  for (const chunk of tensor.chunks()) yield numbersOf(memoryTensor(tensor.type, [chunk.length / size], chunk));
  return undefined;
}
