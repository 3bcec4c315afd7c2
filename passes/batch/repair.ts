/** Nodes with a batch of 1 in a constant, each given one that any batch goes through. */

import { GraphBuilder } from '../../src/ir/build.js';
import { fromStart } from '../../src/ir/dims/axes.js';
import { type Dim, equalDims, multiplyDims } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import type { Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { numericShape } from '../../src/ops/shapes.js';

export type OldShapes = ReadonlyMap<Value, Shape>;

interface Batch {
  /** Shapes of all values with a batch of 1. */
  readonly old: OldShapes;
  readonly batch: Dim;
  isBatched(value: Value | undefined): boolean;
}

/** What was mended in words, undefined where nothing had to be, or why it cannot be. */
export function repaired(node: Node, batch: Batch): string | { readonly reason: string } | undefined {
  if (node.domain !== '') return undefined;
  if (node.opType === 'Reshape') return reshape(node, batch);
  if (node.opType === 'Concat') return concat(node, batch);
  if (node.opType === 'Resize') return resize(node, batch);
  return undefined;
}

/** The one axis of a shape that holds the batch. */
const axisIn = (value: Value, { old }: Batch): number =>
  (value.shape ?? []).findIndex((dim, axis) => !equalDims(dim, old.get(value)?.[axis] ?? dim));

/** Reshape(x, [1, …])  ⟶  Reshape(x, [−1, …]), or 0 where the batch stays at its place. */
function reshape(node: Node, batch: Batch): ReturnType<typeof repaired> {
  const [data, shape] = node.inputs;
  const tensor = constantTensor(shape);
  if (!data || !tensor || !batch.isBatched(data)) return undefined;
  const [before, after] = [numericShape(batch.old.get(data)), numericShape(batch.old.get(node.output))];
  if (!before || !after) return { reason: 'a Reshape to constant sizes of a value with other open sizes' };
  const from = axisIn(data, batch);
  const chunk = elementCount(before.slice(from));
  const to = after.findIndex((_, axis) => elementCount(after.slice(axis)) === chunk);
  if (to < 0) return { reason: 'a Reshape to constant sizes puts parts of different rows together' };
  const wanted = after.map((dim, axis) => (axis === to ? multiplyDims(batch.batch, dim) : dim));
  if (node.output.shape?.every((dim, axis) => equalDims(dim, wanted[axis] as Dim))) return undefined;
  const isKept = after[to] === 1 && equalDims(data.shape?.[to] ?? 0, batch.batch) && node.int('allowzero', 0) === 0;
  const sizes = after.map((dim, axis) => (axis !== to ? dim : isKept ? 0 : -1));
  node.graph.setInput(node, 1, new GraphBuilder(node.graph).ints(sizes));
  return `sizes [${[...numbersOf(tensor)]}] are [${sizes}]`;
}

/** Concat(x of the batch, c of one row)  ⟶  Concat(x, Expand(c, …the batch)): class tokens. */
function concat(node: Node, batch: Batch): ReturnType<typeof repaired> {
  const large = node.inputs.find(batch.isBatched);
  if (!large) return undefined;
  const at = axisIn(large, batch);
  const size = large.shape?.[at] as Dim;
  const g = new GraphBuilder(node.graph);
  let count = 0;
  node.inputs.forEach((input, index) => {
    const own = input?.shape?.[at];
    const rank = large.shape?.length ?? 0;
    if (!input || batch.isBatched(input) || own !== 1 || fromStart(node.int('axis', 0), rank) === at) return;
    const sizes = Array.from({ length: rank }, (_, axis) => (axis === at ? sizeOf(g, large, at) : g.ints(1)));
    const wide = g.op('Expand', [input, g.op('Concat', sizes, { axis: 0 })]);
    node.graph.setInput(node, index, wide);
    count++;
  });
  return count > 0 ? `what is there once is repeated for each of ${size}` : undefined;
}

/** Resize(x, sizes [1, …])  ⟶  Resize(x, sizes [the batch, …]) */
function resize(node: Node, batch: Batch): ReturnType<typeof repaired> {
  const [data, , , sizes] = node.inputs;
  const tensor = constantTensor(sizes);
  if (!data || !tensor || !batch.isBatched(data) || node.attributes.has('axes')) return undefined;
  const g = new GraphBuilder(node.graph);
  const at = axisIn(data, batch);
  const parts = [...numbersOf(tensor)].map((size, axis) => (axis === at ? sizeOf(g, data, at) : g.ints(size)));
  node.graph.setInput(node, 3, g.op('Concat', parts, { axis: 0 }));
  return 'sizes have the batch of what is resized';
}

/** int64[1]: the size of a value at an axis. */
export const sizeOf = (g: GraphBuilder, value: Value, axis: number): Value =>
  g.op('Gather', [g.op('Shape', [value]), g.ints(axis)], { axis: 0 });
