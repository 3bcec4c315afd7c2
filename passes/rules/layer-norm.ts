/** Layer norm: what is left of x when its mean is taken away, by its standard deviation. */
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
  Power,
  Product,
  Sum,
} from '../../src/match/pattern.js';
import { type RewriteScope, type RuleSet, rule } from '../../src/match/rule.js';
import { type NormCaptures, normOperands, overLastAxes } from './norm-operands.js';
import { isCentred, isOfMoments, isVariance } from './norm-site.js';
import { rowNorm } from './row-norm.js';

const x = any('x');
const scale = any('scale');
const bias = any('bias');
const epsilon = number('epsilon');

const centred = Sum(x, Minus(Mean(x)));
const deviation = Power(Sum(Mean(Power(centred, 2)), epsilon), -0.5);

/** The same without an epsilon, as float16 leaves it where ε is no number there: 0. */
const bare = rule({
  name: 'layer-norm-bare',
  because: 'one kernel that reads x once, instead of eight',
  match: maybe((scaled) => Sum(scaled, bias), Product(centred, Power(Mean(Power(centred, 2)), -0.5), Optional(scale))),
  rewrite: (found, scope) => layerNormalization({ ...found, epsilon: 0 }, scope),
});

/** (x − mean(x)) / √(mean((x − mean(x))²) + ε) · scale + bias  ⟶  LayerNormalization(x, scale, bias) */
const plain = rule({
  name: 'layer-norm',
  because: 'one kernel that reads x once, instead of nine',
  match: maybe((scaled) => Sum(scaled, bias), Product(centred, deviation, Optional(scale))),
  rewrite: layerNormalization,
});

/** x·s − mean(x)·s + bias, where s = scale / √(mean((x − mean(x))²) + ε)  ⟶  LayerNormalization(x, scale, bias) */
const expanded = rule({
  name: 'layer-norm-expanded',
  because: 'one kernel that reads x once, instead of nine',
  match: Sum(
    // The mean first: nothing else has it, so that other norms fail here at once.
    Minus(Product(Mean(x), deviation, Optional(scale))),
    Product(x, deviation, Optional(scale)),
    Optional(bias),
  ),
  rewrite: layerNormalization,
});

const moments = [Mean(Power(x, 2)), Minus(Power(Mean(x), 2))] as const;

/**
 * The same with mean(x²) − mean(x)² for a variance, as Flax has it. It loses digits that the kernel keeps: where the mean is large beside
 * the deviation the numbers differ, and verifying takes the rewrite back.
 */
const byMoments = rule({
  name: 'layer-norm-moments',
  because: 'one kernel that reads x once',
  match: maybe((scaled) => Sum(scaled, bias), Product(centred, Power(Sum(...moments, epsilon), -0.5), Optional(scale))),
  rewrite: layerNormalization,
});

/** The same with a variance that rounding makes no smaller than 0. */
const byMomentsFloored = rule({
  name: 'layer-norm-moments-floored',
  because: 'one kernel that reads x once',
  match: maybe(
    (scaled) => Sum(scaled, bias),
    Product(centred, Power(Sum(AtLeastZero(Sum(...moments)), epsilon), -0.5), Optional(scale)),
  ),
  rewrite: layerNormalization,
});

/** The same by way of BatchNormalization: see row-norm.ts */
const byRows = rule({
  name: 'layer-norm-rows',
  because: 'one kernel that reads x once, instead of twelve',
  match: maybe((scaled) => Sum(scaled, bias), Product(rowNorm, Optional(scale))),
  rewrite: layerNormalization,
});

/** Axes that are not the last are turned there and back: on the CPU 0.7 of the time of the nine ops. */
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

export const layerNorm: RuleSet = {
  noun: 'layer norm',
  rules: [expanded, plain, bare, byRows],
  isSite: (node, facts) => isVariance(node, facts) && isCentred(node),
};

export const layerNormByMoments: RuleSet = {
  noun: 'layer norm',
  rules: [byMoments, byMomentsFloored],
  isSite: (node, facts) => isVariance(node, facts) && !isCentred(node) && isOfMoments(node),
};
