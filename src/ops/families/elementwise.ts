/** Operators that work element by element: unary ones keep the shape, the others broadcast. Integers are computed. */

import type { Dim } from '../../ir/dims/dims.js';
import type { Node } from '../../ir/node.js';
import { constantTensor } from '../../ir/tensors/constants.js';
import { castTensor, numbersOf, tensorOf } from '../../ir/tensors/numbers.js';
import { type DataType, dataTypeOfCode, dataTypes, isFloat } from '../../ir/types.js';
import type { Call, InferRule } from '../call.js';
import {
  type Arithmetic,
  arithmetic,
  type Combine,
  castContents,
  chooseContents,
  combine,
  mapContents,
  toEven,
} from '../contents.js';
import { axes, axis, broadcasts, leastRank, unlessEmpty } from '../demands.js';
import {
  booleans,
  difference,
  exactly,
  isLess,
  magnitude,
  maximum,
  minimum,
  negated,
  product,
  quotient,
  sum,
} from '../interval.js';
import { bounding, type DecidingInput, exact, selection, shrinking } from '../precision.js';
import {
  bounded,
  clipped,
  curve,
  isEqual,
  isGreater,
  isNot,
  ofAll,
  ofCast,
  ofChoice,
  ofOne,
  ofOrder,
  ratio,
  rising,
} from '../ranges.js';
import { alike, type Moves, type OpRow, type RangeRule, type Rows } from '../row.js';
import { broadcastInputs, broadcastShapes, like, numericShape } from '../shapes.js';
import { asItIs } from './views.js';

const unary = like();

/** Before opset 7 the second operand was broadcast to the first. */
const broadcast: InferRule = (call) => call.set(0, call.opset < 7 ? call.shape(0) : broadcastInputs(call));

type RowFacts = Omit<OpRow, 'infer'>;

/** A function of each element. */
const pointwise = (facts: RowFacts = {}, infer = unary): OpRow => ({
  infer,
  isElementwise: true,
  demands: broadcasts,
  ...facts,
});

/** Broadcasts, and computes what the elements are where those of the operands are known. */
const computing = (f: Arithmetic, range?: RangeRule, isTruth = false): OpRow =>
  pointwise({ range }, (call) => {
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
  });

const commuting = (row: OpRow): OpRow => ({ ...row, isCommutative: true });

const comparing = (f: Combine, isTrue: typeof isLess): OpRow => computing(() => f, ofOrder(isTrue), true);

const each = (f: Parameters<typeof mapContents>[2], facts: RowFacts): OpRow =>
  pointwise(facts, (call) => {
    unary(call);
    call.setContents(0, mapContents(call.contents(0), call.elem(0), f));
  });

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

const alongAxis = unlessEmpty((call) => axis(call.opset < 13 ? 1 : -1)(call));

/** A spectrum's powers, of which a filter bank and a transform are the layers. */
const spreading: DecidingInput = {
  slot: 0,
  reason: 'is read by a logarithm, which spreads small numbers and takes powers of large ones',
  layers: 2,
};

const softmax: OpRow = {
  infer: unary,
  demands: alongAxis,
  range: bounded(0, 1),
  precision: { ...bounding, isRowwise: true },
};
const cumulated: OpRow = { infer: unary, demands: unlessEmpty(axes((call) => call.contents(1))) };

