/** Attention operators of com.microsoft. */
import { addDims, maxDim, multiplyDims } from '../../ir/dims/dims.js';
import type { Call, InferRule, PartialDim } from '../call.js';
import { heavy, scales } from '../precision.js';
import { attended, attendedInGroups, attendedPacked, overKernel, throughState, uncounted } from '../products.js';
import type { Rows } from '../row.js';
import { like } from '../shapes.js';
import { matrixAt } from '../weights.js';
import { causalConvolution, linearAttention, plus, share, times } from './attention.js';

/** MultiHeadAttention(query, key, value, bias, padding mask, bias of scores, past key, past value). */
const multiHeadAttention: InferRule = (call) => {
  const query = call.shape(0);
  if (!query) return;
  const heads = call.int('num_heads');
  const [batch, length] = query;
  const isPacked = query.length === 5;
  const [key, value] = [call.shape(1), call.shape(2)];
  const headSize = isPacked ? query[4] : share(query[2], heads);
  const valueSize = isPacked || !call.has(2) ? headSize : sizeOf(value, heads);
  const keyLength = isPacked || !call.has(1) ? length : key?.length === 4 ? key[2] : key?.[1];
  const width = valueSize === undefined || heads === undefined ? undefined : multiplyDims(valueSize, heads);
  call.set(0, [batch, length, width]);
  const past = call.has(6) ? call.dim(6, 2) : 0;
  // With a buffer that past and present share, the present is as long as the past.
  const isShared = call.has(6) && call.has(8);
  const total = isShared ? past : call.has(1) && !key ? undefined : plus(past, keyLength);
  call.set(1, [batch, heads, total, headSize]);
  call.set(2, [batch, heads, total, valueSize]);
  call.set(3, [batch, heads, length, isShared ? undefined : total]);
};

/** Size of a head of [batch, length, heads·size] or [batch, heads, length, size]. */
const sizeOf = (shape: readonly PartialDim[] | undefined, heads: number | undefined): PartialDim =>
  shape?.length === 4 ? shape[3] : shape?.length === 3 ? share(shape[2], heads) : undefined;

const groupQueryAttention: InferRule = (call) => {
  const query = call.shape(0);
  if (query?.length !== 3) return;
  const [heads, cacheHeads] = [call.int('num_heads'), call.int('kv_num_heads')];
  const [batch, length, width] = query;
  const isPacked = !call.has(1);
  const parts = heads === undefined || cacheHeads === undefined ? undefined : heads + 2 * cacheHeads;
  const size = share(width, isPacked ? parts : heads);
  call.set(0, [batch, length, size === undefined || heads === undefined ? undefined : multiplyDims(size, heads)]);
  const elem = call.elem(3) ?? call.elem(0);
  // Bytes may hold two numbers: then only the past says how wide the present is.
  const stored = elem === 'uint8' ? call.dim(3, 3) : size;
  const present = [batch, cacheHeads, presentLength(call), stored];
  for (const index of [1, 2]) call.set(index, present, elem);
};

/** total_sequence_length, or the past's buffer where that is longer, or a window that it slides through. */
function presentLength(call: Call): PartialDim {
  const past = call.has(3) ? call.dim(3, 2) : 0;
  if (call.int('sliding_window_cache', 0) !== 0) return past;
  const total = call.scalar(6);
  return past === undefined || total === undefined ? undefined : maxDim(past, total);
}

/** Keys and values go into the buffers that are handed in. */
const sparseAttention: InferRule = (call) => {
  groupQueryAttention(call);
  call.set(1, call.shape(3));
  call.set(2, call.shape(4));
};

/** Attention(input, weights, bias, mask, past): weights hold query, key and value side by side. */
const packedAttention =
  (past: number): InferRule =>
  (call) => {
    const input = call.shape(0);
    if (input?.length !== 3) return;
    const heads = call.int('num_heads');
    const sizes = call.ints('qkv_hidden_sizes');
    const packed = call.dim(1, 1);
    const width = sizes?.[2] ?? share(packed, 3);
    call.set(0, [input[0], input[1], width]);
    const isShared = call.int('past_present_share_buffer', 0) !== 0;
    const pastLength = call.has(past) ? call.dim(past, 3) : 0;
    const total = isShared ? undefined : plus(pastLength, input[1]);
    call.set(1, [2, input[0], heads, total, share(width, heads)]);
  };

