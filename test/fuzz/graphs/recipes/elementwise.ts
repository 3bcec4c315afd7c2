/** Ops that work element by element, and reductions, on values with symbolic dims. */
import { float } from '../../../../src/ir/attribute.js';
import type { Dim } from '../../../../src/ir/dims/dims.js';
import type { DataType } from '../../../../src/ir/types.js';
import type { Value } from '../../../../src/ir/value.js';
import { type Sketch, x32 } from '../sketch.js';

const unary =
  'Abs Neg Relu Sigmoid Tanh Exp Erf Sqrt Reciprocal Floor Ceil Round Sign Softplus Softsign Sin Cos Atan Elu Selu LeakyRelu HardSigmoid HardSwish Identity ThresholdedRelu Celu Log Not IsNaN';
const binary = 'Add Add Mul Mul Sub Div Pow Max Min PRelu Mod';
const compared = 'Equal Greater GreaterOrEqual Less LessOrEqual';
const numeric: readonly DataType[] = ['float32', 'float32', 'float32', 'float64', 'int32', 'int64', 'float16'];

export function unaryOp(s: Sketch): void {
  const op = s.one(unary.split(' '));
  if (op === 'Not') s.op(op, [s.any('bool')]);
  else s.op(op, [s.any(op === 'Abs' || op === 'Neg' || op === 'Sign' ? s.one(numeric) : x32)]);
}

/** A partner that broadcasts: a scalar, a row, the same shape, or one with dims of 1. */
export function partner(s: Sketch, value: Value): Value {
  const shape = value.shape as readonly Dim[];
  const elem = value.elem as DataType;
  const from = s.int(0, shape.length);
  const part = shape
    .slice(from)
    .map((dim): Dim => (s.chance(0.3) || typeof dim !== 'number' ? (s.chance(0.5) ? 1 : dim) : dim));
  if (s.chance(0.3)) return s.numbers(elem, s.one([0, 1, 2, -1, 3]), s.chance(0.3) ? [1] : []);
  const same = s.chance(0.3)
    ? s.pick((one) => one !== value && one.elem === elem && String(one.shape) === String(shape))
    : undefined;
  return same ?? s.want(elem, part);
}

export function binaryOp(s: Sketch): void {
  const isCompared = s.chance(0.15);
  const op = s.one((isCompared ? compared : binary).split(' '));
  const elem = op === 'PRelu' ? x32 : op === 'Mod' ? s.one<DataType>(['int32', 'int64']) : s.one(numeric);
  const a = s.any(elem);
  const b = op === 'Mod' ? s.numbers(elem, s.one([2, 3, 5])) : partner(s, a);
  const isTurned = op !== 'PRelu' && op !== 'Mod' && op !== 'Pow' && s.chance(0.4);
  const positive = op === 'Pow' ? s.op('Abs', [a]) : a;
  const result = s.op(op, isTurned ? [b, a] : [positive, b], op === 'Mod' && s.chance(0.3) ? { fmod: 0 } : {});
  if (isCompared && s.chance(0.5)) where(s, result);
}

export function where(s: Sketch, condition = s.any('bool')): void {
  const shape = condition.shape as readonly Dim[];
  const elem = s.one<DataType>(['float32', 'float32', 'int64', 'int32', 'uint8', 'string']);
  const a = s.want(elem, shape);
  const isScalar = elem !== 'string' && s.chance(0.4);
  const b = isScalar ? s.numbers(elem, s.one([0, 1, elem === x32 ? -1e9 : 1])) : s.want(elem, shape);
  s.op('Where', s.chance(0.5) ? [condition, a, b] : [condition, b, a]);
}

export function logical(s: Sketch): void {
  const a = s.any('bool');
  s.op(s.one(['And', 'Or', 'Xor']), [a, s.want('bool', a.shape as Dim[])]);
}

export function variadic(s: Sketch): void {
  const a = s.any(x32);
  const others = Array.from({ length: s.int(0, 2) }, () => partner(s, a));
  s.op(s.one(['Sum', 'Max', 'Min', 'Mean']), [a, ...others]);
}

export function casts(s: Sketch): void {
  const to = s.one<DataType>([
    'float32',
    'float16',
    'float64',
    'int32',
    'int64',
    'bool',
    'int8',
    'uint8',
    'uint32',
    'int16',
    'uint16',
    'uint64',
  ]);
  const from = s.one<DataType>(['float32', 'int32', 'int64', 'bool', 'float16', 'float64']);
  const value = s.cast(s.any(from), to);
  if (s.chance(0.5)) s.cast(value, s.one<DataType>(['float32', 'int64']));
}

export function clip(s: Sketch): void {
  const elem = s.one<DataType>(['float32', 'float32', 'int32', 'float64', 'int8', 'uint64']);
  const low = s.chance(0.7) ? s.numbers(elem, s.one([0, 1])) : undefined;
  const high = s.chance(0.7) ? s.numbers(elem, s.one([1, 3, 6])) : undefined;
  s.op('Clip', [s.any(elem), low, high]);
}

const reductions =
  'ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp';

/** A reduction in the form that the opset has: axes as an attribute or an input. */
export function reduceBy(
  s: Sketch,
  op: string,
  value: Value,
  axes: readonly number[] | undefined,
  keepdims = true,
): Value {
  const since = op === 'ReduceSum' ? 13 : 18;
  const keep = keepdims && s.chance(0.5) ? {} : { keepdims: keepdims ? 1 : 0 };
  if (s.opset < since) return s.op(op, [value], { ...keep, ...(axes && { axes }) });
  return s.op(op, [value, axes && s.ints(...axes)], keep);
}

export function reduction(s: Sketch): void {
  const value = s.any(s.one<DataType>([x32, x32, 'int32']), 1);
  const rank = value.shape?.length as number;
  const axis = s.int(-rank, rank - 1);
  if (s.chance(0.15)) {
    s.op(s.one(['ArgMax', 'ArgMin']), [value], { axis, keepdims: s.int(0, 1) });
    return;
  }
  reduceBy(s, s.one(reductions.split(' ')), value, s.chance(0.15) ? undefined : [axis], s.chance(0.7));
}

export function softmax(s: Sketch): void {
  const value = s.any(x32, 1);
  const rank = value.shape?.length as number;
  s.op(
    s.one(['Softmax', 'Softmax', 'LogSoftmax', 'Hardmax']),
    [value],
    s.chance(0.2) ? {} : { axis: s.int(-rank, rank - 1) },
  );
}

export function cumulative(s: Sketch): void {
  const value = s.any(x32, 1);
  s.op('CumSum', [value, s.numbers('int64', s.int(0, (value.shape?.length as number) - 1))], {
    exclusive: s.int(0, 1),
    reverse: s.int(0, 1),
  });
}

export function identity(s: Sketch): void {
  const value = s.any(s.one<DataType>([x32, 'int64', 'bool']));
  const zero = () => s.op('Add', [value, s.numbers(x32, 0)]);
  const factor = () => s.op('Mul', [value, s.numbers(x32, s.one([1, 0.5, 0]))]);
  const same = () => s.op(s.one(['Dropout', 'Identity']), [value]);
  if (value.elem === x32) s.one([zero, factor, same])();
  else s.op('Identity', [value]);
  if (s.chance(0.2)) s.op('Pow', [s.any(x32), s.numbers(x32, s.one([2, 3, 1]))]);
  if (s.chance(0.2)) s.op('LeakyRelu', [s.any(x32)], { alpha: float(0.3) });
}
