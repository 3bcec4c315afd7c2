/** Reading what stands on a node: small constants, axes, attributes whose value is known here. */

import type { Dim } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import { agreed, uniformOf } from '../../src/ir/tensors/bank.js';
import { everyNumber, numbersOf } from '../../src/ir/tensors/numbers.js';
import { elementCount, memoryTensor, type Tensor } from '../../src/ir/tensors/tensor.js';
import type { Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { permOf } from '../../src/ops/families/views.js';

/** Constants beyond this many elements are weights: no rule here needs to read them. */
const SMALL = 4096;

/** A constant of few numbers; undefined for anything else. */
function smallTensor(value: Value | undefined): Tensor | undefined {
  const tensor = value?.tensor;
  if (!tensor || tensor.type === 'string' || elementCount(tensor.shape) > SMALL) return undefined;
  return tensor.type === 'complex64' || tensor.type === 'complex128' ? undefined : tensor;
}

/** The numbers of a constant of few elements, the same in all instances of a block; undefined for anything else. int64 beyond 2^53 is rounded. */
export function smallNumbers(value: Value | undefined): readonly number[] | undefined {
  const tensor = smallTensor(value);
  const uniform = tensor && uniformOf(tensor);
  return uniform && [...numbersOf(uniform)];
}

/** True where a constant of few elements holds something, and all of it passes, in every instance of a block. */
export function allNumbers(value: Value | undefined, passes: (number: number) => boolean): boolean {
  const tensor = smallTensor(value);
  if (!tensor || elementCount(tensor.shape) === 0) return false;
  return agreed(tensor, (one) => everyNumber(one, passes));
}

/** True where a constant holds `number` everywhere, and something at all. -0 is not 0. */
export const isAll = (value: Value | undefined, number: number): boolean =>
  allNumbers(value, (one) => Object.is(one, number));

/** True where nothing but one slot reads the value. */
export const isReadOnce = (value: Value): boolean => value.uses.size === 1;

/** True where every dim is a number. */
export const isStatic = (shape: Shape | undefined): shape is readonly number[] =>
  shape?.every((dim: Dim) => typeof dim === 'number') === true;

/** The perm of a Transpose; undefined where the rank is not known. */
export const permIn = (transpose: Node): readonly number[] | undefined =>
  permOf(transpose, transpose.inputs[0]?.shape?.length);

/** A list of int64: numbers that may be beyond 2^53. */
export const int64s = (numbers: readonly bigint[]): Tensor =>
  memoryTensor('int64', [numbers.length], new Uint8Array(BigInt64Array.from(numbers).buffer));
