/** Numbers of every element type, to and from bytes. */

import { byteLengthOf, type DataType, dataTypes } from '../types.js';
import { derive } from './bank.js';
import {
  bfloat16Of,
  floatBits,
  fromBfloat16,
  fromFloat16Bytes,
  fromSmallFloat,
  toFloat16,
  toFloat16Bytes,
  toSmallFloat,
} from './float-bits.js';
import { CHUNK, elementCount, memoryTensor, stringTensor, type Tensor } from './tensor.js';

/** Element `index` of packed bytes, as a number (int64 beyond 2^53 loses its low bits: use `bigintsOf`). Complex: the real part. */
function readElement(view: DataView, type: DataType, index: number): number {
  const { bits, kind } = dataTypes[type];
  if (bits < 8) {
    const first = index * bits;
    const at = Math.floor(first / 8);
    // Six bits may lie across two bytes.
    const pair = view.getUint8(at) | (first % 8 > 8 - bits ? view.getUint8(at + 1) << 8 : 0);
    const raw = (pair >>> (first % 8)) & ((1 << bits) - 1);
    if (kind === 'float') return fromSmallFloat(raw, type);
    return kind === 'signed' && raw >>> (bits - 1) ? raw - (1 << bits) : raw;
  }
  const at = index * (bits / 8);
  switch (type) {
    case 'float32':
    case 'complex64':
      return view.getFloat32(at, true);
    case 'float64':
    case 'complex128':
      return view.getFloat64(at, true);
    case 'bfloat16':
      return fromBfloat16(view.getUint16(at, true));
    case 'int8':
      return view.getInt8(at);
    case 'int16':
      return view.getInt16(at, true);
    case 'int32':
      return view.getInt32(at, true);
    case 'int64':
      return Number(view.getBigInt64(at, true));
    case 'uint16':
      return view.getUint16(at, true);
    case 'uint32':
      return view.getUint32(at, true);
    case 'uint64':
      return Number(view.getBigUint64(at, true));
    case 'float16':
      return fromSmallFloat(view.getUint16(at, true), type);
    default:
      return kind === 'float' ? fromSmallFloat(view.getUint8(at), type) : view.getUint8(at);
  }
}

function writeElement(view: DataView, type: DataType, index: number, value: number): void {
  const { bits, kind } = dataTypes[type];
  if (bits < 8) {
    const first = index * bits;
    const at = Math.floor(first / 8);
    const mask = (1 << bits) - 1;
    const raw = (kind === 'float' ? toSmallFloat(value, type) : value) & mask;
    view.setUint8(at, (view.getUint8(at) & ~(mask << (first % 8))) | (raw << (first % 8)));
    // Six bits may lie across two bytes.
    if (first % 8 > 8 - bits) view.setUint8(at + 1, raw >>> (8 - (first % 8)));
    return;
  }
  const at = index * (bits / 8);
  switch (type) {
    case 'float32':
      view.setFloat32(at, value, true);
      break;
    case 'float64':
      view.setFloat64(at, value, true);
      break;
    case 'bfloat16':
      view.setUint16(at, bfloat16Of(floatBits(value)), true);
      break;
    case 'float16':
      view.setUint16(at, toFloat16(value), true);
      break;
    case 'int64':
      view.setBigInt64(at, BigInt(value), true);
      break;
    case 'uint64':
      view.setBigUint64(at, BigInt(value), true);
      break;
    case 'int32':
      view.setInt32(at, value, true);
      break;
    case 'uint32':
      view.setUint32(at, value, true);
      break;
    case 'int16':
      view.setInt16(at, value, true);
      break;
    case 'uint16':
      view.setUint16(at, value, true);
      break;
    case 'int8':
      view.setInt8(at, value);
      break;
    case 'uint8':
    case 'bool':
      view.setUint8(at, value);
      break;
    default:
      if (kind !== 'float') throw new TypeError(`numbers: ${type} cannot be written`);
      view.setUint8(at, toSmallFloat(value, type));
  }
}

