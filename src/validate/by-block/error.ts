/**
 * Measures the relative error of one value. Places that a mask drowned take no part: beside -3.4e38 in one place of a
 * row, the other scores are nothing to a norm and everything to the softmax behind it.
 */
import { numbersOf } from '../../ir/tensors/numbers.js';
import type { TensorData } from '../../runtime/isolate.js';
import { fromTensorData } from '../../runtime/tensor-data.js';
import { mismatchOf } from '../judge/accuracy.js';

/** A number beyond this many times the median magnitude is drowned, where both models agree on it. */
const DROWNED = 1000;
const ALIKE = 0.01;

/** The median is taken of at most this many elements. */
const SAMPLE = 4096;

/** Differences up to this count as none, at any magnitude. */
const TINY = 1e-6;

/** ‖result − original‖ / ‖original‖; infinite where NaN or infinities differ; undefined for tensors of different shapes, and for text. */
export function errorOf(original: TensorData, result: TensorData): number | undefined {
  // Floats of another width are compared all the same.
  if (mismatchOf(original, { ...result, type: original.type }) || original.type === 'string') return undefined;
  const [a, b] = [numbersIn(original), numbersIn(result)];
  const cut = DROWNED * typicalOf(a);
  let [error, norm, most] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      if (!Object.is(x, y)) return Number.POSITIVE_INFINITY;
      continue;
    }
    const difference = Math.abs(x - y);
    if (Math.abs(x) > cut && difference <= ALIKE * Math.abs(x)) continue;
    error += difference * difference;
    norm += x * x;
    if (difference > most) most = difference;
  }
  if (most === 0) return 0;
  // Where the original is zero everywhere, any other number is wholly wrong.
  const relative = norm > 0 ? Math.sqrt(error / norm) : 1;
  return most <= TINY ? Math.min(most, relative) : relative;
}

/** The numbers of a tensor; of float32, of which there may be many, without a copy. */
function numbersIn(tensor: TensorData): Float64Array | Float32Array {
  const { type, data } = tensor;
  if (type !== 'float32' || !(data instanceof Uint8Array)) return numbersOf(fromTensorData(tensor));
  const { buffer, byteOffset, byteLength } = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

/** The median magnitude of the numbers other than zero. */
function typicalOf(numbers: Float64Array | Float32Array): number {
  const step = Math.max(1, Math.floor(numbers.length / SAMPLE));
  const sizes: number[] = [];
  for (let i = 0; i < numbers.length; i += step) {
    const size = Math.abs(numbers[i] as number);
    if (size > 0 && size < Number.POSITIVE_INFINITY) sizes.push(size);
  }
  return sizes.sort((x, y) => x - y)[sizes.length >> 1] ?? 0;
}
