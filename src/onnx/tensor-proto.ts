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
import { byteLengthOf, type DataType, dataTypeOfCode } from '../ir/types.js';
import { LAZY_FIELD, type SparseTensorMessage, type TensorMessage, toBigint } from './messages.js';
import { decodeLazy, lazyFields, typedBytes } from './typed-data.js';

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

function readDims(dims: TensorMessage['dims'], place: string): number[] {
  return (dims ?? []).map((dim) => {
    const size = toBigint(dim);
    if (size < 0n) throw new ModelError(place, 'dims of 0 or more', `${size}`);
    if (size > Number.MAX_SAFE_INTEGER) throw new ModelError(place, 'dims below 2^53', `${size}`);
    return Number(size);
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
    // Like runtimes, a length of 0 is one that is not stated.
    check(byteCount(entry('length'), 0, 'length', place) || expected);
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
  if (lazy.length > 0) {
    const [field = 0, offset = 0, length = Number.NaN] = lazy;
    // `collapse` writes nothing else, but a damaged file may hold the field that it uses.
    if (!lazyFields.has(field) || !(offset + length <= sources.main.size))
      throw new ModelError(place, 'fields of ONNX', `field ${LAZY_FIELD}`);
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
      typedBytes(decodeLazy(field, sources.main.read(offset, length), place), type, shape, place);
    decode();
    return derivedTensor(type, shape, () => [decode()]);
  }
  if (message.rawData?.length) {
    check(message.rawData.length);
    return memoryTensor(type, shape, message.rawData);
  }
  return memoryTensor(type, shape, typedBytes(message, type, shape, place));
}

function byteCount(text: string | undefined, otherwise: number, key: string, place: string): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new ModelError(place, `a number of bytes as external_data ${key}`, JSON.stringify(text));
  return value;
}

/** A SparseTensorProto as a tensor that gives its dense form when read. */
export function readSparseTensor(message: SparseTensorMessage, sources: TensorSources, where: string): Tensor {
  const place = message.values?.name ? `${where} "${message.values.name}"` : where;
  if (!message.values || !message.indices)
    throw new ModelError(place, 'values and indices', message.values ? 'no indices' : 'no values');
  const shape = readDims(message.dims, place);
  const values = readTensor(message.values, sources, where);
  const indices = readTensor(message.indices, sources, `${place}, indices`);
  const count = elementCount(values.shape);
  if (indices.type !== 'int64') throw new ModelError(place, 'int64 indices', indices.type);
  const [rows, columns, ...more] = indices.shape;
  if (rows !== count) throw new ModelError(place, `${count} indices, one a value`, `${rows ?? 'a scalar'}`);
  if (more.length || (columns !== undefined && columns !== shape.length))
    throw new ModelError(place, `indices of shape [${count}] or [${count},${shape.length}]`, `[${indices.shape}]`);
  if (!Number.isSafeInteger(byteLengthOf(values.type, elementCount(shape))))
    throw new ModelError(place, 'dims whose product is below 2^53', `[${shape}]`);
  checkIndices(indices, columns === undefined ? [elementCount(shape)] : shape, place);
  const tensor = sparseTensor(shape, values, indices);
  sparseOrigins.set(tensor, message);
  return tensor;
}

/** Throws ModelError unless index i is below `limits[i modulo their number]`: an index is a place in memory later. */
function checkIndices(indices: Tensor, limits: readonly number[], place: string): void {
  let position = 0;
  for (const chunk of indices.chunks()) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < chunk.length; at += 8, position++) {
      const index = view.getBigInt64(at, true);
      const limit = limits[position % limits.length] as number;
      if (index < 0n || index >= BigInt(limit))
        throw new ModelError(place, `indices from 0 to ${limit - 1}`, `${index}`);
    }
  }
}
