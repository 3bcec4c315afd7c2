/** What operators demand of the sizes of their inputs. A demand says what it expected where numbers refute it, whatever symbols stand for. */

import { axisOf } from '../ir/axes.js';
import type { Node } from '../ir/node.js';
import type { Call, PartialDim, PartialShape } from '../ops/call.js';
import { numericShape } from '../ops/shapes.js';

/** What was expected and is not so; undefined where all is well, or may be. */
type Demand = (call: Call) => string | undefined;

const differ = (a: PartialDim, b: PartialDim): boolean => typeof a === 'number' && typeof b === 'number' && a !== b;
const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** True where two dims, aligned at the ends, are different numbers of which none is 1. */
const clash = (a: PartialShape, b: PartialShape): boolean =>
  a.some((_, at) => {
    const [x, y] = [a.at(-1 - at), b.at(-1 - at)];
    return at < b.length && x !== 1 && y !== 1 && differ(x, y);
  });

const shapes = (call: Call): (PartialShape | undefined)[] =>
  Array.from({ length: call.inputCount }, (_, index) => call.shape(index));

const broadcast: Demand = (call) => {
  if (call.opset < 7) return undefined;
  const fromTheEnd = shapes(call).map((shape) => shape?.toReversed().map((dim) => (dim === 1 ? undefined : dim)));
  return areOdd(fromTheEnd) ? 'shapes that broadcast' : undefined;
};

/** True where two of the lists have different numbers at one place. */
function areOdd(lists: readonly (PartialShape | undefined)[]): boolean {
  const first: number[] = [];
  return lists.some((dims) => dims?.some((dim, at) => typeof dim === 'number' && (first[at] ??= dim) !== dim));
}

const expand: Demand = (call) => {
  const [data, target] = [call.shape(0), call.contents(1)];
  return data && target && clash(data, target) ? `a shape that broadcasts with [${target.join(', ')}]` : undefined;
};

const matMul =
  (second = 1): Demand =>
  (call) => {
    const [a, b] = [call.shape(0), call.shape(second)];
    if (!a || !b) return undefined;
    if (a.length === 0 || b.length === 0) return 'matrices or vectors';
    const [columns, rows] = [a.at(-1), b.length > 1 ? b.at(-2) : b[0]];
    if (differ(columns, rows)) return `as many columns on the left as rows on the right, not ${columns} and ${rows}`;
    return clash(a.slice(0, -2), b.slice(0, -2)) ? 'batches that broadcast' : undefined;
  };

const gemm: Demand = (call) => {
  const [a, b] = [call.shape(0), call.shape(1)];
  if ((a && a.length !== 2) || (b && b.length !== 2)) return 'two matrices';
  const [columns, rows] = [a?.[call.int('transA', 0) ? 0 : 1], b?.[call.int('transB', 0) ? 1 : 0]];
  return differ(columns, rows)
    ? `as many columns on the left as rows on the right, not ${columns} and ${rows}`
    : undefined;
};

const reshape: Demand = (call) => {
  const data = numericShape(call.shape(0));
  const target = call.opset < 5 ? call.ints('shape') : call.numbers(1);
  if (!data || !target) return undefined;
  const copies = call.int('allowzero', 0) === 0;
  const dims = target.map((dim, axis) => (dim === 0 && copies ? data[axis] : dim));
  const text = `[${target.join(', ')}]`;
  if (dims.includes(undefined)) return `a dim to copy for each 0 of ${text}`;
  const [count, rest] = [product(data), product((dims as number[]).filter((dim) => dim !== -1))];
  const free = dims.filter((dim) => dim === -1).length;
  if (free > 1) return `one -1 at most in ${text}`;
  const fits = free === 1 ? rest === 0 || count % rest === 0 : rest === count;
  return fits ? undefined : `${free ? 'a multiple of ' : ''}${rest} elements for ${text}, not ${count}`;
};

const concat: Demand = (call) => {
  const known = shapes(call).filter((shape) => shape !== undefined);
  const [first] = known;
  if (!first) return undefined;
  if (known.some(({ length }) => length !== first.length)) return 'inputs of one rank';
  const axis = axisOf(call.int('axis', 1), first.length);
  if (axis === undefined) return `an axis of its inputs, not ${call.int('axis', 1)}`;
  // The runtime passes over what is empty.
  const full = known.filter((shape) => !shape.includes(0));
  const others = full.map((shape) => shape.map((dim, at) => (at === axis ? undefined : dim)));
  return areOdd(others) ? `dims that are equal but for axis ${axis}` : undefined;
};

const transpose: Demand = (call) => {
  const [rank, perm] = [call.rank(0), call.ints('perm')];
  return rank !== undefined && perm && perm.length !== rank ? `rank ${perm.length}, as perm has` : undefined;
};

/** [batch, channels, …] and [outputs, channels / group, …]. */
const convolution: Demand = (call) => {
  const [x, w] = [call.shape(0), call.shape(1)];
  if (!x || !w) return undefined;
  if (x.length !== w.length) return 'data and weights of one rank';
  const channels = typeof w[1] === 'number' ? w[1] * call.int('group', 1) : undefined;
  return differ(x[1], channels) ? `${channels} channels, not ${x[1]}` : undefined;
};

const names = (text: string, demand: Demand): [string, Demand][] => text.split(' ').map((name) => [name, demand]);

/** Of ai.onnx; what is not here demands nothing that is looked at. */
const demands = new Map<string, Demand>([
  ...names('Add Sub Mul Div Pow Mod Min Max Sum Mean And Or Xor Where PRelu BitShift', broadcast),
  ...names('Equal Greater GreaterOrEqual Less LessOrEqual BitwiseAnd BitwiseOr BitwiseXor', broadcast),
  ...names('MatMul MatMulInteger', matMul()),
  ['QLinearMatMul', matMul(3)],
  ['Gemm', gemm],
  ['Expand', expand],
  ['Reshape', reshape],
  ['Concat', concat],
  ['Transpose', transpose],
  ...names('Conv ConvInteger', convolution),
]);

export const demandOf = ({ domain, opType }: Node): Demand | undefined =>
  domain === '' ? demands.get(opType) : undefined;
