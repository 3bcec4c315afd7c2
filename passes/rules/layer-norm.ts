/** Layer norm: x without its mean, divided by its standard deviation. */
import { float } from '../../src/ir/attribute.js';
import type { Value } from '../../src/ir/value.js';
import { helps, Miss } from '../../src/match/miss.js';
import {
  AtLeastZero,
  any,
  Mean,
  Minus,
  maybe,
  number,
  Optional,
  oneOf,
  Power,
  Product,
  Sum,
  site,
  telling,
  times,
} from '../../src/match/pattern/index.js';
import { type RewriteScope, type RuleSet, rule } from '../../src/match/rule.js';
import { type NormCaptures, normOperands, overLastAxes } from './norm-operands.js';
import { rowNorm } from './row-norm.js';

const x = any('x');
const centred = Sum(x, Minus(Mean(x)));
const moments = Sum(site(Mean(Power(x, 2))), Minus(Power(Mean(x), 2)));

/**
 * The variance in its spellings. The difference of two moments, as Flax exports it, loses digits that the kernel keeps.
 * Where the mean is much larger than the deviation the numbers differ, and verification takes the rewrite back.
 */
const variance = oneOf('variance', {
  floored: AtLeastZero(moments),
  centred: site(Mean(Power(centred, 2))),
  moments,
});
const bias = Product(times('shift'), any('bias'));
const deviation = telling(Power(Sum(variance, number('epsilon')), -0.5));

/** (x − mean(x)) / √(variance(x) + ε) · scale + bias  ⟶  LayerNormalization(x, scale, bias). In float16 ε may be no number: 0. */
const plain = rule({
  name: 'layer-norm',
  because: 'one kernel that reads x once, instead of nine',
  match: maybe((scaled) => Sum(scaled, bias), Product(times('factor'), centred, deviation, Optional(any('scale')))),
  rewrite: layerNormalization,
});

/** The same layer norm through BatchNormalization: see row-norm.ts */
const byRows = rule({
  name: 'layer-norm-rows',
  because: 'one kernel that reads x once, instead of twelve',
  match: maybe((scaled) => Sum(scaled, bias), Product(times('factor'), telling(rowNorm), Optional(any('scale')))),
  rewrite: layerNormalization,
});

/**
 * Emits the kernel. Other axes than the last are transposed to the end and back: on the CPU 0.7 of the time of the nine
 * ops.
 */
function layerNormalization(found: NormCaptures, scope: RewriteScope): Value | Miss {
  const { build, host, opset, root, no } = scope;
  const { x } = found;
  const operands = normOperands(found, scope);
  if (operands instanceof Miss) return operands;
  const { axes, scale, bias } = operands;
  if (opset < 17) return no('LayerNormalization needs opset 17', helps.opset);
  if (!root.elem || !host.hasKernel('LayerNormalization', '', opset, root.elem))
    return no(`the target has no LayerNormalization kernel for ${root.elem}`, helps.kernel);
  const attributes = { axis: axes.axis, epsilon: float(found.epsilon) };
  return overLastAxes(x, axes, scope, (input) =>
    build.op('LayerNormalization', [input, scale(), bias?.()], attributes, { type: axes.perm ? undefined : root.type }),
  );
}

export const layerNorm: RuleSet = { noun: 'layer norm', rules: [plain, byRows] };
