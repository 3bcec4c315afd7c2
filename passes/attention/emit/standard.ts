/**
 * ai.onnx Attention for a site: query, key and value all [B, S, N·D], or all [B, N, S, D]; fewer heads of key and value than of
 * the query; a soft cap; a bias [B|1, N|1, S, T], never broadcast over the queries (the CPU kernel rejects that).
 */

import type { Facts } from '../../../src/infer/index.js';
import { type DataType, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import { exactly, interval, type Maybe, product } from '../../../src/ops/interval.js';
import { elementsAnywhere } from '../mask/causal.js';
import type { MaskTerm } from '../mask/term.js';
import type { SiteOperand } from '../read/parts.js';
import type { AttentionSite } from '../read/site.js';
import { biasOf, memo } from './bias.js';
import { emissionOf, scaleOf } from './call.js';
import type { Emitter } from './kernel.js';
import { layoutOf, merged, separate } from './layout.js';
import { type ArrangedOperand, copiesOf, dimsOf, elemOfKernel, operand } from './operands.js';

const STANDARD = { opType: 'Attention', domain: '' };

/** Its kernels give zeros for a row whose scores are all as low as this; the Softmax of a graph shares such a row out evenly. */
const LOWEST = -1e38;
const WHOLE = 'a row that the bias may mask whole would give zeros in Attention';
/** Finite masks are raised to this: it still drowns any score. */
const LOW = -1e30;

/** Decides if the bias must be raised so that rows masked whole stay as they are; a Miss where that is not known. */
function lowness({ terms, softmax, isGuarded }: AttentionSite, elem: DataType, facts: Facts): Match<boolean> {
  const whole = new Miss(WHOLE, terms[0]?.at ?? softmax);
  let [low, isInfinite] = [0, false];
  for (const term of terms) {
    const range = termRange(term, facts);
    if (!range) return whole;
    const own = Math.min(0, range.finite);
    // A mask overwrites the sum so far, a bias adds to it.
    low = term.kind === 'mask' ? Math.min(low, own) : low + own;
    isInfinite ||= range.low === Number.NEGATIVE_INFINITY || low < -3.4028235e38;
    if (term.floor !== undefined) [low, isInfinite] = [Math.max(low, term.floor), false];
  }
  if (isInfinite && !(isGuarded && low > LOW)) return whole;
  if (low > (elem === 'float32' ? LOWEST : -1e4)) return false;
  return elem === 'float32' ? true : whole;
}

const termRange = (term: MaskTerm, facts: Facts): Maybe =>
  term.kind === 'mask'
    ? interval(term.fill, 0, Number.isFinite(term.fill) ? term.fill : LOW)
    : product(elementsAnywhere(term.value, facts), exactly(term.factor));

export const standardAttention: Emitter = (site, facts, host) => {
  const layout = layoutOf(site);
  const elem = elemOfKernel(site);
  const isLow = lowness(site, elem, facts);
  if (isLow instanceof Miss) return isLow;
  const parts: readonly SiteOperand[] = [{ ...site.query, rows: layout.rows }, site.key, site.value];
  const forms = [merged, separate].map((form) => parts.map((part) => operand(part, form(part, layout), site)));
  const [flat, four] = forms.map((form) => form.find((one) => one instanceof Miss) ?? (form as ArrangedOperand[]));
  if (!flat || !four) throw new Error('two forms');
  // Separate heads leave the exporter's own Transpose of the result in the graph.
  const isFlat = !(flat instanceof Miss) && (four instanceof Miss || copiesOf(flat) <= copiesOf(four) + 1);
  const operands = isFlat ? flat : four;
  if (operands instanceof Miss) return operands;
  const three = operands as [ArrangedOperand, ArrangedOperand, ArrangedOperand];
  const call = { ...STANDARD, inputs: three.map((one) => tensorType(elem, dimsOf(one))) };
  const ints = isFlat ? { q_num_heads: layout.count, kv_num_heads: layout.count } : undefined;
  const reason = host.unfit({
    ...call,
    ints: { ...ints },
    floats: { scale: scaleOf(site, three), softcap: site.softcap },
  });
  if (reason !== undefined) return new Miss(reason, site.softmax);
  const bias = biasOf(site, layout, elem);
  if (bias instanceof Miss) return bias;
  const { batch, heads, rows, valueColumns } = layout;
  return emissionOf(site, {
    ...STANDARD,
    operands: three,
    bias,
    elem,
    axes: isFlat ? [batch, rows, [...heads, ...valueColumns]] : [batch, heads, rows, valueColumns],
    attributes: { ...ints },
    inputs({ query, key, value, bias }, builder, shared) {
      const raise = (bias: Value): Value =>
        memo(shared, `raise ${bias.sequence}`, () => builder.op('Max', [bias, builder.constant(elem, LOW)]));
      const raised = bias && isLow ? raise(bias) : bias;
      return [query, key, value, ...(raised ? [raised] : [])];
    },
  });
};
