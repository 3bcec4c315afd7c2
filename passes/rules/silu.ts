/** SiLU (Swish) and quick GELU: x times the logistic function of x, or of α·x. */

import { float } from '../../src/ir/attribute.js';
import { equalShapes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { helps, type Miss } from '../../src/match/miss.js';
import { any, number, Product, site, telling } from '../../src/match/pattern/index.js';
import { type RewriteScope, type RuleSet, rule } from '../../src/match/rule.js';
import { op } from '../../src/match/words.js';

const x = any('x');
const { Sigmoid } = op;
const because = 'one kernel that reads x once';

/** x·σ(x), or x / (1 + exp(−x))  ⟶  QuickGelu(x, α = 1) */
const swish = rule({
  name: 'silu',
  because,
  match: telling(Product(x, site(Sigmoid(x)))),
  rewrite: ({ x }, scope) => quickGelu(x, 1, scope),
});

/** x·σ(α·x)  ⟶  QuickGelu(x, α) */
const quick = rule({
  name: 'quick-gelu',
  because,
  match: telling(Product(x, site(Sigmoid(Product(number('alpha'), x))))),
  rewrite: ({ x, alpha }, scope) => quickGelu(x, alpha, scope),
});

/**
 * Emits QuickGelu. Swish of opset 24 is a function in the runtime of late 2026: on the CPU 1.16 times the time of
 * QuickGelu with α = 1, which gives the same numbers and loads at any opset.
 */
function quickGelu(x: Value, alpha: number, { build, host, root, no }: RewriteScope): Value | Miss {
  const { elem } = x;
  if (!x.shape || !equalShapes(x.shape, root.shape))
    return no('a constant broadcasts the result to another shape than x');
  if (!elem || !host.hasKernel('QuickGelu', 'com.microsoft', 1, elem))
    return no(`the target has no QuickGelu kernel for ${elem}`, helps.kernel);
  // The attribute is a float32: two numbers 1e-8 apart become one, and float64 sees the difference.
  if (elem === 'float64' && Math.fround(alpha) !== alpha)
    return no(`the kernel holds its factor in float32, which ${alpha} is not`);
  return build.op('QuickGelu', [x], { alpha: float(alpha) }, { domain: 'com.microsoft', type: root.type });
}

export const silu: RuleSet = { noun: 'SiLU', rules: [swish] };

export const scaledSilu: RuleSet = { noun: 'quick GELU', rules: [quick], after: ['SiLU'] };
