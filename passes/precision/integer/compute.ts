/** LSTMs and products that compute in 8 bits. */
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import type { PassContext } from '../../../src/run/pass.js';
import { finish } from '../finish.js';
import { type Product, productOf } from '../product.js';
import { quantizeLstms } from './lstm.js';
import { productsFor8Bits, spreadOutliers } from './products.js';

export interface ComputeOptions {
  readonly minElements: number;
  readonly maxWeightError: number;
  readonly isExact: boolean;
  /** True where activations are quantized as they come, false where they stay float. */
  readonly isDynamic: boolean;
  readonly isKept: (node: Node) => boolean;
  /** The product in 8 bits before its bias, or why not. */
  readonly rewrite: (product: Product) => Value | string;
  readonly leave: (reason: string, node: Node) => void;
}

/** Rewrites them; tells how many there are, and whether one has several rows. */
export async function computeIn8Bits(
  model: Model,
  context: PassContext,
  options: ComputeOptions,
): Promise<{ count: number; hasRows: boolean }> {
  const { isExact, isDynamic, rewrite, leave } = options;
  let count = isDynamic ? quantizeLstms(model, context, options) : 0;
  let hasRows = false;
  const nodes = productsFor8Bits(model, context, options);
  if (isDynamic) await spreadOutliers(nodes, isExact, context);
  for (const node of nodes) {
    // Read again: what was rewritten before computes its activation.
    const product = productOf(node) as Product;
    const { shape } = product.activation;
    const result = rewrite(product);
    if (typeof result === 'string') leave(result, node);
    else {
      hasRows ||= shape === undefined || shape.slice(0, -1).some((dim) => dim !== 1);
      finish(product, result);
      count++;
    }
  }
  return { count, hasRows };
}
