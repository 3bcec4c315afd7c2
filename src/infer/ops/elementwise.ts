/** Operators that work element by element: unary ones keep the shape, the others broadcast. Integers are computed. */
import type { Dim } from '../../ir/dims.js';
import { type DataType, dataTypeOfCode, dataTypes } from '../../ir/types.js';
import type { Call, Rule } from '../call.js';
import { type Arithmetic, arithmetic, castContents, chooseContents, combine, mapContents } from '../contents.js';
import { broadcastInputs, broadcastShapes, like, numericShape } from '../shapes.js';

const unary = like();

/** Before opset 7 the second operand was broadcast to the first. */
const broadcast: Rule = (call) => call.set(0, call.opset < 7 ? call.shape(0) : broadcastInputs(call));

/** Broadcasts, and computes what the elements are where those of the operands are known. */
const computing =
  (f: Arithmetic, isTruth = false): Rule =>
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
  (f: Parameters<typeof mapContents>[2]): Rule =>
  (call) => {
    unary(call);
    call.setContents(0, mapContents(call.contents(0), call.elem(0), f));
  };

const cast: Rule = (call) => {
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

const where: Rule = (call) => {
  const shape = broadcastInputs(call);
  call.set(0, shape);
  const out = numericShape(shape);
  const operands = out ? [0, 1, 2] : [];
  const shapes = operands.map((index) => numericShape(call.shape(index)));
  const contents = operands.map((index) => call.contents(index));
  call.setContents(0, out && chooseContents(contents, shapes, out));
};

const identity: Rule = (call) => {
  call.setType(0, call.type(0));
  call.setContents(0, call.contents(0));
};

/** max and min of what is inside the two bounds; before opset 11 they are attributes and floats. */
const clip: Rule = (call) => {
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

const dropout: Rule = (call) => {
  call.set(0, call.shape(0));
  // Up to opset 9 the mask had the type of the data.
  call.set(1, call.shape(0), call.opset < 10 ? call.elem(0) : 'bool');
};

const names = (text: string, rule: Rule): Readonly<Record<string, Rule>> =>
  Object.fromEntries(text.split(' ').map((name) => [name, rule]));

export const elementwise: Readonly<Record<string, Rule>> = {
  ...names(
    'Acos Acosh Affine Asin Asinh Atan Atanh BitwiseNot Celu Cos Cosh CumSum CumProd Elu Erf Exp Gelu ' +
      'HardSigmoid HardSwish Hardmax ImageScaler IsInf IsNaN LeakyRelu Log LogSoftmax Mish PRelu ParametricSoftplus ' +
      'Reciprocal Scale ScaledTanh Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Swish Tan Tanh ' +
      'ThresholdedRelu Trilu',
    unary,
  ),
  ...names('BitwiseAnd BitwiseOr BitwiseXor BitShift Mean StringConcat', broadcast),
  Abs: each(arithmetic.abs),
  Neg: each(arithmetic.negate),
  Floor: each(arithmetic.floor),
  Ceil: each(arithmetic.ceil),
  Round: each(arithmetic.round),
  Relu: each((a) => arithmetic.max(a, 0)),
  Sqrt: each(arithmetic.sqrt),
  Not: each(arithmetic.not),
  Add: computing(() => arithmetic.add),
  Sum: computing(() => arithmetic.add),
  Sub: computing(() => arithmetic.subtract),
  Mul: computing(() => arithmetic.multiply),
  Div: computing((call) => arithmetic.divide(call.elem(0))),
  Pow: computing(() => arithmetic.power),
  Mod: computing(() => arithmetic.modulo),
  Min: computing(() => arithmetic.min),
  Max: computing(() => arithmetic.max),
  Equal: computing(() => arithmetic.equal, true),
  Greater: computing(() => arithmetic.greater, true),
  GreaterOrEqual: computing(() => arithmetic.greaterOrEqual, true),
  Less: computing(() => (a, b) => arithmetic.greater(b, a), true),
  LessOrEqual: computing(() => (a, b) => arithmetic.greaterOrEqual(b, a), true),
  And: computing(() => arithmetic.and),
  Or: computing(() => arithmetic.or),
  Xor: computing(() => arithmetic.xor),
  BitCast: (call) => call.set(0, call.shape(0), castTarget(call)),
  Cast: cast,
  CastLike: cast,
  Clip: clip,
  Dropout: dropout,
  Identity: identity,
  Where: where,
};
