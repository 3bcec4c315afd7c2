/**
 * Outlying channels of activations move into weights: x · W  ⟶  (x / s) · (s W), a factor for each channel. What computes x takes the
 * division, so no operator is added; factors are powers of two, so float32 numbers stay what they were.
 *
 * One scale for a whole activation is as coarse as its largest channel asks for; weights with a scale for each column lose less by it.
 */

import { maxOf } from '../../../src/ir/collections/lists.js';
import type { Node } from '../../../src/ir/node.js';
import { derive, instanceCount, instanceOf } from '../../../src/ir/tensors/bank.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import type { ActivationStatistics } from '../../../src/run/activations.js';
import { floatChunks } from '../extent.js';
import { type Product, productOf } from '../product.js';
import { factorsOf, type Readers } from './factors.js';
import { type ChannelSource, sourceOf } from './source.js';

/** All products that read one activation, and the place where it can be divided. */
export interface ProductGroup {
  readonly activation: Value;
  readonly products: readonly Product[];
  readonly source: ChannelSource;
}

/** The activations that can be divided. */
export function groupsOf(products: readonly Product[]): ProductGroup[] {
  const byActivation = new Map<Value, Product[]>();
  for (const product of products) {
    const known = byActivation.get(product.activation) ?? [];
    byActivation.set(product.activation, known);
    known.push(product);
  }
  return [...byActivation].flatMap(([activation, readers]) => {
    const nodes = new Set<Node>(readers.map(({ node }) => node));
    const K = readers[0]?.weight.K as number;
    if (!readers.every(canScale) || activation.users.some((user) => !nodes.has(user))) return [];
    const source = sourceOf(activation, K);
    return source ? [{ activation, products: readers, source }] : [];
  });
}

/** True where rows of the weight can be multiplied: it is read as it is stored. */
const canScale = ({ node, weight, isActivationTransposed }: Product): boolean =>
  weight.stored === node.inputs[1] &&
  !weight.stored.isInput &&
  weight.tensor.type === 'float32' &&
  !isActivationTransposed &&
  node.inputs[0] !== node.inputs[1];

/** Moves outliers where the estimated sum of both errors falls, and gives the nodes that compute these activations. */
export function moveOutliers(
  groups: readonly ProductGroup[],
  measured: ReadonlyMap<Value, ActivationStatistics>,
  isPaired: boolean,
): Node[] {
  // Read again: a layer whose weight takes factors of what it reads may be the source of what it gives.
  return groups.flatMap(({ activation, products, source }) => {
    const fresh = products.map(({ node }) => productOf(node) as Product);
    return move({ activation, products: fresh, source }, measured.get(activation), isPaired) ? [source.node] : [];
  });
}

function move(
  { products, source }: ProductGroup,
  statistics: ActivationStatistics | undefined,
  isPaired: boolean,
): boolean {
  if (!statistics && !source.norm) return false;
  const weights = products.map(({ weight }) => weight);
  const parts = source.parts.map(({ node, index }) => node.inputs[index]?.tensor as Tensor);
  const sources = [...parts, ...weights.map(({ tensor }) => tensor)];
  const known = new WeakMap<Tensor, Float32Array>();
  const ones = new Float32Array(weights[0]?.K as number).fill(1);
  const factors = (...tensors: Tensor[]): Float32Array => {
    const key = tensors.at(-1) as Tensor;
    const readers: Readers = weights.map(({ isTransposed, N }, at) => ({
      tensor: tensors[parts.length + at] as Tensor,
      isTransposed,
      N,
    }));
    const sizes = statistics ? measuredSizes(statistics) : normalSizes(tensors.slice(0, parts.length));
    const found = known.get(key) ?? factorsOf(sizes, readers, isPaired) ?? ones;
    known.set(key, found);
    return found;
  };
  const count = maxOf(sources.map(instanceCount));
  const pays = Array.from({ length: count }, (_, index) => factors(...sources.map((one) => instanceOf(one, index))));
  if (pays.every((found) => found === ones)) return false;
  source.parts.forEach(({ node, index, inner }, at) => {
    const { shape } = parts[at] as Tensor;
    const divided = derive(sources, 'float32', shape, (...tensors) =>
      multiplied(
        tensors[at] as Tensor,
        factors(...tensors).map((factor) => 1 / factor),
        inner,
      ),
    );
    node.graph.setInput(node, index, node.graph.constant(divided, node.inputs[index]?.name));
  });
  products.forEach(({ node, weight: { stored, isTransposed, K, N } }, at) => {
    const tensor = derive(sources, 'float32', isTransposed ? [N, K] : [K, N], (...tensors) =>
      multiplied(tensors[parts.length + at] as Tensor, factors(...tensors), isTransposed ? 1 : N),
    );
    node.graph.setInput(node, 1, node.graph.constant(tensor, stored.name));
  });
  return true;
}

/** The weight times the factors: each factor is for `inner` numbers in a row, and after the last the first follows again. */
function* multiplied(tensor: Tensor, factors: Float32Array, inner: number): Iterable<Uint8Array> {
  let [at, left] = [0, inner];
  for (const numbers of floatChunks(tensor)) {
    const result = new Float32Array(numbers.length);
    for (let i = 0; i < numbers.length; i++) {
      result[i] = (numbers[i] as number) * (factors[at] as number);
      if (--left > 0) continue;
      left = inner;
      at = at + 1 === factors.length ? 0 : at + 1;
    }
    yield new Uint8Array(result.buffer);
  }
}

const measuredSizes = ({ largest, meanSquares }: ActivationStatistics) => ({ largest, squares: meanSquares });

/** Sizes of channels behind a norm, whose numbers are about normal: the largest of some thousand is 3.5 deviations from the mean. */
function normalSizes([scale, shift]: readonly Tensor[]) {
  const scales = numbersOf(scale as Tensor).map(Math.abs);
  const shifts = shift ? numbersOf(shift).map(Math.abs) : scales.map(() => 0);
  return {
    largest: Float32Array.from(scales, (own, at) => 3.5 * own + (shifts[at] as number)),
    squares: Float32Array.from(scales, (own, at) => own * own + (shifts[at] as number) ** 2),
  };
}
