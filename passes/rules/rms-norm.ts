/** RMS norm: x by the root of its mean square. */
import { float } from '../../src/ir/attribute.js';
import type { Use, Value } from '../../src/ir/value.js';
import { helps, Miss } from '../../src/match/miss.js';
import {
  any,
  Mean,
  number,
  Optional,
  Power,
  Product,
  Sum,
  site,
  telling,
  times,
} from '../../src/match/pattern/index.js';
import { type RewriteScope, type RuleSet, rule } from '../../src/match/rule.js';
import { type NormCaptures, normOperands, overLastAxes } from './norm-operands.js';

const x = any('x');
const isFloor = ({ node }: Use): boolean => node.is('Clip') || node.is('Max');

/** The mean square. A length that is only bounded from below divides x in an L2 norm, which has no mean. */
const square = site(Mean(Power(x, 2))).where(
  (_, { producer, uses }) =>
    !producer?.is('ReduceL2') ||
    ![...uses].every(isFloor) ||
    'expected a mean; found a length with a floor, of an L2 norm',
);
const root = telling(Power(Sum(square, number('epsilon')), -0.5));

/**
 * x / √(mean(x²) + ε) · scale  ⟶  RMSNormalization(x, scale), before opset 23 SimplifiedLayerNormalization(x, scale). Without an epsilon
 * both give NaN where x is 0.
 */
const plain = rule({
  name: 'rms-norm',
  because: 'one kernel that reads x once, instead of six',
  match: Product(times('factor'), x, root, Optional(any('scale'))),
  rewrite: rmsNormalization,
});

function rmsNormalization(found: NormCaptures, scope: RewriteScope): Value | Miss {
  const { build, host, opset, root, no } = scope;
  const { x } = found;
  const operands = normOperands(found, scope);
  if (operands instanceof Miss) return operands;
  const { axes, scale } = operands;
  // The runtime keeps the older name in ai.onnx, at any opset, with kernels wherever the newer one has them.
  const opType = opset >= 23 ? 'RMSNormalization' : 'SimplifiedLayerNormalization';
  if (!root.elem || !host.hasKernel(opType, '', opset, root.elem))
    return no(`the target has no ${opType} kernel for ${root.elem}`, helps.kernel);
  // Version 1.30 ends with a segmentation fault while it loads a local function with the older op and no stash_type.
  const stash = opset < 23 && x.graph.isInFunction ? { stash_type: 1 } : {};
  const attributes = { axis: axes.axis, epsilon: float(found.epsilon), ...stash };
  return overLastAxes(x, axes, scope, (input) =>
    build.op(opType, [input, scale()], attributes, { type: axes.perm ? undefined : root.type }),
  );
}

export const rmsNorm: RuleSet = { noun: 'RMS norm', rules: [plain] };
