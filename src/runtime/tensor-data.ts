/** Converts tensors of the IR to the runtime's form, and back. */
import { memoryTensor, stringTensor, type Tensor } from '../ir/tensors/tensor.js';
import type { TensorData } from './protocol.js';

/** Reads the whole tensor: ask its size first. */
export function toTensorData(tensor: Tensor): TensorData {
  const { type, shape, strings } = tensor;
  const decoder = new TextDecoder();
  return { type, shape, data: strings ? strings.map((text) => decoder.decode(text)) : tensor.bytes() };
}

export function fromTensorData({ type, shape, data }: TensorData): Tensor {
  if (data instanceof Uint8Array) return memoryTensor(type, shape, data);
  const encoder = new TextEncoder();
  return stringTensor(
    shape,
    data.map((text) => encoder.encode(text)),
  );
}
