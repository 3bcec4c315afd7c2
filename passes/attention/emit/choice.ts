/** Chooses the op that replaces a site. */

import type { Facts } from '../../../src/infer/index.js';
import { gainsFrom } from '../../../src/ir/targets/targets.js';
import type { DataType } from '../../../src/ir/types.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';
import type { PassContext } from '../../../src/run/pass.js';
import type { AttentionOp } from '../attention-ops.js';
import type { AttentionSite } from '../read/site.js';
import { isAttentionFaster } from './fastest.js';
import { groupQueryAttention } from './group-query.js';
import type { Emitter } from './kernel.js';
import { multiHeadAttention } from './multi-head.js';
import { elemOfKernel } from './operands.js';
import { ATTENTION } from './opset.js';
import { packedAttention } from './packed.js';
import { standardAttention } from './standard.js';

export interface OpChoice {
  /** The op. */
  readonly name: string;
  readonly emit: Emitter;
  /** The least opset of ai.onnx that it needs. */
  readonly opset: number;
  /** The reason for this op, as the beginning of a sentence. */
  readonly why: string;
}

interface OpEmitter extends Omit<OpChoice, 'name' | 'why'> {
  readonly domain: string;
  /** Its type, where users write it with its domain: two ops have one name. */
  readonly opType?: string;
}

/** The ops that can be asked for. */
const emitters = {
  MultiHeadAttention: { emit: multiHeadAttention, domain: 'com.microsoft', opset: 1 },
  GroupQueryAttention: { emit: groupQueryAttention, domain: 'com.microsoft', opset: 1 },
  Attention: { emit: standardAttention, domain: '', opset: ATTENTION },
  'com.microsoft.Attention': { emit: packedAttention, domain: 'com.microsoft', opset: 1, opType: 'Attention' },
} as const satisfies Record<Exclude<AttentionOp, 'auto'>, OpEmitter>;

/** CUDA's kernel: by its source. */
const CPU_ALONE =
  'GroupQueryAttention is emitted for the CPU alone: on CUDA it takes neither float32 nor a bias, on WebGPU it has not been run';

/**
 * The op for a site: the one asked for; else GroupQueryAttention for long causal rows of known sizes on the CPU, Attention for a
 * soft cap and where the target's generation has a faster kernel for it, and MultiHeadAttention for all others. `most`: the newest opset that
 * the model is at or can be raised to.
 *
 * Why not for a soft cap on the CPU: the tanh of all kernels there is not vectorized. With 4 heads of 64 and 128 queries and keys
 * (onnxruntime 1.30, one thread) Attention takes 1.04 ms, GroupQueryAttention 0.63 ms, the plain nodes, cap included, 0.53 ms.
 */
export function choose(
  site: AttentionSite,
  op: AttentionOp,
  context: PassContext,
  facts: Facts,
  most = Number.POSITIVE_INFINITY,
): Match<OpChoice> {
  if (op === 'auto' && isFasterCausal(site, context)) {
    const emission = groupQueryAttention(site, facts, context);
    if (!(emission instanceof Miss))
      return { name: 'GroupQueryAttention', emit: () => emission, opset: 1, why: 'the mask is causal' };
  }
  const faster = op === 'auto' && most >= ATTENTION ? fasterOf(site, context, facts) : undefined;
  if (faster) return faster;
  const name = op !== 'auto' ? op : site.softcap === undefined ? 'MultiHeadAttention' : 'Attention';
  if (op === 'auto' && site.softcap !== undefined && !gainsFrom(context.target, 'soft-capped attention'))
    return new Miss(
      'the scores are soft-capped: on the CPU the kernels for that are slower than these nodes; op=Attention emits it, or op=GroupQueryAttention where the mask is causal',
      site.softmax,
    );
  if (name === 'GroupQueryAttention' && !gainsFrom(context.target, 'causal attention'))
    return new Miss(CPU_ALONE, site.softmax, helps.kernel);
  const { emit, domain, opset, opType = name }: OpEmitter = emitters[name];
  const elem: DataType = elemOfKernel(site);
  const why = op === 'auto' ? 'the scores are soft-capped: only Attention holds that' : `${name} was asked for`;
  if (!context.hasKernel(opType, domain, domain === '' ? opset : 1, elem))
    return new Miss(`the target has no ${name} for ${elem}`, site.softmax, helps.kernel);
  return { name, emit, opset, why };
}

/** ai.onnx Attention where its kernel is the faster one on the generation that the result is for, and takes the site. */
function fasterOf(site: AttentionSite, context: PassContext, facts: Facts): OpChoice | undefined {
  const { architecture } = context;
  const elem = elemOfKernel(site);
  if (!architecture || !isAttentionFaster(architecture, elem, site.terms.length > 0)) return undefined;
  if (!context.hasKernel('Attention', '', ATTENTION, elem)) return undefined;
  const emission = standardAttention(site, facts, context);
  if (emission instanceof Miss) return undefined;
  return {
    name: 'Attention',
    emit: () => emission,
    opset: ATTENTION,
    why: `its kernel is the faster one on ${architecture}`,
  };
}

/** Fewer queries gain little, or lose where a row may be masked whole. */
const LONG = 64;

/**
 * True for causal sites that GroupQueryAttention runs faster than the other ops, by measurement. Its kernel ends the
 * process on an empty batch and fails on an empty sequence, so all sizes must be known.
 */
function isFasterCausal(site: AttentionSite, context: PassContext): boolean {
  const sizes = site.softmax.output.shape ?? [];
  const isLong = sizes.every((size) => typeof size === 'number' && size > 0) && Number(sizes.at(-2)) >= LONG;
  return (
    isLong &&
    gainsFrom(context.target, 'causal attention') &&
    site.softcap === undefined &&
    elemOfKernel(site) === 'float32' &&
    context.hasKernel('GroupQueryAttention', 'com.microsoft', 1, 'float32')
  );
}
