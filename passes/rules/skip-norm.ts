/**
 * Fuses a norm with the residual before it, in a kernel that adds both; the sum is an output, because later nodes read
 * it.
 */
import { float } from '../../src/ir/attribute.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { helps, type Miss } from '../../src/match/miss.js';
import { any, site } from '../../src/match/pattern/index.js';
import { type RewriteScope, type RuleSet, rule } from '../../src/match/rule.js';
import { op } from '../../src/match/words.js';

const { Add, LayerNormalization, RMSNormalization, SimplifiedLayerNormalization } = op;
const sum = Add(any('x'), any('skip')).as('sum');
const because = 'the sum is not read again';

/** LayerNormalization(x + skip, scale, bias)  ⟶  SkipLayerNormalization(x, skip, scale, bias), and x + skip */
const layer = rule({
  name: 'skip-layer-norm',
  because,
  match: site(LayerNormalization(sum, any('scale'), any('bias'))),
  gives: ['sum'],
  rewrite: (found, scope) => skipNorm('SkipLayerNormalization', found, found.bias, scope),
});

/** The same with both names of the RMS norm  ⟶  SkipSimplifiedLayerNormalization(x, skip, scale), and x + skip */
const [rms, simplified] = [RMSNormalization, SimplifiedLayerNormalization].map((Norm) =>
  rule({
    name: 'skip-rms-norm',
    because,
    match: site(Norm(sum, any('scale'))),
    gives: ['sum'],
    rewrite: (found, scope) => skipNorm('SkipSimplifiedLayerNormalization', found, undefined, scope),
  }),
);

interface SkipNormCaptures {
  readonly x: Value;
  readonly skip: Value;
  readonly sum: Value;
  readonly scale: Value;
}

function skipNorm(
  opType: string,
  { x, skip, sum, scale }: SkipNormCaptures,
  bias: Value | undefined,
  { build, host, root, no }: RewriteScope,
): { root: Value; sum: Value } | Value | Miss {
  const norm = root.producer as Node;
  const { elem, shape } = sum;
  if (!elem || !host.hasKernel(opType, 'com.microsoft', 1, elem))
    return no(`the target has no ${opType} kernel for ${elem}`, helps.kernel);
  if (shape?.length !== 3 || !equalShapes(x.shape, shape) || !equalShapes(skip.shape, shape))
    return no('the kernel adds two tensors of one shape [batch, sequence, features]');
  const axis = norm.int('axis', -1);
  if (axis !== -1 && axis !== 2) return no('the kernel normalises the last axis alone');
  const isOfLast = (value: Value) => value.elem === elem && equalShapes(value.shape, shape.slice(2));
  if (!isOfLast(scale) || (bias && !isOfLast(bias))) return no('scale or bias are not one number for each feature');
  if (norm.outputs.length > 1) return no('the statistics of the norm are read');
  const attributes = { epsilon: float(norm.float('epsilon', 1e-5)) };
  const node = build.node(opType, [x, skip, scale, bias], attributes, {
    domain: 'com.microsoft',
    type: root.type,
    outputs: 4,
  });
  const given = node.outputs[3] as Value;
  given.type = sum.type;
  const isRead = sum.uses.size > 1;
  for (const index of isRead ? [1, 2] : [3, 2, 1]) node.graph.dropOutput(node, index);
  return isRead ? { root: node.output, sum: given } : node.output;
}

/** On the CPU the sum and the norm as two kernels take a third of the time (LayerNormalization) or as long (RMS). */
export const skipNormSet: RuleSet = { noun: 'residual norm', rules: [layer, rms, simplified] as RuleSet['rules'] };
