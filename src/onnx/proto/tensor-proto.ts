/** TensorProto ↔ Tensor. A tensor that was read remembers its message, and is written back in the form it had. */
import type { Budget } from '../../ir/options/budget.js';
import {
  type ByteSource,
  derivedTensor,
  elementCount,
  memoryTensor,
  rangeTensor,
  sparseTensor,
  stringTensor,
  type Tensor,
} from '../../ir/tensors/tensor.js';
import { ModelError } from '../../ir/text/errors.js';
import { byteLengthOf, type DataType, dataTypeOfCode } from '../../ir/types.js';
import { LAZY_FIELD, LAZY_MARK } from '../codec/fields.js';
import { type SparseTensorMessage, type TensorMessage, toBigint } from './messages.js';
import { decodeLazy, lazyFields, typedBytes } from './typed-data.js';

/** Where the bytes of a model are: its own, and the files beside it. */
export interface TensorSources {
  readonly main: ByteSource;
  /** Of the model that is read. */
  readonly budget: Budget;
  /** The source of an external file by its `location`. Throws ModelError where it may not or cannot be opened. */
  external(location: string, place: string): ByteSource;
}

/** The message a tensor was read from, where the writer would not make the same of it: another field for its numbers, a doc string. */
export const tensorOrigins = new WeakMap<Tensor, TensorMessage>();
/** The source that the `lazy` of a remembered message points into. */
export const lazySources = new WeakMap<TensorMessage, ByteSource>();
/** Likewise for tensors that a file holds as sparse ones. */
export const sparseOrigins = new WeakMap<Tensor, SparseTensorMessage>();

/** TensorProto.DataLocation where the numbers are in another file. */
export const EXTERNAL = 1;

function readDims(dims: TensorMessage['dims'], place: string): number[] {
  return (dims ?? []).map((dim) => {
    const size = toBigint(dim);
    if (size < 0n) throw new ModelError(place, 'dims of 0 or more', `${size}`);
    if (size > Number.MAX_SAFE_INTEGER) throw new ModelError(place, 'dims below 2^53', `${size}`);
    return Number(size);
  });
}

/** Notes for a message that is remembered as it is where the fields are that were left in the file, in its tensors of any depth. */
export function rememberSource(message: unknown, source: ByteSource, place: string): void {
  if (typeof message !== 'object' || message === null || ArrayBuffer.isView(message)) return;
  const { lazy } = message as TensorMessage;
  if (Array.isArray(lazy) && lazy.length > 0) {
    for (const [field, offset, length] of lazyTriples(message as TensorMessage))
      checkLazy(field, offset, length, source, place);
    lazySources.set(message as TensorMessage, source);
  }
  for (const part of Object.values(message)) rememberSource(part, source, place);
}

/** What was left in the file: field, offset, length, which is NaN where `collapse` did not write the entry. */
export function lazyTriples({
  lazy = [],
}: TensorMessage): (readonly [field: number, offset: number, length: number])[] {
  const numbers = lazy.map((value) => Number(toBigint(value)));
  return Array.from({ length: Math.ceil(numbers.length / 4) }, (_, at) => {
    const [field = 0, offset = 0, length = 0, mark] = numbers.slice(at * 4, at * 4 + 4);
    return [field, offset, mark === LAZY_MARK ? length : Number.NaN] as const;
  });
}

/** A file may hold the field that `collapse` uses. */
function checkLazy(field: number, offset: number, length: number, source: ByteSource, place: string): void {
  if (!lazyFields.has(field) || !(offset + length <= source.size))
    throw new ModelError(place, 'fields of ONNX', `field ${LAZY_FIELD}`);
}

/** True where the writer makes the same message of the tensor's type, shape, name and bytes. */
function isPlain(message: TensorMessage, isNamed: boolean): boolean {
  for (const key of Object.keys(message)) {
    const value = message[key as keyof TensorMessage];
    if (Array.isArray(value) && value.length === 0) continue;
    if (
      key === 'name'
        ? !isNamed || !value
        : key === 'rawData'
          ? (value as Uint8Array).length === 0
          : !plainFields.has(key)
    )
      return false;
  }
  return (
    !message.$unknowns &&
    Object.hasOwn(message, 'name') === isNamed &&
    (message.lazy?.length ? message.lazy[0] === 9 : true)
  );
}
const plainFields = new Set(['dims', 'dataType', 'stringData', 'lazy']);

/**
 * Throws ModelError where the element type is unknown or the bytes are not as many as the dims say. A tensor `isNamed` by the value that
 * holds it need not remember its name.
 */
export function readTensor(message: TensorMessage, sources: TensorSources, where = 'tensor', isNamed = false): Tensor {
  const place = message.name ? `${where} "${message.name}"` : where;
  const type = dataTypeOfCode(message.dataType ?? 0);
  if (!type || type === 'undefined')
    throw new ModelError(place, 'an element type of ONNX', `data_type ${message.dataType ?? 0}`);
  const shape = readDims(message.dims, place);
  const left = lazyTriples(message);
  for (const [field, offset, length] of left) checkLazy(field, offset, length, sources.main, place);
  const tensor = readContent(message, left, type, shape, sources, place);
  if (!isPlain(message, isNamed)) {
    tensorOrigins.set(tensor, message);
    if (message.lazy?.length) lazySources.set(message, sources.main);
  }
  return tensor;
}

function readContent(
  message: TensorMessage,
  left: ReturnType<typeof lazyTriples>,
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
  const [lazy, ...more] = left;
  if (more.length > 0) throw new ModelError(place, 'its numbers in one field', 'several');
  if (lazy) {
    const [field, offset, length] = lazy;
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
  // Whoever reads its numbers reads all of them.
  const bytes = byteLengthOf(values.type, elementCount(shape));
  const { budget } = sources;
  if (!budget.spend('sparse-bytes', bytes)) {
    const most = budget.limitOf('sparse-bytes');
    throw new ModelError(
      place,
      `sparse tensors of ${most} bytes written out in all`,
      `${bytes} for [${shape}]`,
      'Raise it with --budget sparse-bytes=…',
    );
  }
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

/** Where in a data file the numbers of a tensor lie that was read from one, by its name in the model. */
export function dataPlaceOf(tensor: Tensor): { readonly location: string; readonly offset: number } | undefined {
  const origin = tensorOrigins.get(tensor);
  if (origin?.dataLocation !== EXTERNAL) return undefined;
  const entries = new Map(origin.externalData?.map(({ key, value }) => [key, value]));
  const location = entries.get('location');
  return location ? { location, offset: Number(entries.get('offset') ?? 0) } : undefined;
}