export const elementwise: Rows = {
  CumSum: { ...cumulated, precision: { stays: 'coordinates' } },
  CumProd: cumulated,
  LogSoftmax: { infer: unary, demands: alongAxis, precision: { isRowwise: true } },
  Softmax: softmax,
  Hardmax: { ...softmax, precision: { ...softmax.precision, ...exact } },
  ...alike(
    'Acos Acosh Affine BitwiseNot Celu Elu HardSwish ImageScaler IsInf LeakyRelu Mish ' +
      'PRelu ParametricSoftplus Scale Selu Shrink Softplus',
    pointwise(),
  ),
  Gelu: pointwise({ fuses: 'GELU' }),
  Swish: pointwise({ fuses: 'SiLU or quick GELU' }),
  ...alike('Asin Asinh Atanh ScaledTanh Sinh Tan', pointwise({ parity: 'odd' })),
  Cosh: pointwise({ parity: 'even' }),
  Cos: pointwise({ parity: 'even', range: bounded(-1, 1), precision: { ...bounding, stays: 'coordinates' } }),
  ...alike('BitwiseAnd BitwiseOr BitwiseXor BitShift StringConcat', pointwise({}, broadcast)),
  Mean: commuting(pointwise({}, broadcast)),
  Abs: each(arithmetic.abs, { parity: 'even', range: ofOne(magnitude), precision: exact }),
  Neg: each(arithmetic.negate, { parity: 'odd', range: ofOne(negated), precision: exact }),
  Atan: pointwise({ parity: 'odd', range: curve(Math.atan), precision: bounding }),
  Erf: pointwise({ parity: 'odd', range: bounded(-1, 1), precision: bounding }),
  Sin: pointwise({ parity: 'odd', range: bounded(-1, 1), precision: { ...bounding, stays: 'coordinates' } }),
  Softsign: pointwise({ parity: 'odd', range: curve((x) => x / (1 + Math.abs(x))), precision: bounding }),
  Tanh: pointwise({ parity: 'odd', range: curve(Math.tanh), precision: bounding }),
  Reciprocal: pointwise({ parity: 'odd', range: ofOne((a) => quotient(exactly(1), a)), precision: shrinking }),
  Exp: pointwise({ range: curve(Math.exp), precision: { size: 'growing', stays: 'overflow' } }),
  Sigmoid: pointwise({ range: curve((x) => 1 / (1 + Math.exp(-x))), precision: bounding }),
  ThresholdedRelu: pointwise({ precision: exact }),
  HardSigmoid: pointwise({ range: bounded(0, 1), precision: bounding }),
  Log: pointwise({ precision: { ...bounding, decides: [spreading] } }),
  IsNaN: pointwise({ range: ofOne((a) => a && booleans(false)) }),
  Sign: pointwise({ parity: 'odd', range: rising(Math.sign), precision: { ...bounding, ...exact } }),
  Floor: each(arithmetic.floor, { range: rising(Math.floor), precision: exact }),
  Ceil: each(arithmetic.ceil, { range: rising(Math.ceil), precision: exact }),
  Round: each(arithmetic.round, { parity: 'odd', range: rising(toEven), precision: exact }),
  Relu: each((a) => arithmetic.max(a, 0), { range: rising((x) => Math.max(x, 0)), precision: exact }),
  Sqrt: each(arithmetic.sqrt, { range: rising(Math.sqrt, 0), precision: shrinking }),
  Not: each(arithmetic.not, { range: ofOne((a) => difference(exactly(1), a)) }),
  Add: commuting(computing(() => arithmetic.add, ofAll(sum))),
  Sum: commuting(computing(() => arithmetic.add, ofAll(sum))),
  Sub: computing(() => arithmetic.subtract, ofAll(difference)),
  Mul: commuting(computing(() => arithmetic.multiply, ofAll(product))),
  Div: computing((call) => arithmetic.divide(call.elem(0)), ratio),
  Pow: { ...computing(() => arithmetic.power), precision: { size: 'growing', stays: 'overflow' } },
  Mod: computing((call) => arithmetic.modulo(call.int('fmod') === 1)),
  Min: commuting({
    ...computing(() => arithmetic.min, ofAll(minimum)),
    moves: chosen,
    precision: { size: 'limiting' },
  }),
  Max: commuting({
    ...computing(() => arithmetic.max, ofAll(maximum)),
    moves: chosen,
    precision: { size: 'limiting' },
  }),
  Equal: commuting(comparing(arithmetic.equal, isEqual)),
  Greater: comparing(arithmetic.greater, isGreater),
  GreaterOrEqual: comparing(arithmetic.greaterOrEqual, isNot(isLess)),
  Less: comparing((a, b) => arithmetic.greater(b, a), isLess),
  LessOrEqual: comparing((a, b) => arithmetic.greaterOrEqual(b, a), isNot(isGreater)),
  And: commuting(computing(() => arithmetic.and, ofAll(minimum))),
  Or: commuting(computing(() => arithmetic.or, ofAll(maximum))),
  Xor: commuting(computing(() => arithmetic.xor)),
  BitCast: pointwise({}, (call) => call.set(0, call.shape(0), castTarget(call))),
  Cast: pointwise({ moves: recast, range: ofCast }, cast),
  CastLike: pointwise({ demands: () => undefined, moves: recast, range: ofCast }, cast),
  Clip: pointwise({ range: clipped, precision: { size: 'limiting' } }, clip),
  Dropout: {
    infer: dropout,
    moves: { from: [0], how: asItIs, outputs: 1, when: isNotTraining },
    precision: { float32Inputs: [1] },
  },
  Identity: pointwise({ parity: 'odd', moves: { from: [0], how: asItIs } }, identity),
  Trilu: { infer: unary, demands: leastRank(0, 2), moves: { from: [0], fill: () => 0 } },
  Where: pointwise({ moves: { from: [1, 2], isChoice: true }, range: ofChoice, precision: selection }, where),
};
