/** Attention operators of com.microsoft. */
import { multiplyDims } from '../../ir/dims.js';
import type { Call, Rule } from '../call.js';
import type { PartialDim } from '../frame.js';
import { plus, share } from './attention.js';

/** MultiHeadAttention(query, key, value, bias, padding mask, bias of scores, past key, past value). */
const multiHeadAttention: Rule = (call) => {
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
  // With a shared buffer the present is as long as the past.
  const past = call.has(6) ? call.dim(6, 2) : 0;
  const total = call.has(8) || (call.has(1) && !key) ? undefined : plus(past, keyLength);
  call.set(1, [batch, heads, total, headSize]);
  call.set(2, [batch, heads, total, valueSize]);
  call.set(3, [batch, heads, length, total]);
};

/** Size of a head of [batch, length, heads·size] or [batch, heads, length, size]. */
const sizeOf = (shape: readonly PartialDim[] | undefined, heads: number | undefined): PartialDim =>
  shape?.length === 4 ? shape[3] : shape?.length === 3 ? share(shape[2], heads) : undefined;

const groupQueryAttention: Rule = (call) => {
  const query = call.shape(0);
  if (query?.length !== 3) return;
  const [heads, cacheHeads] = [call.int('num_heads'), call.int('kv_num_heads')];
  const [batch, length, width] = query;
  const isPacked = !call.has(1);
  const parts = heads === undefined || cacheHeads === undefined ? undefined : heads + 2 * cacheHeads;
  const size = share(width, isPacked ? parts : heads);
  call.set(0, [batch, length, size === undefined || heads === undefined ? undefined : multiplyDims(size, heads)]);
  // How long the present is follows from the number of total_sequence_length and the past's buffer.
  const present = [batch, cacheHeads, undefined, size];
  const isQuantized = call.elem(3) === 'uint8' || call.elem(3) === 'int8';
  const elem = call.elem(3) ?? call.elem(0);
  for (const index of [1, 2]) call.set(index, isQuantized ? undefined : present, elem);
};

/** Attention(input, weights, bias, mask, past): weights hold query, key and value side by side. */
const packedAttention =
  (past: number): Rule =>
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

const decoderMasked: Rule = (call) => {
  const [batch, length] = [call.dim(0, 0), call.dim(0, 1)];
  call.set(0, call.rank(0) === 3 ? [batch, length, undefined] : undefined);
};

const flat = (call: Call): void => call.set(0, call.shape(0)?.length === 2 ? [call.dim(0, 0), undefined] : undefined);

export const microsoftAttention: Readonly<Record<string, Rule>> = {
  Attention: packedAttention(4),
  QAttention: packedAttention(8),
  MultiHeadAttention: multiHeadAttention,
  GroupQueryAttention: groupQueryAttention,
  DecoderMaskedMultiHeadAttention: decoderMasked,
  PackedAttention: flat,
  PackedMultiHeadAttention: flat,
};
