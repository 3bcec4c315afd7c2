/** Fuses a group norm with the sum before it, in a kernel that adds both; the sum is an output where later nodes read it. */
import type { Attributes } from '../../src/ir/build.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes } from '../../src/ir/types.js';
import { helps } from '../../src/match/miss.js';
import { any, site } from '../../src/match/pattern/index.js';
import { type RuleSet, rule } from '../../src/match/rule.js';
import { microsoft, op } from '../../src/match/words.js';

const sum = op.Add(any('x'), any('skip')).as('sum');

/** GroupNorm(x + skip, scale, bias)  ⟶  SkipGroupNorm(x, scale, bias, skip), and x + skip */
const skipGroup = rule({
  name: 'skip-group-norm',
  because: 'the sum is not read again',
  match: site(microsoft.GroupNorm(sum, any('scale'), any('bias'))),
  gives: ['sum'],
  rewrite({ x, skip, sum, scale, bias }, { build, host, root, no }) {
    const norm = root.producer as Node;
    const { elem, shape } = sum;
    if (!elem || !host.hasKernel('SkipGroupNorm', 'com.microsoft', 1, elem))
      return no(`the target has no SkipGroupNorm kernel for ${elem}`, helps.kernel);
    if (norm.int('channels_last', 1) !== 1) return no('the kernel adds images whose channels are last');
    if (shape?.length !== 4) return no('expected images of known rank', helps.shape, sum);
    const pixel = [shape[0], 1, 1, shape[3]] as const;
    const [image, other] = equalShapes(x.shape, shape) ? [x, skip] : [skip, x];
    const isAdded =
      equalShapes(other.shape, shape) ||
      equalShapes(
        other.shape,
        pixel.map((dim) => dim ?? 1),
      );
    if (!equalShapes(image.shape, shape) || !isAdded)
      return no('the kernel adds two images of one shape, or one number for each channel of an image');
    const attributes: Attributes = Object.fromEntries(norm.attributes);
    const node = build.node('SkipGroupNorm', [image, scale, bias, other], attributes, {
      domain: 'com.microsoft',
      type: root.type,
      outputs: 2,
    });
    const given = node.outputs[1];
    if (!given || sum.uses.size === 1) {
      node.graph.dropOutput(node, 1);
      return node.output;
    }
    given.type = sum.type;
    return { root: node.output, sum: given };
  },
});

export const skipGroupNormSet: RuleSet = { noun: 'residual group norm', rules: [skipGroup] };
