/**
 * com.microsoft MultiHeadAttention for a site: query [B, S, N·D]; key and value both [B, T, N·D], or both [B, N, T, D];
 * a bias [B|1, N|1, S, T]; output [B, S, N·Dv].
 */
import { float } from '../../../src/ir/attribute.js';
import { tensorType } from '../../../src/ir/types.js';
import { Miss } from '../../../src/match/miss.js';
import { biasOf } from './bias.js';
import type { Emitter } from './kernel.js';
import { layoutOf, merged } from './layout.js';
import { dimsOf, elemOfKernel, keyAndValue, made, type Operand, operand } from './operands.js';

const MHA = { opType: 'MultiHeadAttention', domain: 'com.microsoft' };

export const multiHeadAttention: Emitter = (site, _, host) => {
  if (site.softcap !== undefined) return new Miss('the scores are soft-capped by Tanh', site.softmax, 6);
  const layout = layoutOf(site);
  const elem = elemOfKernel(site);
  const query = operand(site.query, merged({ ...site.query, rows: layout.rows }, layout), site);
  if (query instanceof Miss) return query;
  const takes = (pair: readonly Operand[]): Miss | undefined => {
    const inputs = [query, ...pair].map((one) => tensorType(elem, dimsOf(one)));
    const reason = host.unfit({ ...MHA, inputs, ints: { num_heads: layout.count } });
    return reason === undefined ? undefined : new Miss(reason, site.softmax, 7);
  };
  const pair = keyAndValue(site, layout, takes);
  if (pair instanceof Miss) return pair;
  const [key, value] = pair;
  const bias = biasOf(site, layout, elem);
  if (bias instanceof Miss) return bias;
  const axes = [layout.batch, layout.rows, [...layout.heads, ...layout.valueColumns]];
  return {
    axes,
    elem,
    operands: [query, key, value].map(({ source }) => source.value),
    plan: (builder, shared) => {
      const [q, k, v] = [query, key, value].map((one) => made(builder, one, elem)) as [never, never, never];
      const measures = { query: q, queryDims: dimsOf(query), key: k, keyDims: dimsOf(key) };
      const inputs = [q, k, v, undefined, undefined, bias?.(builder, measures, shared)];
      const scale = site.scale * query.source.scale * key.source.scale;
      return builder.op(MHA.opType, inputs, { num_heads: layout.count, scale: float(scale) }, { domain: MHA.domain });
    },
  };
};
