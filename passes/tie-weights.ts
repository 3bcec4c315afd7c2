/**
 * W, Wᵀ ⟶ W, Transpose(W): a weight of which the transposed copy is stored too is stored once. Exporters fold the Transpose of a tied embedding into a second
 * weight; runtimes fold it again when a session is made.
 */
import { z } from 'zod';
import { appendTo } from '../src/ir/collections/lists.js';
import { constantsIn, isVisibleFrom } from '../src/ir/scopes/scopes.js';
import { instanceCount } from '../src/ir/tensors/bank.js';
import type { Tensor } from '../src/ir/tensors/tensor.js';
import { bytesText } from '../src/ir/text/quantities.js';
import type { DataType } from '../src/ir/types.js';
import type { Value } from '../src/ir/value.js';
import { definePass } from '../src/run/pass.js';

/** Weights of fewer bytes are not worth a node. */
const WORTH = 4096;

export const tieWeights = definePass({
  name: 'tie-weights',
  summary:
    'Stores a weight once of which the transposed copy is stored too, as of tied embeddings. Goes first: passes that store fewer bits then store these once.',
  fidelity: 'exact',
  options: z.object({}),
  run(model, _, context) {
    const pool = new Map<string, Value[]>();
    const constants = [...constantsIn(model.graph)].filter(isWeight);
    const shapes = new Set(constants.map(({ tensor }) => String((tensor as Tensor).shape)));
    let [count, bytes] = [0, 0];
    const refused = new Set<DataType>();
    for (const value of constants) {
      const tensor = value.tensor as Tensor;
      const turned = [...tensor.shape].reverse();
      if (!shapes.has(String(turned))) continue;
      const diagonal = diagonalOf(tensor);
      const keyOf = (shape: readonly number[]): string => `${tensor.type}[${shape}] ${diagonal}`;
      const copy = pool
        .get(keyOf(turned))
        ?.find((one) => isVisibleFrom(one, value.graph) && isTransposed(one.tensor as Tensor, tensor));
      if (copy && !context.hasKernel('Transpose', '', value.graph.opsets.get('') ?? 1, tensor.type))
        refused.add(tensor.type);
      else if (copy) {
        const node = value.graph.add('Transpose', [copy], { attributes: { perm: [1, 0] }, outputs: [value.name] });
        node.output.type = value.type;
        value.graph.replaceUses(value, node.output);
        count++;
        bytes += tensor.byteLength;
      } else appendTo(pool, keyOf(tensor.shape), value);
    }
    if (count > 0)
      context.note(`left out ${count} transposed ${count === 1 ? 'copy' : 'copies'} of weights, ${bytesText(bytes)}`);
    for (const type of refused)
      context.skip(`${context.target} has no kernel for Transpose in ${type}: the transposed copies stay`);
    if (count === 0 && refused.size === 0) context.skip('no weight is stored with its transposed copy');
  },
});

function isWeight({ tensor, isOutput, uses }: Value): boolean {
  if (!tensor || isOutput || uses.size === 0 || tensor.sparse || tensor.strings) return false;
  const [rows = 1, columns = 1] = tensor.shape;
  // Elements of half a byte cannot be moved by themselves.
  const isWhole = tensor.byteLength % (rows * columns) === 0;
  return tensor.shape.length === 2 && isWhole && tensor.byteLength >= WORTH && instanceCount(tensor) === 1;
}

/** How many elements of a diagonal tell weights apart before they are compared. */
const DIAGONAL = 8;

/** The first bytes of the diagonal, which a transposed copy has too. */
function diagonalOf(tensor: Tensor): string {
  const [rows, columns] = tensor.shape as [number, number];
  const size = tensor.byteLength / (rows * columns);
  const count = Math.min(DIAGONAL, rows, columns);
  const [start = new Uint8Array()] = blocksOf(tensor, ((count - 1) * columns + count) * size);
  const elements = Array.from({ length: count }, (_, i) => i * (columns + 1) * size);
  return String(elements.map((at) => start.subarray(at, at + size)));
}

/** Bytes of one tensor that are held at a time. */
const BLOCK = 16 * 2 ** 20;

/** True where b is the transpose of a, bit for bit. Holds a block of rows of `a`, and reads b once for each. */
function isTransposed(a: Tensor, b: Tensor): boolean {
  const [rows, columns] = a.shape as [number, number];
  const size = a.byteLength / (rows * columns);
  const height = Math.max(1, Math.floor(BLOCK / (columns * size)));
  let first = 0;
  for (const block of blocksOf(a, height * columns * size)) {
    const count = block.length / (columns * size);
    let column = 0;
    for (const row of blocksOf(b, rows * size)) {
      for (let i = 0; i < count; i++)
        for (let byte = 0; byte < size; byte++)
          if (row[(first + i) * size + byte] !== block[(i * columns + column) * size + byte]) return false;
      column++;
    }
    first += count;
  }
  return true;
}

/** The bytes in blocks of one length, the last one shorter. */
function* blocksOf(tensor: Tensor, length: number): Iterable<Uint8Array> {
  let block = new Uint8Array(Math.min(length, tensor.byteLength));
  let [filled, left] = [0, tensor.byteLength];
  for (const chunk of tensor.chunks())
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + block.length - filled);
      block.set(part, filled);
      [filled, at] = [filled + part.length, at + part.length];
      if (filled < block.length) continue;
      yield block;
      left -= block.length;
      if (left < block.length) block = new Uint8Array(left);
      filled = 0;
      if (left === 0) return;
    }
}
