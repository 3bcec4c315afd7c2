/** A GELU whose kernel also adds the bias of the projection before it. */

import { equalDims } from '../../src/ir/dims/dims.js';
import { equalShapes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { helps } from '../../src/match/miss.js';
import { any, constant, oneOf, site, telling } from '../../src/match/pattern/index.js';
import { type RuleSet, rule } from '../../src/match/rule.js';
import { microsoft, op } from '../../src/match/words.js';

const biased = op.Add(
  any('x'),
  constant('bias', ({ shape }) => shape?.length === 1 && shape[0] !== 1),
);
const isExact = (_: unknown, { producer }: Value): true | string =>
  producer?.string('approximate') !== 'tanh' || 'BiasGelu is the exact GELU';
const match = oneOf('domain', {
  microsoft: site(microsoft.Gelu(biased)),
  onnx: telling(site(op.Gelu(biased)).where(isExact)),
});

/** Gelu(x + bias)  ⟶  BiasGelu(x, bias) */
const biasGelu = rule({
  name: 'bias-gelu',
  because: 'the sum is not written to memory and read again',
  match,
  rewrite({ x, bias }, { build, host, root, no }) {
    const { elem } = root;
    if (!x || !bias || !elem) return no('the element type is not known', helps.shape);
    if (elem !== 'float32') return no(`the kernel would not round the sum to ${elem} as the graph does`);
    const last = bias.shape?.[0];
    if (!equalShapes(x.shape, root.shape) || !equalDims(x.shape?.at(-1) ?? 0, last ?? 0))
      return no('the bias broadcasts its sum to a larger shape', undefined, bias);
    if (isDequantized(x)) return no('the integer product before it takes the bias');
    if (!host.hasKernel('BiasGelu', 'com.microsoft', 1, elem))
      return no(`the target has no BiasGelu kernel for ${elem}`, helps.kernel);
    return build.op('BiasGelu', [x, bias], {}, { domain: 'com.microsoft', type: root.type });
  },
});

/** True for Mul(Cast(MatMulInteger(…)), scale), which the runtime runs as one kernel with a bias. */
const isDequantized = ({ producer }: Value): boolean =>
  producer?.is('Mul') === true &&
  producer.inputs.some(
    (value) => value?.producer?.is('Cast') && value.producer.inputs[0]?.producer?.is('MatMulInteger'),
  );

export const biasedGelu: RuleSet = { noun: 'biased GELU', rules: [biasGelu] };
