/** Attention from its values to its result: each channel of the result is a sum of rows of the same channel of the values. */
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';

/** The values [batch, keys, channels] of the attention whose result this is, be it one node or a product of its scores; undefined where it is none. */
export const valuesOf = (result: Value, channels: number): Value | undefined =>
  ofNode(result, channels) ?? ofProduct(result, channels);

/** One value with all channels of all heads. Keys and values of before come from elsewhere, and a bias is a constant of its own. */
function ofNode(result: Value, channels: number): Value | undefined {
  const node = result.producer;
  if (!node || node.hasReference || result !== node.outputs[0]) return undefined;
  const isContrib = node.is('MultiHeadAttention', 'com.microsoft');
  const isStandard = node.is('Attention') && node.int('q_num_heads', 0) === node.int('kv_num_heads', 0);
  if (!isContrib && !isStandard) return undefined;
  const more = isContrib ? [3, 6, 7] : [4, 5];
  if (more.some((index) => node.inputs[index])) return undefined;
  if (node.outputs.slice(1).some((output) => output && (output.uses.size > 0 || output.isOutput))) return undefined;
  const values = node.inputs[2];
  return values?.shape?.length === 3 && values.shape[2] === channels ? values : undefined;
}

/** Reshape(Transpose(MatMul(weights, Transpose(Reshape(values))))): heads are apart from [.., heads, size] on, and side by side again. */
function ofProduct(result: Value, channels: number): Value | undefined {
  const joined = result.producer;
  if (!joined?.is('Reshape') || joined.hasReference) return undefined;
  const product = behind(turned(joined.inputs[0]), 'MatMul');
  const split = behind(turned(product?.inputs[1]), 'Reshape');
  const values = split?.inputs[0];
  const [heads, size] = joined.inputs[0]?.shape?.slice(2) ?? [];
  const [ownHeads, ownSize] = split?.output.shape?.slice(2) ?? [];
  if (typeof heads !== 'number' || typeof size !== 'number' || heads * size !== channels) return undefined;
  return heads === ownHeads && size === ownSize && values?.shape?.at(-1) === channels ? values : undefined;
}

/** The input of the Transpose [0, 2, 1, 3] that gives a value. */
function turned(value: Value | undefined): Value | undefined {
  const node = behind(value, 'Transpose');
  return node?.ints('perm')?.join() === '0,2,1,3' ? node.inputs[0] : undefined;
}

/** The node that gives a value, where it is of this operator and nothing else reads the value. */
function behind(value: Value | undefined, opType: string): Node | undefined {
  const node = value?.producer;
  return value?.uses.size === 1 && !value.isOutput && node?.is(opType) && !node.hasReference ? node : undefined;
}
