/** Functions of each number by itself, by operator. */

import type { Node } from '../../../../src/ir/node.js';
import { constantTensor } from '../../../../src/ir/tensors/constants.js';
import { numbersOf } from '../../../../src/ir/tensors/numbers.js';
import { elementCount } from '../../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../../src/ir/value.js';

type Function = (number: number) => number;

const sigmoid: Function = (x) => 1 / (1 + Math.exp(-x));
const clipped = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** Abramowitz and Stegun 7.1.26: within 1.5e-7. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - tail * Math.exp(-x * x));
}

const gelu: Function = (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));

const functions: Readonly<Record<string, (node: Node) => Function>> = {
  Identity: () => (x) => x,
  Cast: () => (x) => x,
  Dropout: () => (x) => x,
  Relu: () => (x) => Math.max(0, x),
  LeakyRelu: (node) => (x) => (x < 0 ? node.float('alpha', 0.01) * x : x),
  Elu: (node) => (x) => (x < 0 ? node.float('alpha', 1) * Math.expm1(x) : x),
  Sigmoid: () => sigmoid,
  Tanh: () => Math.tanh,
  Erf: () => erf,
  Gelu: () => gelu,
  FastGelu: () => gelu,
  QuickGelu: (node) => (x) => x * sigmoid(node.float('alpha', 1.702) * x),
  Swish: (node) => (x) => x * sigmoid(node.float('alpha', 1) * x),
  Softplus: () => (x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(0, x),
  Mish: () => (x) => x * Math.tanh(Math.log1p(Math.exp(-Math.abs(x))) + Math.max(0, x)),
  HardSigmoid: (node) => (x) => clipped(node.float('alpha', 0.2) * x + node.float('beta', 0.5), 0, 1),
  HardSwish: () => (x) => x * clipped(x / 6 + 0.5, 0, 1),
  Exp: () => (x) => Math.exp(Math.min(x, 80)),
  Neg: () => (x) => -x,
  Abs: () => Math.abs,
  Sqrt: () => (x) => Math.sqrt(Math.max(0, x)),
  Clip: ({ inputs }) => {
    const [low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY] = [inputs[1], inputs[2]].map(numberOf);
    return (x) => clipped(x, low, high);
  },
  Pow: ({ inputs }) => {
    const exponent = numberOf(inputs[1]);
    return exponent === undefined ? () => Number.NaN : (x) => x ** exponent;
  },
};

/** The function that a node is of its first input; undefined for other nodes. */
export const functionOf = (node: Node): Function | undefined => functions[node.opType]?.(node);

/** A constant of one element. */
function numberOf(value: Value | undefined): number | undefined {
  const tensor = constantTensor(value);
  return tensor && elementCount(tensor.shape) === 1 ? numbersOf(tensor)[0] : undefined;
}
