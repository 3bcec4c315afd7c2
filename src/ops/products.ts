/** How many multiply-adds a node takes, by the sizes of what it reads and gives: what rows say of products, convolutions, recurrence and attention. */
import type { Node } from '../ir/node.js';
import { elementCount } from '../ir/tensors/tensor.js';

/** Sizes of a node's inputs and outputs. A rule that asks for one that is not known has no answer. */
export interface SizesAt {
  readonly node: Node;
  has(input: number): boolean;
  input(index: number): readonly number[];
  output(index: number): readonly number[];
}

/** Multiply-adds of one run of the node. */
export type ProductRule = (sizes: SizesAt) => number;

const at = (shape: readonly number[], axis: number): number => shape.at(axis) ?? 1;

/** Each element of the result is a sum along the last axis of the first factor. */
export const alongLast: ProductRule = ({ input, output }) => elementCount(output(0)) * at(input(0), -1);

/** The same where the first factor may be transposed. */
export const alongTurned: ProductRule = ({ node, input, output }) => {
  const a = input(0);
  const axis = node.int('transA', 0) === 1 && a.length > 1 ? (node.int('transBatchA', 0) === 1 ? 0 : -2) : -1;
  return elementCount(output(0)) * at(a, axis);
};

/** The weight is packed, and an attribute says how long its columns are. */
export const alongPacked: ProductRule = ({ node, output }) => elementCount(output(0)) * node.int('K', 0);

/** Each element of the result is a sum over the kernel of its channel: weights are [out, in, …]. */
export const overKernel =
  (weights = 1): ProductRule =>
  ({ input, output }) =>
    elementCount(output(0)) * elementCount(input(weights).slice(1));

/** Each element of the input goes into as many as the kernel of its channel has. */
export const intoKernel: ProductRule = ({ input }) => elementCount(input(0)) * elementCount(input(1).slice(1));

/** Every step multiplies each row of the batch by the weights and the recurrence weights. */
export const everyStep: ProductRule = ({ input }) => {
  const [first = 1, second = 1] = input(0);
  return first * second * (elementCount(input(1)) + elementCount(input(2)));
};

/** Every combination of labels once for each product of two operands. */
export const labels: ProductRule = ({ node, input }) => {
  const terms = (node.string('equation') ?? '').replaceAll(' ', '').split('->')[0]?.split(',') ?? [];
  const sizes = new Map<string, number>();
  for (const [index, term] of terms.entries()) {
    const shape = input(index);
    const extra = shape.length - term.replace('...', '').length;
    // An ellipsis stands for axes that are numbered from the end.
    const named = term.replace('...', Array.from({ length: extra }, (_, i) => String(extra - i)).join(''));
    [...named].forEach((label, axis) => {
      sizes.set(label, Math.max(sizes.get(label) ?? 1, at(shape, axis)));
    });
  }
  return terms.length < 2 ? 0 : (terms.length - 1) * elementCount([...sizes.values()]);
};

/** Scores of every query with every key, and their sums of values: `past` is the slot of a cache, with positions at its axis. */
export const attended =
  (past: number, pastAxis = 2): ProductRule =>
  ({ has, input, output }) => {
    const query = input(0);
    // Five axes hold query, key and value side by side.
    const queries = elementCount(query) / (query.length === 5 ? 3 : 1);
    const key = has(1) ? input(1) : query;
    const length = (key.length === 4 ? key[2] : key[1]) ?? 1;
    const total = length + (has(past) ? at(input(past), pastAxis) : 0);
    return (queries + elementCount(output(0))) * total;
  };

/** The query may hold key and value behind it; the cache says how many positions there are. */
export const attendedInGroups: ProductRule = ({ has, input, output }) => {
  const past = has(3) ? at(input(3), 2) : 0;
  return 2 * elementCount(output(0)) * (past + at(input(0), 1));
};

/** The input is multiplied by the packed weights of query, key and value first. */
export const attendedPacked =
  (past: number): ProductRule =>
  ({ has, input, output }) => {
    const data = input(0);
    const total = at(data, 1) + (has(past) ? at(input(past), 3) : 0);
    return elementCount(data) * at(input(1), -1) + 2 * elementCount(output(0)) * total;
  };

/** Each position writes into the state and reads from it. */
export const throughState: ProductRule = ({ input, output }) => 2 * at(input(0), 1) * elementCount(output(1).slice(-4));

/** Multiplies, and no rule says how often. */
export const uncounted: ProductRule = () => Number.NaN;
