/** Which op a site becomes. */

import type { Facts } from '../../src/infer/index.js';
import type { DataType } from '../../src/ir/types.js';
import { helps, type Match, Miss } from '../../src/match/miss.js';
import type { PassContext } from '../../src/run/pass.js';
import { groupQueryAttention } from './group-query.js';
import type { Emitter } from './kernel.js';
import { multiHeadAttention } from './multi-head.js';
import { elemOfKernel } from './operands.js';
import { ATTENTION } from './opset.js';
import type { AttentionSite } from './site.js';
import { standardAttention } from './standard.js';

export interface Choice {
  /** The op. */
  readonly name: string;
  readonly emit: Emitter;
  /** The least opset of ai.onnx that it needs. */
  readonly opset: number;
  /** Why this one, as the beginning of a sentence. */
  readonly why: string;
}

interface Candidate extends Omit<Choice, 'name' | 'why'> {
  readonly domain: string;
}

/** The ops that can be asked for, as users write them. */
const emitters = {
  MultiHeadAttention: { emit: multiHeadAttention, domain: 'com.microsoft', opset: 1 },
  GroupQueryAttention: { emit: groupQueryAttention, domain: 'com.microsoft', opset: 1 },
  Attention: { emit: standardAttention, domain: '', opset: ATTENTION },
} as const satisfies Record<string, Candidate>;

export type AttentionOp = 'auto' | keyof typeof emitters;

/** What may be asked for. */
export const attentionOps = ['auto', ...(Object.keys(emitters) as (keyof typeof emitters)[])] as const;

/**
 * The op for a site: the one asked for, else MultiHeadAttention, and Attention for a soft cap.
 *
 * Why not for a soft cap on the CPU: onnxruntime 1.30 takes 0.99 ms for one with 4 heads of 64 and 128 queries and keys, without
 * the cap 0.40 ms, and for the plain nodes, cap included, 0.38 ms (one thread): its tanh is not vectorized.
 */
export function choose(site: AttentionSite, op: AttentionOp, context: PassContext, facts: Facts): Match<Choice> {
  if (op === 'auto' && isFasterCausal(site, context)) {
    const emission = groupQueryAttention(site, facts);
    if (!(emission instanceof Miss))
      return { name: 'GroupQueryAttention', emit: () => emission, opset: 1, why: 'the mask is causal' };
  }
  const name = op !== 'auto' ? op : site.softcap === undefined ? 'MultiHeadAttention' : 'Attention';
  if (op === 'auto' && site.softcap !== undefined && context.target === 'cpu')
    return new Miss(
      'the scores are soft-capped: on the CPU the kernel for that, Attention, is slower than these nodes; op=Attention emits it',
      site.softmax,
      7,
    );
  const { emit, domain, opset }: Candidate = emitters[name];
  const elem: DataType = elemOfKernel(site);
  const why = op === 'auto' ? 'the scores are soft-capped: only Attention holds that' : `${name} was asked for`;
  if (!context.hasKernel(name, domain, domain === '' ? opset : 1, elem))
    return new Miss(`the target has no ${name} for ${elem}`, site.softmax, 7, helps.kernel);
  return { name, emit, opset, why };
}

/** Where GroupQueryAttention has been measured, and is faster than the others for what is causal. */
const isFasterCausal = (site: AttentionSite, context: PassContext): boolean =>
  context.target === 'cpu' &&
  site.softcap === undefined &&
  elemOfKernel(site) === 'float32' &&
  context.hasKernel('GroupQueryAttention', 'com.microsoft', 1, 'float32');