/** One new position: query, key and value apart, or side by side in the query; in cross attention key and value are caches. */
const decoderMasked: InferRule = (call) => {
  const [query, value, heads] = [call.shape(0), call.shape(2), call.int('num_heads')];
  if (query?.length !== 3) return;
  const [batch, length] = query;
  const width = value?.length === 4 ? times(value[3], heads) : value?.length === 3 ? value[2] : undefined;
  call.set(0, [batch, length, call.has(1) ? width : times(call.dim(6, 3), heads)]);
  const pastLength = call.dim(5, 2);
  const isShared = call.int('past_present_share_buffer', 0) !== 0;
  const total = isShared ? pastLength : plus(pastLength, 1);
  if (!call.has(5)) return;
  for (const index of [1, 2]) call.set(index, [batch, heads, total, call.dim(4 + index, 3)]);
};

const decoderMaskedSelf: InferRule = (call) => {
  const [batch, length, past] = [call.dim(0, 0), call.dim(0, 1), call.shape(4)];
  call.set(0, call.rank(0) === 3 ? [batch, length, share(call.dim(1, 1), 3)] : undefined);
  const isShared = call.int('past_present_share_buffer', 0) !== 0;
  call.set(
    1,
    past?.map((dim, axis) => (axis === 3 && !isShared ? addDims(dim, 1) : dim)),
  );
};

/** Tokens without padding: [tokens, width], or query, key and value of each head in one. */
const packedMultiHead: InferRule = (call) => {
  const query = call.shape(0);
  if (query) call.set(0, [query[0], query.length === 4 ? times(query[3], query[1]) : call.dim(2, 1)]);
};

const packedTokens: InferRule = (call) => {
  const width = call.ints('qkv_hidden_sizes')?.[2] ?? share(call.dim(1, 1), 3);
  call.set(0, call.rank(0) === 2 ? [call.dim(0, 0), width] : undefined);
};

/** [1, heads, queries, keys] from the lengths that are handed in. */
const relativePositionBias: InferRule = (call) => call.set(0, [1, call.dim(0, 1), call.scalar(1), call.scalar(2)]);

const gatedRelativePositionBias: InferRule = (call) => {
  const batch = call.has(6) ? call.dim(6, 0) : call.dim(0, 0);
  call.set(0, [batch, call.int('num_heads'), call.dim(2, 2), call.dim(2, 3)]);
};

/** Generation: [batch, sequences, longest], and one score a sequence. */
const beamSearch: InferRule = (call) => {
  const [most, kept] = [call.scalar(1), call.scalar(4)];
  call.set(0, [call.dim(0, 0), kept, most]);
  call.set(1, [call.dim(0, 0), kept]);
};

export const microsoftAttention: Rows = {
  Attention: {
    infer: packedAttention(4),
    precision: { ...heavy, mask: 5 },
    weights: matrixAt(1),
    products: attendedPacked(4),
  },
  CausalConvWithState: { infer: causalConvolution, products: overKernel() },
  DecoderMaskedMultiHeadAttention: { infer: decoderMasked, products: attended(5) },
  DecoderMaskedSelfAttention: { infer: decoderMaskedSelf, weights: matrixAt(1), products: attendedPacked(4) },
  GatedRelativePositionBias: { infer: gatedRelativePositionBias, products: uncounted },
  GroupQueryAttention: {
    infer: groupQueryAttention,
    precision: { ...heavy, mask: 10, float32Inputs: [12, 13] },
    products: attendedInGroups,
  },
  LinearAttention: { infer: linearAttention, products: throughState },
  LongformerAttention: { infer: like(), products: uncounted },
  MultiHeadAttention: { infer: multiHeadAttention, precision: { ...heavy, mask: 5 }, products: attended(6) },
  PackedAttention: { infer: packedTokens, weights: matrixAt(1), products: uncounted },
  PackedMultiHeadAttention: { infer: packedMultiHead, products: uncounted },
  QAttention: { infer: packedAttention(8), precision: scales, products: attendedPacked(8) },
  RelativePositionBias: { infer: relativePositionBias },
  SparseAttention: { infer: sparseAttention, products: uncounted },
  WhisperBeamSearch: { infer: beamSearch, draws: true, products: uncounted },
};