/** Element types that JavaScript has arrays of, on machines that are little-endian, as all are that run it. */
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
} as const;
const arrayOf = (type: DataType) => arrays[type as keyof typeof arrays] as (typeof arrays)['float32'] | undefined;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The elements as numbers. Reads the whole tensor: ask its size first. */
export function numbersOf(tensor: Tensor): Float64Array {
  const bytes = tensor.bytes();
  const array = arrayOf(tensor.type);
  if (array) {
    const { buffer, byteOffset } = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
    return new Float64Array(new array(buffer as ArrayBuffer, byteOffset, bytes.length / array.BYTES_PER_ELEMENT));
  }
  const numbers = new Float64Array(elementCount(tensor.shape));
  const view = viewOf(bytes);
  for (let i = 0; i < numbers.length; i++) numbers[i] = readElement(view, tensor.type, i);
  return numbers;
}

/** Whether all elements pass: asked from the last on, up to one that does not. */
export function everyNumber(tensor: Tensor, passes: (number: number) => boolean): boolean {
  const view = viewOf(tensor.bytes());
  for (let i = elementCount(tensor.shape) - 1; i >= 0; i--)
    if (!passes(readElement(view, tensor.type, i))) return false;
  return true;
}

/** The elements of an integer or bool tensor, exact. */
export function bigintsOf(tensor: Tensor): bigint[] {
  const view = viewOf(tensor.bytes());
  const signed = tensor.type === 'int64';
  return Array.from({ length: elementCount(tensor.shape) }, (_, i) => {
    if (signed) return view.getBigInt64(i * 8, true);
    return tensor.type === 'uint64' ? view.getBigUint64(i * 8, true) : BigInt(readElement(view, tensor.type, i));
  });
}

/** A tensor of these numbers, each rounded to the element type. A scalar by default, or as long as the list. */
export function tensorOf(type: DataType, values: ArrayLike<number> | number, shape?: readonly number[]): Tensor {
  const list = typeof values === 'number' ? [values] : values;
  const dims = shape ?? (typeof values === 'number' ? [] : [list.length]);
  if (elementCount(dims) !== list.length)
    throw new RangeError(`tensor: expected ${elementCount(dims)} numbers for [${dims}]; found ${list.length}`);
  const array = arrayOf(type);
  if (array) return memoryTensor(type, dims, new Uint8Array(new array(list).buffer));
  const bytes = new Uint8Array(byteLengthOf(type, list.length));
  const view = viewOf(bytes);
  for (let i = 0; i < list.length; i++) writeElement(view, type, i, list[i] as number);
  return memoryTensor(type, dims, bytes);
}

/** A tensor of strings. */
export const stringsTensor = (values: readonly string[], shape: readonly number[] = [values.length]): Tensor =>
  stringTensor(
    shape,
    values.map((text) => new TextEncoder().encode(text)),
  );

/** The same bytes under another shape of as many elements. */
export const reshaped = (tensor: Tensor, shape: readonly number[]): Tensor => {
  if (elementCount(shape) !== elementCount(tensor.shape))
    throw new RangeError(`reshape: expected ${elementCount(tensor.shape)} elements; found [${shape}]`);
  return tensor.strings
    ? stringTensor(shape, tensor.strings)
    : derive([tensor], tensor.type, shape, (source) => (source as Tensor).chunks());
};

/** The tensor in another element type, element by element, computed as it is read. */
export function castTensor(tensor: Tensor, type: DataType): Tensor {
  if (tensor.type === type) return tensor;
  const from = dataTypes[tensor.type].bits;
  if (from < 8 || dataTypes[type].bits < 8) throw new TypeError(`numbers: cannot cast ${tensor.type} to ${type}`);
  return derive([tensor], type, tensor.shape, function* (source) {
    for (const chunk of (source as Tensor).chunks()) {
      if (tensor.type === 'float32' && type === 'float16') {
        yield toFloat16Bytes(chunk);
        continue;
      }
      const widened = tensor.type === 'float16' && type === 'float32' ? fromFloat16Bytes(chunk) : undefined;
      if (widened) {
        for (let at = 0; at < widened.length; at += CHUNK) yield widened.subarray(at, at + CHUNK);
        continue;
      }
      // Chunks hold whole elements; pieces keep the result within the chunk bound when it widens.
      const step = CHUNK / 8;
      const total = chunk.length / (from / 8);
      const numbers = viewOf(chunk);
      for (let start = 0; start < total; start += step) {
        const count = Math.min(step, total - start);
        const bytes = new Uint8Array(byteLengthOf(type, count));
        const view = viewOf(bytes);
        for (let i = 0; i < count; i++) writeElement(view, type, i, readElement(numbers, tensor.type, start + i));
        yield bytes;
      }
    }
  });
}
