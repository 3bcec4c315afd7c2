/** Makes the operands of norm kernels: the normalised axes last, and a scale and a bias of just those axes. */

import { equalDims } from '../../src/ir/dims/dims.js';
import { derive } from '../../src/ir/tensors/bank.js';
import { numbersOf, reshaped, tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../src/ir/tensors/tensor.js';
import { byteLengthOf, equalShapes, isFloat, type Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isNear } from '../../src/match/algebra/near.js';
import { helps, Miss } from '../../src/match/miss.js';
import type { RewriteScope } from '../../src/match/rule.js';

/** The normalised axes of a value, and the transposition that makes them the last. */
export interface NormalisedAxes {
  readonly axes: readonly number[];
  readonly dims: Shape;
  /** The kernel's attribute `axis`, counted from the end. */
  readonly axis: number;
  /** The order of axes with the normalised ones last; undefined where they are last already. */
  readonly perm: readonly number[] | undefined;
}

/** The normalised axes as a kernel takes them; a Miss where it takes no such axes, type or broadcast. */
function normalisedAxes(x: Value, text: string, { root, no }: RewriteScope): NormalisedAxes | Miss {
  const { shape, elem } = x;
  if (!shape || !elem || !isFloat(elem)) return no('the type or rank of what is normalised is not known', helps.shape);
  if (elem === 'float64') return no('the kernel would compute float64 in float32');
  if (!equalShapes(root.shape, shape)) return no('scale or bias broadcast the result to a larger shape than the input');
  const axes = text.split(',').map(Number);
  const others = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const isLast = axes.every((axis, i) => axis === others.length + i);
  const dims = axes.map((axis) => shape[axis] ?? 1);
  return { axes, dims, axis: -axes.length, perm: isLast ? undefined : [...others, ...axes] };
}

/** Makes an operand, after all questions are asked. */
type OperandMaker = () => Value;

/** The scale or bias as the kernel takes it: of exactly the normalised axes; a scale of ones where there is none. */
export function affineOperand(
  what: 'scale' | 'bias',
  value: Value | undefined,
  x: Value,
  { axes, dims }: NormalisedAxes,
  scope: RewriteScope,
  factor = 1,
): OperandMaker | Miss {
  const { build, no } = scope;
  const sizes = dims.filter((dim) => typeof dim === 'number');
  if (!value) {
    if (sizes.length < dims.length) return no('the size of the normalised axes is not known', helps.shape);
    return repeatedNumber(factor, sizes, x, scope);
  }
  const { shape, tensor } = value;
  if (!shape || value.elem !== x.elem)
    return no(`the type of the ${what} is not that of what is normalised`, undefined, value);
  // Broadcasting aligns the last axes.
  const shift = (x.shape?.length ?? 0) - shape.length;
  const isOfAxes =
    axes.every((axis, i) => equalDims(shape[axis - shift] ?? 1, dims[i] ?? 0)) &&
    shape.every((dim, at) => dim === 1 || axes.includes(at + shift));
  if (!isOfAxes) return no(`the ${what} is not one number for each normalised element`, undefined, value);
  if (!isNear(factor, 1)) {
    if (!tensor) return no(`the ${what} is multiplied by ${factor}`, undefined, value);
    return () => build.constant(reshaped(multiple(tensor, factor), sizes));
  }
  if (shape.length === axes.length) return () => value;
  if (tensor) return () => build.constant(reshaped(tensor, sizes));
  const ones = shape.map((_, at) => at).filter((at) => !axes.includes(at + shift));
  return () => build.squeeze(value, ones);
}

const multiple = (tensor: Tensor, factor: number): Tensor =>
  derive([tensor], tensor.type, tensor.shape, (one) => [
    tensorOf(
      tensor.type,
      numbersOf(one).map((x) => x * factor),
      tensor.shape,
    ).bytes(),
  ]);

/** Makes a constant of one repeated number in the type of x; a Miss where it exceeds the budget of the model. */
export function repeatedNumber(
  number: number,
  sizes: readonly number[],
  x: Value,
  { build, no }: RewriteScope,
): OperandMaker | Miss {
  const elem = x.elem ?? 'float32';
  const { budget } = x.graph.model;
  const count = elementCount(sizes);
  if (!budget.spend('constant-bytes', byteLengthOf(elem, count)))
    return no(`a constant of ${count} elements is ${budget.reasonOf('constant-bytes')}`, undefined, x);
  return () => build.constant(elem, Array<number>(count).fill(number), sizes);
}

/** The captures of a layer norm or RMS norm. */
export interface NormCaptures {
  readonly x: Value;
  /** The axes as text, with commas between. */
  readonly axes: string;
  readonly epsilon: number;
  readonly scale?: Value;
  /** The number that multiplies the scale. */
  readonly factor: number;
  readonly bias?: Value;
  /** The number that multiplies the bias. */
  readonly shift?: number;
}

/** Makes the kernel's operands besides x; a Miss where it takes no such axes, scale, bias or epsilon. */
export function normOperands(
  { x, axes: text, epsilon, ...affine }: NormCaptures,
  scope: RewriteScope,
): { readonly axes: NormalisedAxes; readonly scale: OperandMaker; readonly bias: OperandMaker | undefined } | Miss {
  const axes = normalisedAxes(x, text, scope);
  if (axes instanceof Miss) return axes;
  const scale = affineOperand('scale', affine.scale, x, axes, scope, affine.factor);
  if (scale instanceof Miss) return scale;
  const bias = affine.bias && affineOperand('bias', affine.bias, x, axes, scope, affine.shift);
  if (bias instanceof Miss) return bias;
  if (!(epsilon >= 0 && epsilon < 1)) return scope.no(`expected an epsilon from 0 to below 1; found ${epsilon}`);
  return { axes, scale, bias };
}

/** Runs the kernel with the normalised axes moved to the end, and moves them back after it. */
export function overLastAxes(
  x: Value,
  { perm }: NormalisedAxes,
  { build, root }: RewriteScope,
  kernel: (x: Value) => Value,
): Value {
  if (!perm) return kernel(x);
  const back = perm.map((_, axis) => perm.indexOf(axis));
  const turned = kernel(build.op('Transpose', [x], { perm: [...perm] }));
  return build.op('Transpose', [turned], { perm: back }, { type: root.type });
}
