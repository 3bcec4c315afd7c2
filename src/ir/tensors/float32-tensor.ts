/** Other floats as float32, computed as they are read. */
import { derive } from './bank.js';
import { castTensor, numbersOf, tensorOf } from './numbers.js';
import { memoryTensor, type Tensor } from './tensor.js';

export const LARGEST_FLOAT32 = 3.4028234663852886e38;

/**
 * Finite numbers stay finite: float64's lowest number, common in masks, would round to minus infinity, and a row of infinities gives NaN in
 * a Softmax.
 */
export function toFloat32Tensor(tensor: Tensor): Tensor {
  if (tensor.type !== 'float64') return castTensor(tensor, 'float32');
  return derive([tensor], 'float32', tensor.shape, function* (source) {
    for (const chunk of (source as Tensor).chunks()) {
      const numbers = numbersOf(memoryTensor('float64', [chunk.length / 8], chunk));
      yield* tensorOf('float32', numbers.map(cut)).chunks();
    }
  });
}

const cut = (number: number): number =>
  Number.isFinite(number) ? Math.min(LARGEST_FLOAT32, Math.max(-LARGEST_FLOAT32, number)) : number;
