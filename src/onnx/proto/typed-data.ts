/** The typed fields of a TensorProto (float_data, int32_data …) as the bytes that raw_data would be. */

import { elementCount } from '../../ir/tensors/tensor.js';
import { ModelError } from '../../ir/text/errors.js';
import { byteLengthOf, type DataType, dataTypes } from '../../ir/types.js';
import type { Int64 } from '../codec/fields.js';
import { OddNaN } from '../codec/lossless.js';
import { decodeMessage } from '../codec/message.js';
import { type TensorMessage, toBigint } from './messages.js';

/** float_data, int32_data, int64_data, raw_data, double_data, uint64_data: what is left in the file where it is long. */
export const lazyFields = new Set([4, 5, 7, 9, 10, 11]);

const names = {
  floatData: 'float_data',
  int32Data: 'int32_data',
  int64Data: 'int64_data',
  doubleData: 'double_data',
  uint64Data: 'uint64_data',
  stringData: 'string_data',
} as const satisfies Partial<Record<keyof TensorMessage, string>>;

/** The field that holds the numbers of an element type. */
function fieldOf(type: DataType): Exclude<keyof typeof names, 'stringData'> {
  if (type === 'float32' || type === 'complex64') return 'floatData';
  if (type === 'float64' || type === 'complex128') return 'doubleData';
  if (type === 'int64') return 'int64Data';
  return type === 'uint64' || type === 'uint32' ? 'uint64Data' : 'int32Data';
}

/** Throws ModelError unless there are as many numbers as the shape says. Types of 4 and 2 bits are packed in int32_data already. */
export function typedBytes(
  message: TensorMessage,
  type: DataType,
  shape: readonly number[],
  place: string,
): Uint8Array {
  const { bits } = dataTypes[type];
  const count = elementCount(shape);
  const field = fieldOf(type);
  const list: readonly (number | Int64)[] = message[field] ?? [];
  const length = byteLengthOf(type, count);
  const expected = bits < 6 ? length : count * (type.startsWith('complex') ? 2 : 1);
  // Checked before anything of that size is allocated.
  if (list.length !== expected) {
    const other = (Object.keys(names) as (keyof typeof names)[]).find((key) => message[key]?.length);
    const found = list.length || !other ? `${list.length}` : `none, and ${message[other]?.length} in ${names[other]}`;
    throw new ModelError(
      place,
      `${count === 1 && expected === 1 ? '1 number' : `${expected} numbers`} in raw_data or ${names[field]} for ${type}[${shape}]`,
      found,
    );
  }
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  list.forEach((item, i) => {
    if (item instanceof OddNaN) bytes.set(item.bits, i * item.bits.length);
    else if (type === 'int64' || type === 'uint64') view.setBigUint64(i * 8, BigInt.asUintN(64, toBigint(item)), true);
    else if (type === 'uint32') view.setUint32(i * 4, Number(BigInt.asUintN(32, toBigint(item))), true);
    else if (type === 'float64' || type === 'complex128') view.setFloat64(i * 8, item as number, true);
    else if (type === 'float32' || type === 'complex64') view.setFloat32(i * 4, item as number, true);
    else if (bits === 6) putSix(bytes, i, item as number);
    else if (bits <= 8) view.setUint8(i, item as number);
    else if (bits === 16) view.setUint16(i * 2, item as number, true);
    else view.setInt32(i * 4, item as number, true);
  });
  return bytes;
}

/** Puts six bits in their place among packed ones, the lowest first: four elements are three bytes. */
function putSix(bytes: Uint8Array, index: number, item: number): void {
  const first = index * 6;
  const [at, pair] = [Math.floor(first / 8), (item & 63) << (first % 8)];
  bytes[at] = (bytes[at] as number) | (pair & 255);
  if (pair > 255) bytes[at + 1] = pair >>> 8;
}

/** The message of one typed field that was left in the file. Throws ModelError where it holds no whole numbers. */
export function decodeLazy(field: number, payload: Uint8Array, place: string): TensorMessage {
  const header: number[] = [field * 8 + 2];
  for (let length = payload.length; ; length = Math.floor(length / 128)) {
    header.push(length < 128 ? length : (length % 128) + 128);
    if (length < 128) break;
  }
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  try {
    return decodeMessage<TensorMessage>('TensorProto', bytes);
  } catch (error) {
    throw new ModelError(place, 'packed numbers', `bytes that do not decode (${(error as Error).message})`);
  }
}
