/**
 * Finds the node whose constants can divide the channels of an activation: a norm, a scale or a linear layer before it, with only functions between
 * that keep positive factors. Attention is one, from its values to its result: it adds up rows, channel by channel.
 */
import type { Node } from '../../../src/ir/node.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { productOf } from '../product.js';
import { valuesOf } from './heads.js';

export interface ChannelSource {
  /** The node that computes the activation. */
  readonly node: Node;
  /** The constants to divide: first scales or a weight, then addends. */
  readonly parts: readonly ChannelPart[];
  /** True for a norm without nodes behind it: its scale and shift tell the sizes of channels. */
  readonly norm: boolean;
}

/** An input that holds numbers of channels in turn: so many of the first, of the second, and after the last channel of the first again. */
export interface ChannelPart {
  readonly node: Node;
  readonly index: number;
  readonly inner: number;
}

/** Norms over the last axis, by the inputs of scale and shift. */
const norms: ReadonlyMap<string, readonly [scale: number, shift?: number]> = new Map([
  ['LayerNormalization', [1, 2]],
  ['RMSNormalization', [1]],
  ['SimplifiedLayerNormalization', [1]],
  ['com.microsoft.SkipLayerNormalization', [2, 3]],
  ['com.microsoft.SkipSimplifiedLayerNormalization', [2]],
]);

/** f(x · c) = f(x) · c for positive c. */
const homogeneous = new Set(['Relu', 'LeakyRelu', 'Identity', 'Reshape']);

/** The source of an activation; undefined where the division would need a new operator. */
export function sourceOf(activation: Value, channels: number): ChannelSource | undefined {
  const added: ChannelPart[] = [];
  const part = (node: Node, index: number, inner = 1): ChannelPart => ({ node, index, inner });
  let isPlain = true;
  for (let value = activation; ; isPlain = false) {
    const node = value.producer;
    if (!node || node.hasReference || value !== node.outputs[0] || value.graph !== activation.graph) return undefined;
    if (value.shape?.at(-1) !== channels) return undefined;
    // Other readers of a value on the way would get divided numbers.
    if (value !== activation && (value.uses.size !== 1 || value.isOutput)) return undefined;
    const isPart = (index: number | undefined) => index === undefined || isChannels(node.inputs[index], channels);
    const norm = norms.get(node.domain ? `${node.domain}.${node.opType}` : node.opType);
    if (norm) {
      const isLast = [-1, (value.shape?.length ?? 0) - 1].includes(node.int('axis', -1));
      const indices = norm.filter((index): index is number => index !== undefined && node.inputs[index] !== undefined);
      if (!isLast || indices[0] !== norm[0] || !indices.every(isPart)) return undefined;
      return { node, parts: [...indices.map((index) => part(node, index)), ...added], norm: isPlain };
    }
    const constant = node.is('Mul') || node.is('Add') ? [0, 1].find((index) => isPart(index)) : undefined;
    if (constant !== undefined && node.is('Mul')) return { node, parts: [part(node, constant), ...added], norm: false };
    const linear = linearParts(node, channels);
    if (linear) return { node, parts: [...linear, ...added], norm: false };
    const values = valuesOf(value, channels);
    if (constant !== undefined) added.push(part(node, constant));
    else if (!values && (node.domain !== '' || !homogeneous.has(node.opType))) return undefined;
    value = values ?? (node.inputs[constant === 0 ? 1 : 0] as Value);
  }
}

/** The weight of a linear layer, by its columns, and its bias; undefined where another node reads them too, or they are computed. */
function linearParts(node: Node, channels: number): ChannelPart[] | undefined {
  const product = productOf(node);
  if (typeof product !== 'object') return undefined;
  const { weight, bias } = product;
  const { stored, tensor, isTransposed, K, N } = weight;
  if (stored !== node.inputs[1] || stored.isInput || stored.uses.size > 1 || tensor.type !== 'float32')
    return undefined;
  if (N !== channels || (bias && !isChannels(bias, channels))) return undefined;
  const own = { node, index: 1, inner: isTransposed ? K : 1 };
  return bias ? [own, { node, index: 2, inner: 1 }] : [own];
}

/** A float32 constant with one number for each channel along the last axis. */
function isChannels(value: Value | undefined, channels: number): boolean {
  const tensor = value?.tensor;
  if (!tensor || value.isInput || tensor.type !== 'float32') return false;
  return tensor.shape.at(-1) === channels && elementCount(tensor.shape) === channels;
}
