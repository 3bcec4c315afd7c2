/** The weights of query, key and value side by side, read as they are written: a row at a time. */
import { derive } from '../../../src/ir/tensors/bank.js';
import { CHUNK, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { byteLengthOf, type DataType } from '../../../src/ir/types.js';
import type { Projection } from '../read/projection.js';

/** [D, sum of the widths]: the columns of all. */
export function packedWeights(projections: readonly Projection[], elem: DataType): Tensor {
  const tensors = projections.map(({ weights }) => weights.tensor as Tensor);
  const shape = [tensors[0]?.shape[0] as number, totalOf(projections)];
  return derive(tensors, elem, shape, (...sources) => inPieces(sideBySide(sources, projections, elem), CHUNK));
}

/** [sum of the widths]: the biases of all; zeros where a projection has none. */
export function packedBias(projections: readonly Projection[], elem: DataType): Tensor {
  const given = projections.flatMap(({ bias }) => bias?.tensor ?? []);
  const zeros = (width: number): Uint8Array => new Uint8Array(byteLengthOf(elem, width));
  return derive(given, elem, [totalOf(projections)], function* (...sources) {
    const parts = projections.map(({ bias, from, width }) => {
      const bytes = bias && (sources.shift() as Tensor).bytes();
      return bytes?.subarray(byteLengthOf(elem, from), byteLengthOf(elem, from + width)) ?? zeros(width);
    });
    yield* inPieces(parts, CHUNK);
  });
}

const totalOf = (projections: readonly Projection[]): number => projections.reduce((sum, { width }) => sum + width, 0);

/** Yields row after row: in each, the columns of every matrix in order. */
function* sideBySide(
  sources: readonly Tensor[],
  columns: readonly Projection[],
  elem: DataType,
): Generator<Uint8Array> {
  const rows = sources.map((one) => inPieces(one.chunks(), byteLengthOf(elem, one.shape[1] as number)));
  for (;;)
    for (const [i, { from, width }] of columns.entries()) {
      const next = (rows[i] as Iterator<Uint8Array>).next();
      if (next.done) return;
      yield next.value.subarray(byteLengthOf(elem, from), byteLengthOf(elem, from + width));
    }
}

/** Cuts the bytes into pieces of one length; the last one may be shorter. */
function* inPieces(parts: Iterable<Uint8Array>, length: number): Generator<Uint8Array> {
  let piece = new Uint8Array(length);
  let filled = 0;
  for (const part of parts)
    for (let at = 0; at < part.length; ) {
      const count = Math.min(length - filled, part.length - at);
      piece.set(part.subarray(at, at + count), filled);
      at += count;
      filled += count;
      if (filled < length) continue;
      yield piece;
      piece = new Uint8Array(length);
      filled = 0;
    }
  if (filled > 0) yield piece.subarray(0, filled);
}
