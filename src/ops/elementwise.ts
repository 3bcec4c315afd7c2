/** Operators that work element by element: unary ones keep the shape, the others broadcast. Integers are computed. */
import { constantTensor } from '../ir/constants.js';
import type { Dim } from '../ir/dims.js';
import type { Node } from '../ir/node.js';
import { castTensor, numbersOf, tensorOf } from '../ir/numbers.js';
import { type DataType, dataTypeOfCode, dataTypes, isFloat } from '../ir/types.js';
import type { Call, InferRule } from './call.js';
import { type Arithmetic, arithmetic, castContents, chooseContents, combine, mapContents } from './contents.js';
import { alike, type Moves, type OpRow, type Rows } from './row.js';
import { broadcastInputs, broadcastShapes, like, numericShape } from './shapes.js';
import { asItIs } from './views.js';

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

const identity: InferRule = (call) => call.setType(0, call.type(0));

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

/** Dropout hands on what it is given, unless it is told to train. */
function isNotTraining(node: Node): boolean {
  const training = constantTensor(node.inputs[2]);
  return (node.opset ?? 0) >= 7 && (!node.inputs[2] || (training !== undefined && numbersOf(training)[0] === 0));
}

/** Beyond the range of a float lies infinity, below its steps 0: −1e9 is −∞ in float16. */
function inType(number: number, elem: DataType | undefined): number | undefined {
  if (!elem || !isFloat(elem)) return castContents([number], 'float64', elem)?.[0] as number | undefined;
  const [cast = number] = numbersOf(castTensor(tensorOf('float64', number), elem));
  return Number.isFinite(cast) && cast !== 0 ? number : cast;
}

const recast: Moves = { from: [0], how: asItIs, recasts: inType };
const chosen: Moves = { from: 'all', isChoice: true };

/** A function of each element. */
const pointwise = (facts: Omit<OpRow, 'infer'> = {}, infer = unary): OpRow => ({
  infer,
  isElementwise: true,
  ...facts,
});

export const elementwise: Rows = {
  ...alike('CumSum CumProd Hardmax LogSoftmax Softmax', { infer: unary }),
  ...alike(
    'Acos Acosh Affine BitwiseNot Celu Elu Exp Gelu HardSigmoid HardSwish ImageScaler IsInf IsNaN LeakyRelu Log Mish ' +
      'PRelu ParametricSoftplus Scale Selu Sigmoid Softplus Swish ThresholdedRelu',
    pointwise(),
  ),
  ...alike(
    'Asin Asinh Atan Atanh Erf Reciprocal ScaledTanh Shrink Sin Sinh Softsign Tan Tanh',
    pointwise({ parity: 'odd' }),
  ),
  ...alike('Cos Cosh', pointwise({ parity: 'even' })),
  ...alike('BitwiseAnd BitwiseOr BitwiseXor BitShift Mean StringConcat', pointwise({}, broadcast)),
  Abs: pointwise({ parity: 'even' }, each(arithmetic.abs)),
  Neg: pointwise({ parity: 'odd' }, each(arithmetic.negate)),
  Sign: pointwise({ parity: 'odd' }),
  Floor: pointwise({}, each(arithmetic.floor)),
  Ceil: pointwise({}, each(arithmetic.ceil)),
  Round: pointwise({ parity: 'odd' }, each(arithmetic.round)),
  Relu: pointwise(
    {},
    each((a) => arithmetic.max(a, 0)),
  ),
  Sqrt: pointwise({}, each(arithmetic.sqrt)),
  Not: pointwise({}, each(arithmetic.not)),
  Add: pointwise(
    {},
    computing(() => arithmetic.add),
  ),
  Sum: pointwise(
    {},
    computing(() => arithmetic.add),
  ),
  Sub: pointwise(
    {},
    computing(() => arithmetic.subtract),
  ),
  Mul: pointwise(
    {},
    computing(() => arithmetic.multiply),
  ),
  Div: pointwise(
    {},
    computing((call) => arithmetic.divide(call.elem(0))),
  ),
  Pow: pointwise(
    {},
    computing(() => arithmetic.power),
  ),
  Mod: pointwise(
    {},
    computing(() => arithmetic.modulo),
  ),
  Min: pointwise(
    { moves: chosen },
    computing(() => arithmetic.min),
  ),
  Max: pointwise(
    { moves: chosen },
    computing(() => arithmetic.max),
  ),
  Equal: pointwise(
    {},
    computing(() => arithmetic.equal, true),
  ),
  Greater: pointwise(
    {},
    computing(() => arithmetic.greater, true),
  ),
  GreaterOrEqual: pointwise(
    {},
    computing(() => arithmetic.greaterOrEqual, true),
  ),
  Less: pointwise(
    {},
    computing(() => (a, b) => arithmetic.greater(b, a), true),
  ),
  LessOrEqual: pointwise(
    {},
    computing(() => (a, b) => arithmetic.greaterOrEqual(b, a), true),
  ),
  And: pointwise(
    {},
    computing(() => arithmetic.and),
  ),
  Or: pointwise(
    {},
    computing(() => arithmetic.or),
  ),
  Xor: pointwise(
    {},
    computing(() => arithmetic.xor),
  ),
  BitCast: pointwise({}, (call) => call.set(0, call.shape(0), castTarget(call))),
  Cast: pointwise({ moves: recast }, cast),
  CastLike: pointwise({ moves: recast }, cast),
  Clip: pointwise({}, clip),
  Dropout: { infer: dropout, moves: { from: [0], how: asItIs, outputs: 1, when: isNotTraining } },
  Identity: pointwise({ parity: 'odd', moves: { from: [0], how: asItIs } }, identity),
  Trilu: { infer: unary, moves: { from: [0], fill: () => 0 } },
  Where: pointwise({ moves: { from: [1, 2], isChoice: true } }, where),
};
