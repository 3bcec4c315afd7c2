/**
 * Gather(table, indices) where a product reads the same table turned, as bytes K × N  ⟶  Cast(Gather(bytesᵀ, indices)) · Gather(scales, indices):
 * a head that is tied to an embedding is stored once.
 *
 * Why this way: onnxruntime turns the bytes at load, so that rows are looked up in place. The product's bytes stand in the file as they are
 * multiplied, and whoever asks what its sums may come to finds them at its input.
 */
import { GraphBuilder } from '../../../src/ir/build.js';
import type { Node } from '../../../src/ir/node.js';
import { tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { decoded } from '../weights/decode.js';

/** A weight as a product has it: its bytes K × N, and a number for each of N. */
export interface ColumnBytes {
  readonly bytes: Value;
  readonly scales: Value;
  readonly K: number;
  readonly N: number;
}

/** The same as rows that can be looked up: N × K, and N × 1. */
export interface RowBytes {
  readonly numbers: Value;
  readonly scales: Value;
}

/** Turned at load, once for all lookups; in the scope of the bytes. */
export function turned({ bytes, scales, K, N }: ColumnBytes): RowBytes {
  const build = new GraphBuilder(bytes.graph);
  return {
    numbers: build.op('Transpose', [bytes], { perm: [1, 0] }, { type: tensorType('int8', [N, K]) }),
    scales: build.op('Reshape', [scales, build.ints(N, 1)], {}, { type: tensorType('float32', [N, 1]) }),
  };
}

/** Puts rows of the bytes in the place of a lookup of whole rows. */
export function lookUp(node: Node, { numbers, scales }: RowBytes): void {
  const { graph, output } = node;
  const [table, indices] = node.inputs as [Value, Value];
  const rows = [numbers, scales].map((part) => {
    const found = graph.add('Gather', [part, indices], { name: node.name, attributes: { axis: 0 } }).output;
    const width = part.shape?.at(-1);
    found.type =
      part.elem && tensorType(part.elem, indices.shape && width !== undefined ? [...indices.shape, width] : undefined);
    return found;
  }) as [Value, Value];
  const result = decoded(graph, rows, undefined, table.elem ?? 'float32');
  result.type = output.type ?? result.type;
  result.name = output.name;
  graph.replaceUses(output, result);
  graph.remove(node);
}
