/** Makes bfloat16 tensors of float32 ones, computed when they are read. */
import { bitsByKernel } from '../../src/ir/kernels/halves.js';
import { derive } from '../../src/ir/tensors/bank.js';
import { bfloat16Of } from '../../src/ir/tensors/float-bits.js';
import { castTensor } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';

/** The largest finite bfloat16, as bits of its magnitude. */
const LARGEST = 0x7f7f;

/**
 * Rounds a tensor to bfloat16, ties to even. Finite numbers stay finite: float32's largest number, common in masks,
 * would round to infinity, and a row of infinities gives NaN in a Softmax.
 */
export function toBfloat16Tensor(tensor: Tensor): Tensor {
  if (tensor.type !== 'float32') return castTensor(tensor, 'bfloat16');
  return derive([tensor], 'bfloat16', tensor.shape, function* (source) {
    for (const chunk of (source as Tensor).chunks()) {
      const aligned = chunk.byteOffset % 4 === 0 ? chunk : chunk.slice();
      yield bfloat16Bytes(new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4));
    }
  });
}

function bfloat16Bytes(bits: Uint32Array): Uint8Array {
  const narrow = new Uint16Array(bits.length);
  const numbers = new Float32Array(bits.buffer, bits.byteOffset, bits.length);
  if (!bitsByKernel(numbers, 'saturatedBfloat16', narrow)) bfloat16Bits(bits, narrow);
  return new Uint8Array(narrow.buffer);
}

/** The same without kernels. */
export function bfloat16Bits(bits: Uint32Array, narrow: Uint16Array): void {
  for (let i = 0; i < bits.length; i++) {
    const wide = bits[i] as number;
    const magnitude = wide & 0x7fffffff;
    const isBeyond = magnitude > 0x7f7f7fff && magnitude < 0x7f800000;
    narrow[i] = isBeyond ? ((wide >>> 16) & 0x8000) | LARGEST : bfloat16Of(wide);
  }
}
