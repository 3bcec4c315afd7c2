/** Activations as exporters write them, with respellings and near-misses. */
import { float } from '../../../../src/ir/attribute.js';
import type { Value } from '../../../../src/ir/value.js';
import { ms, type Sketch, x32 } from '../sketch.js';
import { rows, seen } from './norms.js';

/** A number that is almost always the right one. */
const near = (s: Sketch, right: number, wrong: number): Value =>
  s.numbers(x32, s.chance(0.05) ? wrong : right, s.chance(0.15) ? [1] : []);

/** The product of all, in any order and association. */
function product(s: Sketch, factors: readonly Value[]): Value {
  const left = [...factors];
  while (left.length > 1) {
    const [a] = left.splice(s.int(0, left.length - 1), 1);
    const [b] = left.splice(s.int(0, left.length - 1), 1);
    left.push(seen(s, s.op('Mul', [a, b])));
  }
  return left[0] as Value;
}

const sum = (s: Sketch, a: Value, b: Value): Value => s.op('Add', s.chance(0.5) ? [a, b] : [b, a]);

function biased(s: Sketch): Value {
  const value = rows(s);
  const width = value.shape?.at(-1) as number;
  return s.chance(0.5) ? sum(s, value, s.weights(s.chance(0.1) ? [1] : [width])) : value;
}

export function gelu(s: Sketch, given?: Value): Value {
  const x = given ?? biased(s);
  if (s.opset >= 20 && s.chance(0.15)) return s.op('Gelu', [x], { approximate: s.one(['none', 'tanh']) });
  const scaled = s.chance(0.5)
    ? s.op('Div', [x, near(s, Math.SQRT2, 1.5)])
    : s.op('Mul', [x, near(s, Math.SQRT1_2, 0.5)]);
  return product(s, [x, sum(s, s.op('Erf', [seen(s, scaled)]), near(s, 1, 2)), near(s, 0.5, 1)]);
}

export function geluTanh(s: Sketch, given?: Value): Value {
  const x = given ?? biased(s);
  const cube = s.chance(0.5) ? s.op('Pow', [x, near(s, 3, 2)]) : product(s, [x, x, x]);
  const inner = product(s, [
    sum(s, x, product(s, [cube, near(s, 0.044715, 0.05)])),
    near(s, Math.sqrt(2 / Math.PI), 0.8),
  ]);
  return product(s, [x, sum(s, s.op('Tanh', [inner]), near(s, 1, -1)), near(s, 0.5, 0.25)]);
}

export function silu(s: Sketch, given?: Value): Value {
  const x = given ?? biased(s);
  const scaled = s.chance(0.3) ? product(s, [x, s.numbers(x32, s.one([1.702, 1, -1]))]) : x;
  const gate = s.chance(0.1) ? s.op('HardSigmoid', [scaled]) : s.op('Sigmoid', [scaled]);
  return product(s, [x, seen(s, gate)]);
}

export function mish(s: Sketch): void {
  const x = rows(s);
  product(s, [x, s.op('Tanh', [s.op(s.chance(0.95) ? 'Softplus' : 'Softsign', [x])])]);
}

export function hardSwish(s: Sketch): void {
  const x = rows(s);
  const clipped = s.op('Clip', [sum(s, x, near(s, 3, 2)), near0(s, 0), near0(s, 6)]);
  if (s.chance(0.5)) s.op('Div', [product(s, [x, clipped]), near(s, 6, 3)]);
  else product(s, [x, clipped, near(s, 1 / 6, 0.2)]);
  if (s.chance(0.3)) product(s, [x, s.op('HardSigmoid', [x], { alpha: float(1 / 6), beta: float(0.5) })]);
}

/** A bound of Clip is a scalar. */
const near0 = (s: Sketch, bound: number): Value => s.numbers(x32, s.chance(0.05) ? bound + 1 : bound);

export function fusedActivation(s: Sketch): void {
  const x = rows(s);
  const width = x.shape?.at(-1) as number;
  const form = s.int(0, 3);
  if (form === 0) s.op('Gelu', [x], {}, ms);
  else if (form === 1) s.op('FastGelu', [x, s.chance(0.5) ? s.weights([width]) : undefined], {}, ms);
  else if (form === 2) s.op('BiasGelu', [x, s.weights([width])], {}, ms);
  else s.op('QuickGelu', [x], { alpha: float(s.one([1, 1.702])) }, ms);
}

/** gelu(x·Wᵍ) * (x·Wᵘ), then down again. */
export function gated(s: Sketch): void {
  const x = rows(s);
  const width = x.shape?.at(-1) as number;
  const product = (weights: Value, value = x): Value => s.op('MatMul', [value, weights]);
  const gate = product(s.weights([width, 6]));
  const act = s.one([gelu, silu, geluTanh])(s, gate);
  const hidden = s.op('Mul', [act, product(s.weights([width, 6]))]);
  const down = product(s.weights([6, width]), hidden);
  if (s.chance(0.7)) s.op('Add', [x, down]);
}
