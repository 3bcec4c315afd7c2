/** TensorProto ↔ Tensor. A tensor that was read remembers its message, and is written back in the form it had. */
import { ModelError } from '../ir/errors.js';
import {
  type ByteSource,
  derivedTensor,
  elementCount,
  memoryTensor,
  rangeTensor,
  sparseTensor,
  stringTensor,
  type Tensor,
} from '../ir/tensor.js';
import { byteLengthOf, type DataType, dataTypeOfCode, dataTypes } from '../ir/types.js';
import { decodeMessage, type Int64, type SparseTensorMessage, type TensorMessage, toBigint } from './messages.js';

/** Where the bytes of a model are: its own, and the files beside it. */
export interface TensorSources {
  readonly main: ByteSource;
  /** The source of an external file by its `location`. Throws ModelError where it may not or cannot be opened. */
  external(location: string, place: string): ByteSource;
}

/** The message a tensor was read from, and the source that its `lazy` points into; no source where its numbers were in another file. */
export const tensorOrigins = new WeakMap<Tensor, { message: TensorMessage; source: ByteSource | undefined }>();
/** Likewise for tensors that a file holds as sparse ones. */
export const sparseOrigins = new WeakMap<Tensor, SparseTensorMessage>();

const EXTERNAL = 1;

function readDims(dims: readonly Int64[] | undefined, place: string): number[] {
  return (dims ?? []).map((dim) => {
    const size = Number(toBigint(dim));
    if (!Number.isSafeInteger(size) || size < 0) throw new ModelError(place, 'dims of 0 or more', `${toBigint(dim)}`);
    return size;
  });
}

/** Throws ModelError where the element type is unknown or the bytes are not as many as the dims say. */
export function readTensor(message: TensorMessage, sources: TensorSources, where = 'tensor'): Tensor {
  const place = message.name ? `${where} "${message.name}"` : where;
  const type = dataTypeOfCode(message.dataType ?? 0);
  if (!type || type === 'undefined')
    throw new ModelError(place, 'an element type of ONNX', `data_type ${message.dataType ?? 0}`);
  const shape = readDims(message.dims, place);
  const tensor = readContent(message, type, shape, sources, place);
  tensorOrigins.set(tensor, { message, source: message.dataLocation === EXTERNAL ? undefined : sources.main });
  return tensor;
}

function readContent(
  message: TensorMessage,
  type: DataType,
  shape: readonly number[],
  sources: TensorSources,
  place: string,
): Tensor {
  const count = elementCount(shape);
  if (type === 'string') {
    const strings = message.stringData ?? [];
    if (strings.length !== count) throw new ModelError(place, `${count} strings for [${shape}]`, `${strings.length}`);
    return stringTensor(shape, strings);
  }
  const expected = byteLengthOf(type, count);
  if (!Number.isSafeInteger(expected)) throw new ModelError(place, 'dims whose product is below 2^53', `[${shape}]`);
  const check = (found: number): void => {
    if (found !== expected) throw new ModelError(place, `${expected} bytes for ${type}[${shape}]`, `${found}`);
  };
  if (message.dataLocation === EXTERNAL) {
    const entry = (key: string): string | undefined => message.externalData?.find((item) => item.key === key)?.value;
    const location = entry('location');
    if (!location) throw new ModelError(place, 'a location in external_data', 'none');
    const offset = byteCount(entry('offset'), 0, 'offset', place);
    check(byteCount(entry('length'), expected, 'length', place));
    if (expected === 0) return memoryTensor(type, shape, new Uint8Array(0));
    const source = sources.external(location, place);
    if (offset + expected > source.size)
      throw new ModelError(
        place,
        `${offset + expected} bytes in ${location}`,
        `${source.size}`,
        'The data file is truncated or of another model',
      );
    return rangeTensor(type, shape, source, offset);
  }
  const lazy = (message.lazy ?? []).map((value) => Number(toBigint(value)));
  if (lazy.length > 3) throw new ModelError(place, 'its numbers in one field', 'several');
  if (lazy.length === 3) {
    const [field, offset, length] = lazy as [number, number, number];
    // raw_data, float_data and double_data are the elements as they are.
    if (
      field === 9 ||
      (field === 4 && /^(float32|complex64)$/.test(type)) ||
      (field === 10 && /^(float64|complex128)$/.test(type))
    ) {
      check(length);
      return rangeTensor(type, shape, sources.main, offset);
    }
    const decode = (): Uint8Array =>
      typedBytes(decodeLazy(field, sources.main.read(offset, length)), type, count, place);
    decode();
    return derivedTensor(type, shape, () => [decode()]);
  }
  if (message.rawData?.length) {
    check(message.rawData.length);
    return memoryTensor(type, shape, message.rawData);
  }
  return memoryTensor(type, shape, typedBytes(message, type, count, place));
}

