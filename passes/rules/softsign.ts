/** Softsign: x over one more than its absolute value. */
import { equalShapes } from '../../src/ir/types.js';
import { helps } from '../../src/match/miss.js';
import { any, Power, Product, Sum, site, telling } from '../../src/match/pattern/index.js';
import { type RuleSet, rule } from '../../src/match/rule.js';
import { op } from '../../src/match/words.js';

const x = any('x');

/** x / (1 + |x|)  ⟶  Softsign(x) */
const quotient = rule({
  name: 'softsign',
  because: 'one kernel that reads x once',
  match: telling(Product(x, Power(Sum(1, site(op.Abs(x))), -1))),
  rewrite: ({ x }, { build, host, opset, root, no }) => {
    if (!x.shape || !equalShapes(x.shape, root.shape))
      return no('a constant broadcasts the result to another shape than x');
    if (!x.elem || !host.hasKernel('Softsign', '', opset, x.elem))
      return no(`the target has no Softsign kernel for ${x.elem}`, helps.kernel);
    return build.op('Softsign', [x], {}, { type: root.type });
  },
});

export const softsign: RuleSet = { noun: 'Softsign', rules: [quotient] };
