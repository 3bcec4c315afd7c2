/** Operators that work element by element: unary ones keep the shape, the others broadcast. Integers are computed. */
import type { Dim } from '../ir/dims.js';
import { type DataType, dataTypeOfCode, dataTypes } from '../ir/types.js';
import type { Call, InferRule } from './call.js';
import { type Arithmetic, arithmetic, castContents, chooseContents, combine, mapContents } from './contents.js';
import { alike, type Rows } from './row.js';
import { broadcastInputs, broadcastShapes, like, numericShape } from './shapes.js';

const unary = like();

/** Before opset 7 the second operand was broadcast to the first. */
const broadcast: InferRule = (call) => call.set(0, call.opset < 7 ? call.shape(0) : broadcastInputs(call));

/** Broadcasts, and computes what the elements are where those of the operands are known. */
const computing =
  (f: Arithmetic, isTruth = false): InferRule =>
  (call) => {
    broadcast(call);
    if (call.opset < 7) return;
    const elem = isTruth ? 'bool' : call.elem(0);
    let shape = numericShape(call.shape(0));
    // What a tensor holds is read where the result's shape is known: weights beside activations are not.
    let left = shape && call.contents(0);
    for (let index = 1; index < call.inputCount; index++) {
      const other = numericShape(call.shape(index));
      const result = numericShape(broadcastShapes(shape, other));
      const right = result && left && call.contents(index);
      left =
        result && left && right && shape && other
          ? combine(left, shape, right, other, result, elem, f(call))
          : undefined;
      shape = result;
    }
    call.setContents(0, left);
  };

const each =
  (f: Parameters<typeof mapContents>[2]): InferRule =>
  (call) => {
    unary(call);
    call.setContents(0, mapContents(call.contents(0), call.elem(0), f));
  };

const cast: InferRule = (call) => {
  const to = call.node.is('CastLike') ? call.elem(1) : castTarget(call);
  call.set(0, call.shape(0), to);
  call.setContents(0, castContents(call.contents(0), call.elem(0), to));
};

function castTarget(call: Call) {
  // Opset 1 spelled the type.
  const spelled = call.string('to')?.toLowerCase();
  if (spelled === 'float' || spelled === 'double') return spelled === 'float' ? 'float32' : 'float64';
  if (spelled) return Object.hasOwn(dataTypes, spelled) ? (spelled as DataType) : undefined;
  return dataTypeOfCode(call.int('to', 0));
}

const where: InferRule = (call) => {
  const shape = broadcastInputs(call);
  call.set(0, shape);
  const out = numericShape(shape);
  const operands = out ? [0, 1, 2] : [];
  const shapes = operands.map((index) => numericShape(call.shape(index)));
  const contents = operands.map((index) => call.contents(index));
  call.setContents(0, out && chooseContents(contents, shapes, out));
};

const identity: InferRule = (call) => {
  call.setType(0, call.type(0));
  call.setContents(0, call.contents(0));
};

/** max and min of what is inside the two bounds; before opset 11 they are attributes and floats. */
const clip: InferRule = (call) => {
  unary(call);
  const least = call.has(1) ? call.scalar(1) : Number.NEGATIVE_INFINITY;
  const most = call.has(2) ? call.scalar(2) : Number.POSITIVE_INFINITY;
  const isKnown = call.opset >= 11 && least !== undefined && most !== undefined;
  const inside = (a: Dim) => {
    const above = least === Number.NEGATIVE_INFINITY ? a : arithmetic.max(a, least as Dim);
    return above === undefined || most === Number.POSITIVE_INFINITY ? above : arithmetic.min(above, most as Dim);
  };
  call.setContents(0, isKnown ? mapContents(call.contents(0), call.elem(0), inside) : undefined);
};

const dropout: InferRule = (call) => {
  call.set(0, call.shape(0));
  // Up to opset 9 the mask had the type of the data.
  call.set(1, call.shape(0), call.opset < 10 ? call.elem(0) : 'bool');
};

export const elementwise: Rows = {
  ...alike(
    'Acos Acosh Affine Asin Asinh Atan Atanh BitwiseNot Celu Cos Cosh CumSum CumProd Elu Erf Exp Gelu ' +
      'HardSigmoid HardSwish Hardmax ImageScaler IsInf IsNaN LeakyRelu Log LogSoftmax Mish PRelu ParametricSoftplus ' +
      'Reciprocal Scale ScaledTanh Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Swish Tan Tanh ' +
      'ThresholdedRelu Trilu',
    { infer: unary },
  ),
  ...alike('BitwiseAnd BitwiseOr BitwiseXor BitShift Mean StringConcat', { infer: broadcast }),
  Abs: { infer: each(arithmetic.abs) },
  Neg: { infer: each(arithmetic.negate) },
  Floor: { infer: each(arithmetic.floor) },
  Ceil: { infer: each(arithmetic.ceil) },
  Round: { infer: each(arithmetic.round) },
  Relu: { infer: each((a) => arithmetic.max(a, 0)) },
  Sqrt: { infer: each(arithmetic.sqrt) },
  Not: { infer: each(arithmetic.not) },
  Add: { infer: computing(() => arithmetic.add) },
  Sum: { infer: computing(() => arithmetic.add) },
  Sub: { infer: computing(() => arithmetic.subtract) },
  Mul: { infer: computing(() => arithmetic.multiply) },
  Div: { infer: computing((call) => arithmetic.divide(call.elem(0))) },
  Pow: { infer: computing(() => arithmetic.power) },
  Mod: { infer: computing(() => arithmetic.modulo) },
  Min: { infer: computing(() => arithmetic.min) },
  Max: { infer: computing(() => arithmetic.max) },
  Equal: { infer: computing(() => arithmetic.equal, true) },
  Greater: { infer: computing(() => arithmetic.greater, true) },
  GreaterOrEqual: { infer: computing(() => arithmetic.greaterOrEqual, true) },
  Less: { infer: computing(() => (a, b) => arithmetic.greater(b, a), true) },
  LessOrEqual: { infer: computing(() => (a, b) => arithmetic.greaterOrEqual(b, a), true) },
  And: { infer: computing(() => arithmetic.and) },
  Or: { infer: computing(() => arithmetic.or) },
  Xor: { infer: computing(() => arithmetic.xor) },
  BitCast: { infer: (call) => call.set(0, call.shape(0), castTarget(call)) },
  Cast: { infer: cast },
  CastLike: { infer: cast },
  Clip: { infer: clip },
  Dropout: { infer: dropout },
  Identity: { infer: identity },
  Where: { infer: where },
};