/** The typed field of a message that was left in the file. */
function decodeLazy(field: number, payload: Uint8Array): TensorMessage {
  const header: number[] = [field * 8 + 2];
  for (let length = payload.length; ; length = Math.floor(length / 128)) {
    header.push(length < 128 ? length : (length % 128) + 128);
    if (length < 128) break;
  }
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  return decodeMessage<TensorMessage>('TensorProto', bytes);
}

function byteCount(text: string | undefined, otherwise: number, key: string, place: string): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new ModelError(place, `a number of bytes as external_data ${key}`, JSON.stringify(text));
  return value;
}

/** float_data, int32_data and the like as the bytes that raw_data would be. Sub-byte types are packed in int32_data already. */
function typedBytes(message: TensorMessage, type: DataType, count: number, place: string): Uint8Array {
  const { bits } = dataTypes[type];
  const complex = type.startsWith('complex') ? 2 : 1;
  const [field, list]: [string, readonly (number | Int64)[]] =
    type === 'float32' || type === 'complex64'
      ? ['float_data', message.floatData ?? []]
      : type === 'float64' || type === 'complex128'
        ? ['double_data', message.doubleData ?? []]
        : type === 'int64'
          ? ['int64_data', message.int64Data ?? []]
          : type === 'uint64' || type === 'uint32'
            ? ['uint64_data', message.uint64Data ?? []]
            : ['int32_data', message.int32Data ?? []];
  const bytes = new Uint8Array(byteLengthOf(type, count));
  const expected = bits < 8 ? bytes.length : count * complex;
  if (list.length !== expected) {
    const other = (['floatData', 'int32Data', 'int64Data', 'doubleData', 'uint64Data'] as const).find(
      (key) => message[key]?.length,
    );
    const found = list.length || !other ? `${list.length}` : `0, and ${message[other]?.length} in ${other}`;
    throw new ModelError(place, `${expected} numbers in raw_data or ${field} for ${type}[${shapeOf(message)}]`, found);
  }
  const view = new DataView(bytes.buffer);
  list.forEach((item, i) => {
    if (type === 'int64' || type === 'uint64') view.setBigUint64(i * 8, BigInt.asUintN(64, toBigint(item)), true);
    else if (type === 'uint32') view.setUint32(i * 4, Number(BigInt.asUintN(32, toBigint(item))), true);
    else if (type === 'float64' || type === 'complex128') view.setFloat64(i * 8, item as number, true);
    else if (type === 'float32' || type === 'complex64') view.setFloat32(i * 4, item as number, true);
    else if (bits <= 8) view.setUint8(i, item as number);
    else if (bits === 16) view.setUint16(i * 2, item as number, true);
    else view.setInt32(i * 4, item as number, true);
  });
  return bytes;
}

const shapeOf = (message: TensorMessage): string => (message.dims ?? []).map((dim) => toBigint(dim)).join(',');

/** A SparseTensorProto as a tensor that gives its dense form when read. */
export function readSparseTensor(message: SparseTensorMessage, sources: TensorSources, where: string): Tensor {
  const place = message.values?.name ? `${where} "${message.values.name}"` : where;
  const values = readTensor(message.values ?? {}, sources, where);
  const indices = readTensor(message.indices ?? {}, sources, where);
  if (indices.type !== 'int64') throw new ModelError(place, 'int64 indices', indices.type);
  if (indices.shape[0] !== values.shape[0] && elementCount(values.shape) > 0)
    throw new ModelError(place, `${values.shape[0]} indices, one a value`, `${indices.shape[0]}`);
  const tensor = sparseTensor(readDims(message.dims, place), values, indices);
  sparseOrigins.set(tensor, message);
  return tensor;
}
