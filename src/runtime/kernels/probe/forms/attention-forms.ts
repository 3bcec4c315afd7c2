/** Forms of attention and of rotary embedding. */
import { float } from '../../../../ir/attribute.js';
import { tensorOf } from '../../../../ir/tensors/numbers.js';
import type { Operand, ProbedForm } from '../form.js';
import {
  form,
  HEAD,
  HEADS,
  heads,
  hidden,
  i32,
  none,
  num_heads,
  port,
  positions,
  type Rest,
  SEQUENCE,
  scores,
  WIDTH,
  w,
  x,
} from './operands.js';

const groupQuery: readonly Operand[] = [
  hidden,
  x(1, SEQUENCE, 2 * HEAD),
  x(1, SEQUENCE, 2 * HEAD),
  x(1, 2, 0, HEAD),
  x(1, 2, 0, HEAD),
  i32(SEQUENCE - 1),
  i32(SEQUENCE),
];
const three: Rest['outputs'] = ['float32', 'float32', 'float32'];
const grouped = { num_heads, kv_num_heads: 2 };

export const attentionForms: readonly ProbedForm[] = [
  form('MultiHeadAttention', [hidden, hidden, hidden], { attributes: { num_heads } }),
  form('MultiHeadAttention', [hidden, hidden, hidden, none, none, scores], {
    name: 'bias of scores',
    attributes: { num_heads, scale: float(0.1) },
  }),
  form('MultiHeadAttention', [hidden, heads, heads], { name: 'K V by head', attributes: { num_heads } }),
  form('MultiHeadAttention', [x(1, SEQUENCE, HEADS, 3, HEAD)], { name: 'packed QKV', attributes: { num_heads } }),
  form('MultiHeadAttention', [hidden, x(1, SEQUENCE, HEADS, 2, HEAD)], {
    name: 'packed KV',
    attributes: { num_heads },
  }),
  form('Attention', [hidden, w(WIDTH, 3 * WIDTH), w(3 * WIDTH)], { attributes: { num_heads } }),
  form('Attention', [hidden, w(WIDTH, 3 * WIDTH), w(3 * WIDTH), none, none, scores], {
    name: 'bias of scores',
    attributes: { num_heads },
  }),
  form(
    'PackedMultiHeadAttention',
    [
      x(SEQUENCE, HEADS, 3, HEAD),
      none,
      none,
      none,
      {
        tensor: tensorOf(
          'int32',
          Array.from({ length: SEQUENCE }, (_, i) => i),
          [1, SEQUENCE],
        ),
      },
      i32(0, SEQUENCE),
    ],
    { attributes: { num_heads } },
  ),
  form('GroupQueryAttention', groupQuery, { name: 'past', outputs: three, attributes: grouped }),
  form('GroupQueryAttention', [...groupQuery, none, none, none, scores], {
    name: 'bias of scores',
    outputs: three,
    attributes: grouped,
  }),
  form('GroupQueryAttention', [...groupQuery, w(128, HEAD / 2), w(128, HEAD / 2)], {
    name: 'rotary, window, softcap',
    outputs: three,
    attributes: { ...grouped, do_rotary: 1, softcap: float(30), local_window_size: 32 },
  }),
  form('RotaryEmbedding', [heads, positions(SEQUENCE), w(128, HEAD / 2), w(128, HEAD / 2)]),
  ...[23, 24].flatMap((opset) => {
    const few = x(1, 2, SEQUENCE, HEAD);
    const standard = (name: string, inputs: readonly Operand[], rest: Rest = {}) =>
      form('Attention', inputs, { ...rest, name, domain: '', opset });
    return [
      standard('rank 3', [hidden, hidden, hidden], { attributes: { q_num_heads: HEADS, kv_num_heads: HEADS } }),
      standard('rank 4', [heads, heads, heads]),
      standard('boolean mask', [heads, heads, heads, port('bool', 1, 1, SEQUENCE, SEQUENCE)]),
      standard('float mask', [heads, heads, heads, scores]),
      standard('softcap', [heads, heads, heads], { attributes: { softcap: float(30) } }),
      standard('grouped, causal', [heads, few, few], { attributes: { is_causal: 1 } }),
      standard('past', [heads, heads, heads, none, x(1, HEADS, 8, HEAD), x(1, HEADS, 8, HEAD)], { outputs: three }),
    ];
  }),
];
