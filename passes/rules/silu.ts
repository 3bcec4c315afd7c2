/** SiLU (Swish) and quick GELU: x times the logistic function of x, or of α·x. */

import type { Facts } from '../../src/infer/index.js';
import { float } from '../../src/ir/attribute.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes, isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { monomialOf } from '../../src/match/algebra.js';
import { helps, type Miss } from '../../src/match/miss.js';
import { any, number, op, Power, Product, Sum } from '../../src/match/pattern.js';
import { plainOf } from '../../src/match/plain.js';
import { type RewriteScope, type RuleSet, rule } from '../../src/match/rule.js';

const x = any('x');
const { Exp, Sigmoid } = op;
const because = 'one kernel that reads x once';

/** x·σ(x)  ⟶  QuickGelu(x, α = 1) */
const swish = rule({
  name: 'silu',
  because,
  match: Product(x, Sigmoid(x)),
  rewrite: ({ x }, scope) => quickGelu(x, 1, scope),
});

/** x / (1 + exp(−x))  ⟶  QuickGelu(x, α = 1) */
const swishByExp = rule({
  name: 'silu-exp',
  because,
  match: Product(x, Power(Sum(1, Exp(Product(-1, x))), -1)),
  rewrite: ({ x }, scope) => quickGelu(x, 1, scope),
});

/** x·σ(α·x)  ⟶  QuickGelu(x, α) */
const quick = rule({
  name: 'quick-gelu',
  because,
  match: Product(x, Sigmoid(Product(number('alpha'), x))),
  rewrite: ({ x, alpha }, scope) => quickGelu(x, alpha, scope),
});

/**
 * Swish of opset 24 is a function in the runtime of late 2026: on the CPU 1.16 times the time of QuickGelu with α = 1, which
 * gives the same numbers and loads at any opset.
 */
function quickGelu(x: Value, alpha: number, { build, host, root, no }: RewriteScope): Value | Miss {
  const { elem } = x;
  if (!x.shape || !equalShapes(x.shape, root.shape))
    return no('a constant broadcasts the result to another shape than x');
  if (!elem || !host.hasKernel('QuickGelu', 'com.microsoft', 1, elem))
    return no(`the target has no QuickGelu kernel for ${elem}`, helps.kernel);
  // The attribute is a float32: of two numbers 1e-8 apart it is one, and float64 sees the difference.
  if (elem === 'float64' && Math.fround(alpha) !== alpha)
    return no(`the kernel holds its factor in float32, which ${alpha} is not`);
  return build.op('QuickGelu', [x], { alpha: float(alpha) }, { domain: 'com.microsoft', type: root.type });
}

/** The value that an activation's inner function is of, times a number: `x` of Sigmoid(1.702·x). */
function argumentOf(node: Node, facts: Facts): { readonly of: Value; readonly factor: number } | undefined {
  const [inside] = node.inputs;
  if (!inside) return undefined;
  const { coefficient, factors } = monomialOf(inside, facts);
  const [base] = factors;
  return factors.length === 1 && base?.exponent === 1 ? { of: base.value, factor: coefficient } : undefined;
}

/** The value in the precision before a Cast. */
function beforeCast(value: Value): Value {
  const { of } = plainOf(value);
  const source = of.producer?.is('Cast') ? of.producer.inputs[0] : undefined;
  return source && isFloat(source.elem) && isFloat(of.elem) ? source : of;
}

/** Casts between two steps: there and back. */
const MOST_CASTS = 2;

/** True where the value, some steps on, is multiplied with the other or divides it; else it is a gate of something else. */
const gates = (value: Value, other: Value, steps: number, casts = MOST_CASTS): boolean =>
  value.users.some((user) => {
    if (user.is('Cast')) return casts > 0 && gates(user.output, other, steps, casts - 1);
    const isProduct = user.is('Mul') || user.is('Div');
    if (isProduct && user.inputs.some((input) => input && input !== value && beforeCast(input) === other)) return true;
    return steps > 1 && user.outputs[0] !== undefined && gates(user.outputs[0], other, steps - 1);
  });

function isSelfGate(node: Node, isScaled: boolean, facts: Facts): boolean {
  const argument = argumentOf(node, facts);
  if (!argument) return false;
  if (node.is('Sigmoid')) return (argument.factor !== 1) === isScaled && gates(node.output, beforeCast(argument.of), 1);
  // exp(−x), a sum, perhaps its reciprocal, the product.
  return !isScaled && node.is('Exp') && argument.factor === -1 && gates(node.output, beforeCast(argument.of), 3);
}

export const silu: RuleSet = {
  noun: 'SiLU',
  rules: [swish, swishByExp],
  isSite: (node, facts) => isSelfGate(node, false, facts),
};

export const scaledSilu: RuleSet = {
  noun: 'quick GELU',
  rules: [quick],
  isSite: (node, facts) => isSelfGate(node, true, facts),
};
