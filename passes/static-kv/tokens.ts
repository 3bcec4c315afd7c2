/**
 * Where the tokens of the buffers go: what works on each place alone may stay, and a sum over all places needs weights that are 0 at those that are
 * not written yet. Anything else is refused.
 */

import { fromStart } from '../../src/ir/dims/axes.js';
import { type Dim, equalDims, productOf } from '../../src/ir/dims/dims.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { everyNumber } from '../../src/ir/tensors/numbers.js';
import type { Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { permOf } from '../../src/ops/families/views.js';
import { rowOf } from '../../src/ops/registry.js';
import type { GrowingCaches } from './caches.js';

/** The axis of a value that counts tokens; `isHidden`: it is 0 where nothing is written yet. */
interface Tokens {
  readonly axis: number;
  readonly isHidden: boolean;
}

/** What a node makes of tokens: those of its result, nothing where it sums them up, or the reason why it may not. */
type Step = Tokens | undefined | string;

interface TokenFlow {
  /** Each Softmax over tokens, in which those are to be hidden that are not written yet. */
  readonly hidden: ReadonlySet<Node>;
  /** The first node that may not read what it reads. */
  readonly refusal?: { readonly reason: string; readonly at: Node };
}

export function followTokens(model: Model, { caches, typed, total }: GrowingCaches): TokenFlow {
  const tokens = new Map<Value, Tokens>(caches.map(({ concat, axis }) => [concat.output, { axis, isHidden: false }]));
  const outputs = new Set(tokens.keys());
  const hidden = new Set<Node>();
  const shapeOf: ShapeOf = (value) => value && typed.shape(value);
  const grows = (value: Value | undefined): boolean => shapeOf(value)?.some((dim) => equalDims(dim, total)) === true;
  for (const graph of model.graphs())
    for (const node of [...graph.nodes(), graph.end]) {
      if (node.is('Shape') || caches.some(({ concat }) => concat === node)) continue;
      const read = node.inputs.map((value) => (value ? tokens.get(value) : undefined));
      const isRead = read.some((one) => one !== undefined);
      const areCaches = node.inputs.every((value, i) => !read[i] || outputs.has(value as Value));
      if (node.isEnd && graph === model.graph && areCaches) continue;
      const step = isRead ? stepOf(node, read, shapeOf) : besides(node, grows, shapeOf);
      if (typeof step === 'string') return { hidden, refusal: { reason: step, at: node } };
      if (step) tokens.set(node.output, step);
      if (step?.isHidden && node.is('Softmax')) hidden.add(node);
    }
  return { hidden };
}

/** A mask, or the places of tokens: what does not grow any more was made of all of them. */
function besides(node: Node, grows: (value: Value | undefined) => boolean, shapeOf: ShapeOf): Step {
  if (node.isEnd || view.has(node.opType) || !node.inputs.some(grows)) return undefined;
  const isLost = node.outputs.some((value) => value?.users.length && shapeOf(value) && !grows(value));
  return isLost ? 'it makes one result of all places of a cache, some of which are not written yet' : undefined;
}

const view = new Set(['Reshape', 'Unsqueeze', 'Squeeze', 'Expand', 'Identity', 'Cast', 'Flatten']);

type ShapeOf = (value: Value | undefined) => Shape | undefined;

function stepOf(node: Node, read: readonly (Tokens | undefined)[], shapeOf: ShapeOf): Step {
  const other = 'it reads the tokens of a cache, and may see places that are not written yet';
  const [shape, result] = [shapeOf(node.inputs[0]), shapeOf(node.outputs[0])];
  const [first] = read;
  if (node.isEnd || node.domain !== '' || !result) return other;
  if (node.is('MatMul')) return product(node, read, shapeOf);
  if (node.is('Attention')) {
    const [q, k, v, ...rest] = read;
    const isRow = (one: Tokens | undefined, index: number) =>
      one?.axis === (shapeOf(node.inputs[index])?.length ?? 0) - 2;
    const isWhole = !q && isRow(k, 1) && isRow(v, 2) && rest.every((one) => !one);
    return isWhole && node.outputs.slice(1).every((output) => !output?.users.length) ? undefined : other;
  }
  if (node.is('Softmax') && first) {
    const axis = fromStart(node.int('axis', -1), result.length);
    if (axis !== first.axis) return { ...first, isHidden: false };
    return axis === result.length - 1
      ? { axis, isHidden: true }
      : 'a Softmax over tokens that are not its last axis: nothing hides what is not written yet';
  }
  if (node.is('Transpose') && first) return { ...first, axis: permOf(node, result.length).indexOf(first.axis) };
  if (view.has(node.opType) && first && shape && !read[1]) return viewed(first, shape, result) ?? other;
  if (rowOf(node)?.isElementwise) return alike(node, read, result.length, shapeOf) ?? other;
  return other;
}

/** Tokens behind a view: the axis of their number with as much behind it, times what an Expand repeats. */
function viewed(tokens: Tokens, from: Shape, to: Shape): Tokens | undefined {
  const size = from[tokens.axis] as Dim;
  const behind = productOf(from.slice(tokens.axis + 1));
  const axis = to.findLastIndex((dim, at) => equalDims(dim, size) && equalDims(productOf(to.slice(at + 1)), behind));
  return axis < 0 ? undefined : { ...tokens, axis };
}

const isZero = (value: Value | undefined): boolean => {
  const tensor = constantTensor(value);
  return tensor !== undefined && everyNumber(tensor, (number) => number === 0);
};

/** Element by element. A product is 0 where a factor is, and a choice where both are. */
function alike(node: Node, read: readonly (Tokens | undefined)[], rank: number, shapeOf: ShapeOf): Tokens | undefined {
  const axes = read.flatMap((one, i) => (one ? one.axis + rank - (shapeOf(node.inputs[i])?.length ?? 0) : []));
  const [axis] = axes;
  if (axis === undefined || axes.some((one) => one !== axis)) return undefined;
  const isHidden = node.is('Mul')
    ? read.some((one) => one?.isHidden)
    : node.is('Where')
      ? [1, 2].every((i) => read[i]?.isHidden || isZero(node.inputs[i]))
      : ['Cast', 'Identity', 'Neg', 'Div'].includes(node.opType) && read[0]?.isHidden === true;
  return { axis, isHidden };
}

/** Scores of each token, or a sum over them. */
function product(node: Node, [left, right]: readonly (Tokens | undefined)[], shapeOf: ShapeOf): Step {
  const [a, b, result] = [shapeOf(node.inputs[0]), shapeOf(node.inputs[1]), shapeOf(node.output)];
  if (!a || !b || !result || a.length < 2 || b.length < 2) return 'a product of tokens of unknown shape';
  const [isLeft, isRight] = [left?.axis === a.length - 1, right?.axis === b.length - 2];
  if (isLeft || isRight) {
    const isSum = (isLeft || !left) && (isRight || !right);
    const isHidden = left?.isHidden || right?.isHidden;
    return isSum && isHidden
      ? undefined
      : 'it sums over all places of a cache, and nothing hides those that are not written yet';
  }
  const axes = [left && left.axis + result.length - a.length, right && right.axis + result.length - b.length].filter(
    (axis) => axis !== undefined,
  );
  const [axis] = axes;
  if (axis === undefined || axes.some((one) => one !== axis)) return 'a product of tokens with tokens';
  return { axis, isHidden: left?.isHidden === true || right?.isHidden === true };
}
