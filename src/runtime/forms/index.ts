/**
 * Lists the forms of inputs that a kernel takes, beyond the element type: ranks, sizes that must agree, multiples.
 * Data, no runtime.
 * The tables cover every op that passes emit. Each row was probed with onnxruntime-node 1.30.0's CPU provider in
 * November 2026: refused (or, where the row says so, computed wrongly) on one side of its border and accepted on the
 * other. CUDA and WebGPU check the attention ops, skip norms and RotaryEmbedding by the same code. An unknown size
 * refutes nothing.
 */
import type { KernelCall } from '../../ir/targets/kernel-call.js';
import { groupQuery, multiHead, packed, standard } from './attention.js';
import { CallReader, type KernelForm } from './form.js';
import { affine, blocks, integerProduct, perFeature, rotary, skipNorm } from './rows.js';

const CONTRIB = 'com.microsoft';
const forms = new Map<string, readonly KernelForm[]>([
  [`${CONTRIB} MultiHeadAttention`, multiHead],
  [`${CONTRIB} GroupQueryAttention`, groupQuery],
  [`${CONTRIB} Attention`, packed],
  [' Attention', standard],
  [`${CONTRIB} RotaryEmbedding`, rotary],
  [`${CONTRIB} SkipLayerNormalization`, skipNorm(perFeature(3, 'a bias'), perFeature(4, 'a bias of the sum'))],
  [`${CONTRIB} SkipSimplifiedLayerNormalization`, skipNorm(perFeature(3, 'a bias of the sum'))],
  [' LayerNormalization', affine],
  [' RMSNormalization', affine.slice(0, 1)],
  [' SimplifiedLayerNormalization', affine.slice(0, 1)],
  [`${CONTRIB} BiasGelu`, [perFeature(1, 'a bias')]],
  [`${CONTRIB} FastGelu`, [perFeature(1, 'a bias')]],
  [`${CONTRIB} MatMulNBits`, blocks],
  [' MatMulInteger', integerProduct],
]);

/**
 * The condition of the op's kernels that this call breaks; undefined where they take it, or nothing is known against
 * it.
 */
export function unfit(call: KernelCall): string | undefined {
  const reader = new CallReader(call);
  const broken = forms.get(`${call.domain} ${call.opType}`)?.find(({ holds }) => holds(reader) === false);
  return broken && `${call.opType} expects ${broken.expected}`;
}

/** Every row, for its test: the op with its domain, and the expected form. */
export const kernelForms = (): readonly string[] =>
  [...forms].flatMap(([op, rows]) => rows.map(({ expected }) => `${op.trim()}: ${expected}`));
