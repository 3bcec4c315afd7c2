/** GELU: x times the normal distribution's cumulative function of x, exact by Erf or approximated by Tanh. */
import { equalShapes, isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { helps, type Miss } from '../../src/match/miss.js';
import { any, Polynomial, Product, Sum, site, telling } from '../../src/match/pattern/index.js';
import { type RewriteScope, type RuleSet, rule } from '../../src/match/rule.js';
import { op } from '../../src/match/words.js';

const x = any('x');
const { Erf, Tanh } = op;

/** ½·x·(1 + erf(x / √2))  ⟶  Gelu(x) */
const exact = rule({
  name: 'gelu',
  because: 'one kernel that reads x once',
  match: Product(0.5, x, Sum(1, site(Erf(Product(Math.SQRT1_2, x))))),
  rewrite: ({ x }, scope) => geluOf(x, scope, 'none'),
});

const slope = Math.sqrt(2 / Math.PI);

/** ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))  ⟶  Gelu(x, approximate = tanh) */
const tanh = rule({
  name: 'gelu-tanh',
  because: 'one kernel that reads x once',
  match: telling(Product(0.5, x, telling(Sum(1, site(Tanh(Polynomial('x', { 1: slope, 3: slope * 0.044715 }))))))),
  rewrite: ({ x }, scope) => geluOf(x, scope, 'tanh'),
});

function geluOf(x: Value, scope: RewriteScope, approximate: 'none' | 'tanh'): Value | Miss {
  const { build, host, opset, root, no } = scope;
  const { elem } = x;
  if (!elem || !isFloat(elem)) return no('the element type is not known', helps.shape);
  if (!x.shape || !equalShapes(x.shape, root.shape))
    return no('a constant broadcasts the result to another shape than x');
  if (opset >= 20 && host.hasKernel('Gelu', '', opset, elem))
    return build.op('Gelu', [x], { approximate }, { type: root.type });
  const contrib = approximate === 'tanh' ? 'FastGelu' : 'Gelu';
  if (!host.hasKernel(contrib, 'com.microsoft', 1, elem))
    return no(`the target has no ${contrib} kernel for ${elem}`, helps.kernel);
  return build.op(contrib, [x], {}, { domain: 'com.microsoft', type: root.type });
}

export const gelu: RuleSet = {
  noun: 'GELU',
  rules: [exact, tanh],
};
