/**
 * Gather(table, indices) where a product reads the same table turned, as bytes K × N  ⟶  Cast(Gather(bytesᵀ, indices)) · Gather(scales, indices):
 * a head that is tied to an embedding is stored once.
 *
 * Why this way: onnxruntime transposes the bytes at load, so that a lookup copies rows. The file holds the bytes in the product's order, and code that bounds
 * the product's sums finds them at its input.
 */
import { GraphBuilder } from '../../../src/ir/build.js';
import type { Node } from '../../../src/ir/node.js';
import { tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { decoded } from '../weights/decode.js';

/** A weight in the form of products: bytes K × N, and a scale for each of N. */
export interface ColumnBytes {
  readonly bytes: Value;
  /** The byte that stands for zero, where that is not 0. */
  readonly zero: Value | undefined;
  readonly scales: Value;
  readonly K: number;
  readonly N: number;
}

/** The weight in the form of lookups: bytes N × K, and scales N × 1. */
export interface RowBytes {
  readonly numbers: Value;
  readonly scales: Value;
  readonly zero: Value | undefined;
}

/** Adds nodes that transpose the bytes at load, once for all lookups, in the scope of the bytes. */
export function turned({ bytes, zero, scales, K, N }: ColumnBytes): RowBytes {
  const build = new GraphBuilder(bytes.graph);
  return {
    numbers: build.op('Transpose', [bytes], { perm: [1, 0] }, { type: tensorType(bytes.elem ?? 'int8', [N, K]) }),
    zero,
    scales: build.op('Reshape', [scales, build.ints(N, 1)], {}, { type: tensorType('float32', [N, 1]) }),
  };
}

/** Replaces a lookup of whole rows by one in the bytes. */
export function lookUp(node: Node, { numbers, scales, zero }: RowBytes): void {
  const { graph, output } = node;
  const [table, indices] = node.inputs as [Value, Value];
  const rows = [numbers, scales].map((part) => {
    const found = graph.add('Gather', [part, indices], { name: node.name, attributes: { axis: 0 } }).output;
    const width = part.shape?.at(-1);
    found.type =
      part.elem && tensorType(part.elem, indices.shape && width !== undefined ? [...indices.shape, width] : undefined);
    return found;
  }) as [Value, Value];
  const result = decoded(graph, zero ? [...rows, zero] : rows, undefined, table.elem ?? 'float32');
  result.type = output.type ?? result.type;
  result.name = output.name;
  graph.replaceUses(output, result);
  graph.remove(node);
}
