/** Group norm as exporters write it: channels reshaped into groups, an instance norm of the groups, channels again. */

import type { Facts } from '../../src/infer/index.js';
import { float } from '../../src/ir/attribute.js';
import { equalDims } from '../../src/ir/dims/dims.js';
import { equalShapes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { helps, Miss } from '../../src/match/miss.js';
import { any, constant, maybe, Product, Sum, site } from '../../src/match/pattern/index.js';
import { type RewriteScope, type RuleSet, rule } from '../../src/match/rule.js';
import { fillOf } from '../../src/match/views/scalar.js';
import { op } from '../../src/match/words.js';
import { affineOperand, repeatedNumber } from './norm-operands.js';

const { InstanceNormalization, Reshape, Sigmoid } = op;

const all = (expected: number) => (value: Value, facts: Facts) => fillOf(value, facts) === expected;

const instance = site(
  InstanceNormalization(
    Reshape(any('x'), any('groups')).as('grouped'),
    constant('ones', all(1)),
    constant('zeros', all(0)),
  ),
).as('instance');

const normed = maybe(
  (scaled) => Sum(scaled, any('bias')),
  maybe((bare) => Product(bare, any('scale')), Reshape(instance, any('shape'))),
);

/** Reshape(InstanceNorm(Reshape(x, [N, G, …]), 1, 0), [N, C, H, W]) · scale? + bias?  ⟶  GroupNorm(x, scale, bias) */
const plain = rule({
  name: 'group-norm',
  because: 'one kernel instead of five',
  match: normed,
  rewrite: (found, scope) => groupNorm(found, scope, 0),
});

/** y·σ(y) of such a y  ⟶  GroupNorm(x, scale, bias, activation = SiLU) */
const withSilu = rule({
  name: 'group-norm-silu',
  because: 'one kernel instead of seven',
  match: Product(normed.as('y'), Sigmoid(any('y'))),
  rewrite: (found, scope) =>
    found.y.uses.size > 2
      ? scope.no('the norm is read without its SiLU as well', undefined, found.y)
      : groupNorm(found, scope, 1),
});

interface GroupNormCaptures {
  readonly x: Value;
  readonly grouped: Value;
  readonly instance: Value;
  readonly scale?: Value;
  readonly bias?: Value;
}

/**
 * Emits the kernel, which takes channels last and an even number of channels in each group. The CPU has none, and
 * GroupNormalization of ai.onnx is a function there, 1.65 times as slow as the instance norm: so nothing is emitted for
 * it.
 */
function groupNorm(found: GroupNormCaptures, scope: RewriteScope, activation: 0 | 1): Value | Miss {
  const { build, host, root, no } = scope;
  const { x, grouped } = found;
  const { elem, shape } = x;
  if (!elem || !host.hasKernel('GroupNorm', 'com.microsoft', 1, elem))
    return no(`the target has no GroupNorm kernel for ${elem}`, helps.kernel);
  const channels = shape?.[1];
  const groups = grouped.shape?.[1];
  if (shape?.length !== 4 || typeof channels !== 'number')
    return no('expected an image of known channels', helps.shape, x);
  if (grouped.shape?.length !== 3 || typeof groups !== 'number' || !equalDims(grouped.shape[0] ?? 0, shape[0] ?? 1))
    return no('the channels are not gathered into a known number of groups', helps.shape, grouped);
  if (channels % (2 * groups) !== 0) return no('the GroupNorm kernel takes an even number of channels a group');
  if (!equalShapes(root.shape, shape)) return no('the result has another shape than the input');
  const axes = { axes: [1], dims: [channels], axis: -1, perm: [0, 2, 3, 1] };
  const scale = affineOperand('scale', found.scale, x, axes, scope);
  if (scale instanceof Miss) return scale;
  const bias = found.bias ? affineOperand('bias', found.bias, x, axes, scope) : repeatedNumber(0, [channels], x, scope);
  if (bias instanceof Miss) return bias;
  const epsilon = found.instance.producer?.float('epsilon', 1e-5);
  const last = build.op('Transpose', [x], { perm: axes.perm });
  const attributes = { groups, activation, channels_last: 1, epsilon: float(epsilon ?? 1e-5) };
  const out = build.op('GroupNorm', [last, scale(), bias()], attributes, { domain: 'com.microsoft' });
  return build.op('Transpose', [out], { perm: [0, 3, 1, 2] }, { type: root.type });
}

export const groupNormSet: RuleSet = { noun: 'group norm', rules: [withSilu, plain] };
