/** Values of attributes that have no meaning, whatever the inputs are: passes and inference count on those that have. */
import { type Attribute, textOf } from '../../ir/attribute.js';
import type { Node } from '../../ir/node.js';
import { ModelError } from '../../ir/text/errors.js';
import { dataTypeOfCode } from '../../ir/types.js';

type AttributeWithValue = Exclude<Attribute, { type: 'ref' }>;
/** What is expected; undefined where the value is fine. */
type AttributeRule = (value: AttributeWithValue) => string | undefined;

const ints = (value: AttributeWithValue): readonly bigint[] =>
  value.type === 'ints' ? value.value : value.type === 'int' ? [value.value] : [];
const atLeast =
  (least: bigint): AttributeRule =>
  (value) =>
    ints(value).every((one) => one >= least)
      ? undefined
      : least === 0n
        ? 'numbers of 0 or more'
        : `${value.type === 'ints' ? 'numbers' : 'a number'} above 0`;
const positive = atLeast(1n);
const oneOf =
  (...words: readonly string[]): AttributeRule =>
  (value) =>
    value.type !== 'string' || words.includes(textOf(value.value))
      ? undefined
      : `one of ${words.filter(Boolean).join(', ')}`;
const elementType: AttributeRule = (value) =>
  value.type === 'int' && (dataTypeOfCode(Number(value.value)) ?? 'undefined') === 'undefined'
    ? 'the number of an element type'
    : undefined;
const permutation: AttributeRule = (value) => {
  const sorted = [...ints(value)].sort((a, b) => (a < b ? -1 : 1));
  return sorted.every((axis, place) => axis === BigInt(place))
    ? undefined
    : `each axis from 0 to ${sorted.length - 1} once`;
};

const windows: Readonly<Record<string, AttributeRule>> = {
  kernel_shape: positive,
  strides: positive,
  dilations: positive,
  auto_pad: oneOf('NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID', ''),
};
const recurrent: Readonly<Record<string, AttributeRule>> = {
  hidden_size: positive,
  direction: oneOf('forward', 'reverse', 'bidirectional'),
};
const resize = { mode: oneOf('nearest', 'linear', 'bilinear', 'cubic') };
const heads = { num_heads: positive, kv_num_heads: positive };
const blocks = { blocksize: positive };

/** By operator, with its domain where that is not ai.onnx. */
const rules = new Map<string, Readonly<Record<string, AttributeRule>>>([
  ...['Conv', 'ConvTranspose', 'ConvInteger', 'QLinearConv', 'DeformConv', 'AveragePool', 'MaxPool', 'LpPool'].map(
    (op) => [op, windows] as const,
  ),
  ...['LSTM', 'GRU', 'RNN'].map((op) => [op, recurrent] as const),
  ...['Resize', 'Upsample'].map((op) => [op, resize] as const),
  ...['Attention', 'MultiHeadAttention', 'GroupQueryAttention', 'DecoderMaskedMultiHeadAttention'].map(
    (op) => [`com.microsoft ${op}`, heads] as const,
  ),
  ['Attention', { q_num_heads: positive, kv_num_heads: positive }],
  ['Transpose', { perm: permutation }],
  ['Cast', { to: elementType }],
  ['DepthToSpace', { ...blocks, mode: oneOf('DCR', 'CRD') }],
  ['SpaceToDepth', blocks],
  ['Split', { num_outputs: positive }],
  ['Pad', { mode: oneOf('constant', 'reflect', 'edge', 'wrap') }],
]);

/** Throws ModelError for a value that no run of the operator accepts. */
export function refuseValue({ opType, domain }: Node, name: string, value: AttributeWithValue, place: string): void {
  const all = rules.get(domain === '' ? opType : `${domain} ${opType}`);
  if (!all || !Object.hasOwn(all, name)) return;
  const expected = all[name]?.(value);
  if (expected !== undefined) throw new ModelError(place, expected, foundText(value));
}

/** Lists are shown as far as a line goes. */
function foundText(value: AttributeWithValue): string {
  if (value.type === 'string') return JSON.stringify(textOf(value.value).slice(0, 40));
  const list = ints(value);
  return list.length === 1 ? `${list[0]}` : `[${list.slice(0, 8)}${list.length > 8 ? ', …' : ''}]`;
}
