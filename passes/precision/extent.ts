/** Measures the largest and smallest magnitude in a float tensor: reads it once, in pieces, and keeps nothing. */
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { elementCount, memoryTensor, type PiecePlace, type Tensor } from '../../src/ir/tensors/tensor.js';
import { dataTypes } from '../../src/ir/types.js';

/** Constants with at most this many elements are parameters of the arithmetic (an epsilon, a scale), and no weights. */
const PARAMETER = 16;
export const isParameter = ({ shape }: Tensor): boolean => elementCount(shape) <= PARAMETER;

export interface Extent {
  /** Largest finite magnitude; 0 where all are zero. */
  readonly largest: number;
  /** Smallest magnitude that is not zero; infinite where all are zero. */
  readonly smallest: number;
  readonly hasNonFinite: boolean;
}

/** Pieces of a float tensor as numbers, in order, each valid until the next. Those of float32 may be read where `place` says. */
export function* floatChunks(tensor: Tensor, place?: PiecePlace): Iterable<Float32Array | Float64Array> {
  const size = dataTypes[tensor.type].bits / 8;
  for (const chunk of tensor.chunks(tensor.type === 'float32' ? place : undefined)) {
    const length = chunk.length / size;
    const { buffer, byteOffset } = chunk.byteOffset % 4 === 0 ? chunk : chunk.slice();
    if (tensor.type === 'float32') yield new Float32Array(buffer, byteOffset, length);
    else if (tensor.type === 'bfloat16') yield fromBfloat16(new Uint16Array(buffer, byteOffset, length));
    else yield numbersOf(memoryTensor(tensor.type, [length], chunk));
  }
}

/** A bfloat16 is the upper half of a float32. */
function fromBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

export function extentOf(tensor: Tensor): Extent {
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let hasNonFinite = false;
  for (const numbers of floatChunks(tensor))
    for (let i = 0; i < numbers.length; i++) {
      const size = Math.abs(numbers[i] as number);
      if (!(size < Number.POSITIVE_INFINITY)) hasNonFinite = true;
      else {
        if (size > largest) largest = size;
        if (size < smallest && size !== 0) smallest = size;
      }
    }
  return { largest, smallest, hasNonFinite };
}
