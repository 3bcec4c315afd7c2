/** The attention operators of ai.onnx. */
import { addDims, type Dim, divideExactly, floorDivide, multiplyDims } from '../../ir/dims.js';
import type { Call, Rule } from '../call.js';
import type { PartialDim } from '../frame.js';
import { like } from '../shapes.js';

/** Sum of two dims where both are known. */
export const plus = (a: PartialDim, b: PartialDim): PartialDim =>
  a === undefined || b === undefined ? undefined : addDims(a, b);

/** A part of a dim that the operator requires to come out even. */
export const share = (a: PartialDim, parts: number | undefined): PartialDim =>
  a === undefined || !parts ? undefined : (divideExactly(a, parts) ?? floorDivide(a, parts));

interface Heads {
  readonly heads: PartialDim;
  readonly length: PartialDim;
  readonly size: PartialDim;
}

/** Input `index` as heads × length × size: it is [batch, heads, length, size] or [batch, length, heads·size]. */
function headsOf(call: Call, index: number, count: number | undefined): Heads | undefined {
  const shape = call.shape(index);
  if (shape?.length === 4) return { heads: shape[1], length: shape[2], size: shape[3] };
  if (shape?.length === 3) return { heads: count, length: shape[1], size: share(shape[2], count) };
  return undefined;
}

const attentionRule: Rule = (call) => {
  const queryHeads = call.int('q_num_heads');
  const cacheHeads = call.int('kv_num_heads');
  const query = headsOf(call, 0, queryHeads);
  const key = headsOf(call, 1, cacheHeads);
  const value = headsOf(call, 2, cacheHeads);
  const batch = call.dim(0, 0);
  const isFlat = call.rank(0) === 3;
  if (!query) return;
  const width = value && (isFlat ? product(query.heads, value.size) : value.size);
  call.set(0, isFlat ? [batch, query.length, width] : [batch, query.heads, query.length, width]);
  const past = call.has(4) ? call.dim(4, 2) : 0;
  const total = plus(past, key?.length);
  if (key) call.set(1, [batch, key.heads, total, key.size]);
  if (value) call.set(2, [batch, value.heads, total, value.size]);
  call.set(3, [batch, query.heads, query.length, total]);
};

const product = (a: PartialDim, b: PartialDim): PartialDim =>
  a === undefined || b === undefined ? undefined : multiplyDims(a as Dim, b);

export const attention: Readonly<Record<string, Rule>> = {
  Attention: attentionRule,
  RotaryEmbedding: like(),
};
