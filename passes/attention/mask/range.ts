/** The numbers that a bias can hold: what its arithmetic on constants and conditions shows, and nothing of its inputs. */

import type { Facts } from '../../../src/infer/index.js';
import { instanceCount, instanceOf } from '../../../src/ir/bank.js';
import { constantTensor } from '../../../src/ir/constants.js';
import { maxOf, minOf } from '../../../src/ir/lists.js';
import { numbersOf } from '../../../src/ir/numbers.js';
import { elementCount, type Tensor } from '../../../src/ir/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { fillOf } from '../../../src/match/scalar.js';

/** The finite numbers lie between low and high; -inf may be among them. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly isInfinite: boolean;
}

/** Constants larger than this are not read. */
const READ = 1 << 20;
/** Steps of an expression that are read at most: operands that are shared would double them. */
const MOST = 256;
const LARGEST = 3.4028234663852886e38;

/** Of a bank, what the numbers of all instances lie between. */
function ofConstant(tensor: Tensor): Range | undefined {
  const ranges = Array.from({ length: instanceCount(tensor) }, (_, index) =>
    ofNumbers(numbersOf(instanceOf(tensor, index))),
  );
  return ranges.reduce((a, b) => joined(a, b));
}

/** undefined where nothing is known, or +inf or NaN may occur. */
export function rangeOf(value: Value | undefined, facts: Facts, steps = { left: MOST }): Range | undefined {
  if (!value || steps.left-- <= 0) return undefined;
  if (value.elem === 'bool') return { low: 0, high: 1, isInfinite: false };
  const fill = fillOf(value, facts);
  if (fill !== undefined) return ofNumbers([fill]);
  const tensor = constantTensor(value);
  if (tensor) return elementCount(tensor.shape) <= READ && tensor.type !== 'string' ? ofConstant(tensor) : undefined;
  const node = value.producer;
  if (node?.domain !== '' || node.outputs[0] !== value) return undefined;
  const inner = (index: number): Range | undefined => rangeOf(node.inputs[index], facts, steps);
  switch (node.opType) {
    case 'Identity':
    case 'Cast':
    case 'Reshape':
    case 'Expand':
    case 'Unsqueeze':
    case 'Squeeze':
    case 'Transpose':
    case 'Slice':
    case 'Tile':
    case 'Gather':
      return inner(0);
    case 'Trilu':
      return joined(inner(0), ofNumbers([0]));
    case 'Where':
      return joined(inner(1), inner(2));
    case 'Add':
      return combined(inner(0), inner(1), (a, b) => a + b);
    case 'Mul':
      return combined(inner(0), inner(1), (a, b) => a * b);
    case 'Sub': {
      const right = inner(1);
      return right?.isInfinite ? undefined : combined(inner(0), right, (a, b) => a - b);
    }
    default:
      return undefined;
  }
}

function ofNumbers(numbers: ArrayLike<number>): Range | undefined {
  let [low, high, isInfinite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false];
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i] as number;
    if (x === Number.NEGATIVE_INFINITY) isInfinite = true;
    else if (!Number.isFinite(x)) return undefined;
    else [low, high] = [Math.min(low, x), Math.max(high, x)];
  }
  return low <= high ? { low, high, isInfinite } : { low: 0, high: 0, isInfinite };
}

const joined = (a: Range | undefined, b: Range | undefined): Range | undefined =>
  a && b && { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high), isInfinite: a.isInfinite || b.isInfinite };

function combined(a: Range | undefined, b: Range | undefined, f: (x: number, y: number) => number): Range | undefined {
  if (!a || !b) return undefined;
  const ends = [f(a.low, b.low), f(a.low, b.high), f(a.high, b.low), f(a.high, b.high)];
  const [low, high] = [minOf(ends), maxOf(ends)];
  // -inf · 0 is NaN, -inf · -1 is +inf.
  const isProduct = f(2, 3) === 6;
  if (high > LARGEST || (isProduct && (a.isInfinite || b.isInfinite))) return undefined;
  return { low: Math.max(low, -LARGEST), high, isInfinite: a.isInfinite || b.isInfinite || low < -LARGEST };
}
