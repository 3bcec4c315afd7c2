/** The attention operators of ai.onnx. */
import { addDims, divideExactly, floorDivide, multiplyDims, subtractDims } from '../../ir/dims/dims.js';
import type { Call, InferRule, PartialDim } from '../call.js';
import { heavy } from '../precision.js';
import { attended, overKernel, throughState } from '../products.js';
import type { Rows } from '../row.js';
import { like } from '../shapes.js';

/** Sum of two dims where both are known. */
export const plus = (a: PartialDim, b: PartialDim): PartialDim =>
  a === undefined || b === undefined ? undefined : addDims(a, b);

/** Product of two dims where both are known. */
export const times = (a: PartialDim, b: PartialDim): PartialDim =>
  a === undefined || b === undefined ? undefined : multiplyDims(a, b);

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

const attentionRule: InferRule = (call) => {
  const queryHeads = call.int('q_num_heads');
  const cacheHeads = call.int('kv_num_heads');
  const query = headsOf(call, 0, queryHeads);
  const key = headsOf(call, 1, cacheHeads);
  const value = headsOf(call, 2, cacheHeads);
  const batch = call.dim(0, 0);
  const isFlat = call.rank(0) === 3;
  if (!query) return;
  const width = value && (isFlat ? times(query.heads, value.size) : value.size);
  call.set(0, isFlat ? [batch, query.length, width] : [batch, query.heads, query.length, width]);
  const past = call.has(4) ? call.dim(4, 2) : 0;
  const total = plus(past, key?.length);
  if (key) call.set(1, [batch, key.heads, total, key.size]);
  if (value) call.set(2, [batch, value.heads, total, value.size]);
  call.set(3, [batch, query.heads, query.length, total]);
};

/** Output as wide as the query's heads of the value's size; the state is [batch, heads, size of key, size of value]. */
export const linearAttention: InferRule = (call) => {
  const [heads, stateHeads] = [call.int('q_num_heads'), call.int('kv_num_heads')];
  const [keySize, valueSize] = [share(call.dim(1, 2), stateHeads), share(call.dim(2, 2), stateHeads)];
  const [batch, length] = [call.dim(0, 0), call.dim(0, 1)];
  call.set(0, [batch, length, times(valueSize, heads)], call.elem(0));
  const state = [batch, stateHeads, keySize, valueSize];
  const window = call.int('state_window', 0);
  call.set(1, window ? [window, ...state] : state, call.elem(3) ?? call.elem(0));
};

/** What is carried on has the last positions that the kernel reaches back to. */
export const causalConvolution: InferRule = (call) => {
  call.set(0, call.shape(0), call.elem(0));
  const kernel = call.dim(1, -1);
  const isPlain = !call.int('state_window', 0) && !call.int('channels_last', 0) && call.int('ndim', 1) === 1;
  const own = isPlain && kernel !== undefined ? [call.dim(0, 0), call.dim(0, 1), subtractDims(kernel, 1)] : undefined;
  call.set(1, call.shape(3) ?? own, call.elem(0));
};

export const attention: Rows = {
  Attention: { infer: attentionRule, precision: { ...heavy, mask: 3 }, products: attended(4) },
  CausalConvWithState: { infer: causalConvolution, products: overKernel() },
  LinearAttention: { infer: linearAttention, products: throughState },
  RotaryEmbedding: { infer: like(), fuses: 'rotary embedding' },
};
