/** Weights that were stored otherwise under another name: told by how the numbers of their beginnings go along. */
import { appendTo } from '../../ir/collections/lists.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { memoryTensor, type Tensor } from '../../ir/tensors/tensor.js';
import { dataTypes } from '../../ir/types.js';

/** Numbers that are looked at; fewer than the least say nothing. */
const [LEAST, MOST] = [16, 1024];

/** Codes of 4 bits with scales for groups of numbers are above it; weights that have nothing to do with each other are at 0 ± 0.25 for 16 numbers. */
const CORRELATED = 0.75;

/** For each tensor of the first list the index in the second of the one of its shape that is most like it, each at most once. */
export function resembling(before: readonly Tensor[], after: readonly Tensor[]): ReadonlyMap<number, number> {
  const byShape = new Map<string, { index: number; sketch: Float64Array }[]>();
  for (const [index, tensor] of after.entries()) {
    const sketch = sketchOf(tensor);
    if (sketch) appendTo(byShape, String(tensor.shape), { index, sketch });
  }
  const found = new Map<number, number>();
  const taken = new Set<number>();
  for (const [index, tensor] of before.entries()) {
    const candidates = byShape.get(String(tensor.shape));
    const sketch = candidates && sketchOf(tensor);
    if (!sketch) continue;
    let [best, at] = [CORRELATED, -1];
    for (const other of candidates) {
      const along = taken.has(other.index) ? 0 : product(sketch, other.sketch);
      if (along > best) [best, at] = [along, other.index];
    }
    if (at < 0) continue;
    found.set(index, at);
    taken.add(at);
  }
  return found;
}

/** The first numbers without their mean, of length 1; undefined where they are too few or all the same. */
function sketchOf(tensor: Tensor): Float64Array | undefined {
  const { bits, kind } = dataTypes[tensor.type];
  if (bits === 0 || kind === 'complex') return undefined;
  const [chunk] = tensor.chunks();
  const count = Math.min(MOST, Math.floor((8 * (chunk?.length ?? 0)) / bits));
  if (!chunk || count < LEAST) return undefined;
  const numbers = numbersOf(memoryTensor(tensor.type, [count], chunk.subarray(0, Math.ceil((count * bits) / 8))));
  const mean = numbers.reduce((sum, one) => sum + one, 0) / count;
  const centred = numbers.map((one) => one - mean);
  const size = Math.sqrt(product(centred, centred));
  return size > 0 && Number.isFinite(size) ? centred.map((one) => one / size) : undefined;
}

const product = (a: Float64Array, b: Float64Array): number =>
  a.length === b.length ? a.reduce((sum, one, i) => sum + one * (b[i] as number), 0) : 0;
