/** Sums over the rows of a layer's weight, each of which makes one result. */
import { maxOf } from '../../../src/ir/collections/lists.js';
import type { Node } from '../../../src/ir/node.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { floatChunks } from '../extent.js';

/** The axis of a weight along which results differ. */
export function outputAxis(node: Node, { shape }: Tensor): number | undefined {
  if (node.is('Conv')) return 0;
  if (node.is('Gemm')) return node.int('transB', 0) === 1 ? 0 : 1;
  return node.is('MatMul') || node.is('FusedMatMul', 'com.microsoft') ? shape.length - 1 : undefined;
}

/** The largest norm, or sum of magnitudes, among the slices along an axis. Reads the tensor once. */
export function largestRow(tensor: Tensor, axis: number, measure: 'norm' | 'sum'): number {
  const count = tensor.shape[axis] ?? 1;
  const inner = tensor.shape.slice(axis + 1).reduce((all, dim) => all * dim, 1);
  const sums = new Float64Array(count);
  let [index, left] = [0, inner];
  for (const numbers of floatChunks(tensor))
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] as number;
      sums[index] = (sums[index] as number) + (measure === 'norm' ? number * number : Math.abs(number));
      if (--left > 0) continue;
      left = inner;
      index = index + 1 === count ? 0 : index + 1;
    }
  const most = maxOf(sums, 0);
  return measure === 'norm' ? Math.sqrt(most) : most;
}
