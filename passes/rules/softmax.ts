/** Softmax in single steps, as JAX exports it. */
import { equalShapes } from '../../src/ir/types.js';
import { helps } from '../../src/match/miss.js';
import { any, Highest, Minus, Power, Product, Sum, site, Total, telling } from '../../src/match/pattern/index.js';
import { type RuleSet, rule } from '../../src/match/rule.js';
import { op } from '../../src/match/words.js';

const x = any('x');
const raised = op.Exp(Sum(x, Minus(Highest(x))));

/** exp(x − max(x)) / Σ exp(x − max(x))  ⟶  Softmax(x) */
const inSteps = rule({
  name: 'softmax',
  because: 'one kernel that reads x once, instead of five',
  match: Product(raised, Power(telling(Total(site(raised))), -1)),
  rewrite: ({ x, axes }, { build, host, opset, root, no }) => {
    const axis = Number(axes);
    if (!Number.isInteger(axis)) return no(`expected a Softmax over one axis; found axes ${axes}`);
    if (!x.shape || !equalShapes(x.shape, root.shape))
      return no('a constant broadcasts the result to another shape than x');
    if (opset < 13 && axis !== x.shape.length - 1)
      return no('Softmax before opset 13 runs over all axes from one on', helps.opset);
    if (!x.elem || !host.hasKernel('Softmax', '', opset, x.elem))
      return no(`the target has no Softmax kernel for ${x.elem}`, helps.kernel);
    return build.op('Softmax', [x], { axis }, { type: root.type });
  },
});

export const softmax: RuleSet = { noun: 'Softmax in steps', rules: [inSteps] };
