/**
 * com.microsoft MultiHeadAttention for a site: query [B, S, N·D]; key and value both [B, T, N·D], or both [B, N, T, D];
 * a bias [B|1, N|1, S, T]; output [B, S, N·Dv].
 */
import { tensorType } from '../../../src/ir/types.js';
import { Miss } from '../../../src/match/miss.js';
import { biasOf } from './bias.js';
import { emissionOf } from './call.js';
import type { Emitter } from './kernel.js';
import { layoutOf, merged } from './layout.js';
import { type ArrangedOperand, dimsOf, elemOfKernel, keyAndValue, operand } from './operands.js';

const MHA = { opType: 'MultiHeadAttention', domain: 'com.microsoft' };

export const multiHeadAttention: Emitter = (site, _, host) => {
  if (site.softcap !== undefined) return new Miss('the scores are soft-capped by Tanh', site.softmax);
  const layout = layoutOf(site);
  const elem = elemOfKernel(site);
  const query = operand(site.query, merged({ ...site.query, rows: layout.rows }, layout), site);
  if (query instanceof Miss) return query;
  const takes = (pair: readonly ArrangedOperand[]): Miss | undefined => {
    const inputs = [query, ...pair].map((one) => tensorType(elem, dimsOf(one)));
    const reason = host.unfit({ ...MHA, inputs, ints: { num_heads: layout.count } });
    return reason === undefined ? undefined : new Miss(reason, site.softmax);
  };
  const pair = keyAndValue(site, layout, takes);
  if (pair instanceof Miss) return pair;
  const bias = biasOf(site, layout, elem);
  if (bias instanceof Miss) return bias;
  return emissionOf(site, {
    ...MHA,
    operands: [query, ...pair],
    bias,
    elem,
    axes: [layout.batch, layout.rows, [...layout.heads, ...layout.valueColumns]],
    attributes: { num_heads: layout.count },
    inputs: ({ query, key, value, bias }) => [query, key, value, undefined, undefined, bias],
  });
};
