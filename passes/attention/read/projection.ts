/** Products of one input with constant weights, x·W + b, which a kernel with packed weights computes by itself. */
import type { Node } from '../../../src/ir/node.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';

/** Columns `from` to `from + width` of x·weights + bias. */
export interface Projection {
  /** [..., D] */
  readonly input: Value;
  /** Constant, [D, C]. */
  readonly weights: Value;
  /** Constant, C elements. */
  readonly bias: Value | undefined;
  readonly from: number;
  readonly width: number;
}

/** Reads a value as a projection; a Miss where it is something else, or has other readers. */
export function projectionOf(value: Value): Match<Projection> {
  const node = value.producer;
  const reader = readersOf(value)[1];
  if (reader) return new Miss('a projection is read elsewhere', reader, helps.use);
  if (node?.is('Split')) return partOf(node, value);
  if (node?.is('Add')) {
    const at = node.inputs.findIndex((input) => input?.isConstant);
    const product = at < 0 ? undefined : node.inputs[1 - at];
    if (!product?.producer?.is('MatMul')) return expected(value);
    const projection = projectionOf(product);
    return projection instanceof Miss ? projection : withBias(projection, node.inputs[at] as Value, node);
  }
  if (node?.is('Gemm')) return gemm(node);
  const [input, weights] = node?.inputs ?? [];
  return node?.is('MatMul') && input && weights ? projected(input, weights, node) : expected(value);
}

const readersOf = (value: Value): readonly Node[] => value.users.filter((user) => !user.is('Shape'));

const expected = (value: Value): Miss =>
  new Miss(
    `expected a product with constant weights; found ${value.producer?.opType ?? 'an input'}`,
    value.producer ?? value,
  );

function projected(input: Value, weights: Value, at: Node): Match<Projection> {
  const shape = weights.tensor?.shape;
  if (!shape) return new Miss('the weights of a projection are not constant as they are stored', at);
  if (shape.length !== 2) return new Miss('the weights of a projection are no matrix', at);
  return { input, weights, bias: undefined, from: 0, width: shape[1] as number };
}

/** A vector as long as the weights are wide is added. */
function withBias(projection: Projection, bias: Value, at: Node): Match<Projection> {
  const shape = (bias.tensor as Tensor | undefined)?.shape ?? [];
  const isVector = shape.length > 0 && shape.every((size, i) => size === (i < shape.length - 1 ? 1 : projection.width));
  return isVector ? { ...projection, bias } : new Miss('the bias of a projection is no vector of its columns', at);
}

function gemm(node: Node): Match<Projection> {
  const [input, weights, bias] = node.inputs;
  const isPlain =
    node.float('alpha', 1) === 1 &&
    node.float('beta', 1) === 1 &&
    node.int('transA', 0) === 0 &&
    node.int('transB', 0) === 0;
  if (!isPlain || node.hasReference || !input || !weights)
    return new Miss('the Gemm of a projection scales or transposes', node);
  const projection = projected(input, weights, node);
  return projection instanceof Miss || !bias ? projection : withBias(projection, bias, node);
}

/** One of the columns' parts. */
function partOf(node: Node, value: Value): Match<Projection> {
  const whole = node.inputs[0] as Value;
  const rank = whole.shape?.length;
  const axis = node.int('axis', 0);
  const widths = node.outputs.map((output) => output?.shape?.at(-1));
  const isKnown = widths.every((width): width is number => typeof width === 'number');
  if (rank === undefined || axis === undefined || (axis !== -1 && axis !== rank - 1) || !isKnown)
    return new Miss('a projection is split along another axis than its columns', node);
  const projection = projectionOf(whole);
  if (projection instanceof Miss) return projection;
  const at = node.outputs.indexOf(value);
  const from = widths.slice(0, at).reduce((sum, width) => sum + width, projection.from);
  return { ...projection, from, width: widths[at] as number };
}
