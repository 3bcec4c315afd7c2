/**
 * Tensors: numbers that never change, read when asked for.
 *
 * A tensor's bytes are little-endian, dense, row-major, sub-byte elements packed low bits first: ONNX's raw_data.
 * Nothing is cached: whoever asks twice reads twice. That is why memory does not grow with the weights.
 */
import { byteLengthOf, type DataType } from '../types.js';

/** Numbers, or strings, that never change. Their bytes are read or computed when somebody asks for them. */
export interface Tensor {
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Bytes of the whole; 0 for strings. */
  readonly byteLength: number;
  /**
   * The bytes in order, in pieces of bounded size, each a multiple of 16 bytes except the last. A piece is valid until the next is asked for: all may be
   * read into one array, because memory would otherwise hold as many as are read between two garbage collections, which come late on a busy machine.
   * `place` gives, for each, the array that it may be read into; a piece that is takes any number of bytes of it, from its start.
   */
  chunks(place?: PiecePlace): Iterable<Uint8Array>;
  /** The whole in one array: ask byteLength first. */
  bytes(): Uint8Array;
  /** The elements of a string tensor, as UTF-8; undefined for other types. */
  readonly strings?: readonly Uint8Array[];
  /** Present where the file holds it as indices and values: the dense form is what `bytes` gives. */
  readonly sparse?: { readonly values: Tensor; readonly indices: Tensor };
}

/** Where the next piece may be read into: at least one byte. Whoever collects pieces spares their copies so. */
export type PiecePlace = () => Uint8Array<ArrayBuffer>;

/** Bytes that can be read by position: a file, or an array in memory. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset`, in `scratch` where it is given and the source has to copy them. Throws when the source is shorter or gone. */
  read(offset: number, length: number, scratch?: Uint8Array<ArrayBuffer>): Uint8Array;
}

/** Largest piece that `chunks` gives: small enough to be cheap, large enough to amortise a system call. */
export const CHUNK = 1 << 20;

/** Bytes that are read at a time: they stay in the cache while they are looked at. */
const READ = 1 << 18;

/** The first piece of what is read from a file: whoever compares weights most often needs no more. */
const BEGINNING = 1 << 16;

/** A plain view of the same bytes: a Buffer's `slice` does not copy, and whoever slices a tensor's bytes means a copy. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Number of elements; 1 for a scalar. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

abstract class DenseTensor implements Tensor {
  readonly byteLength: number;
  constructor(
    readonly type: DataType,
    readonly shape: readonly number[],
  ) {
    this.byteLength = byteLengthOf(type, elementCount(shape));
  }
  abstract chunks(place?: PiecePlace): Iterable<Uint8Array>;
  bytes(): Uint8Array {
    const whole = new Uint8Array(this.byteLength);
    let offset = 0;
    for (const chunk of this.chunks()) {
      whole.set(chunk, offset);
      offset += chunk.length;
    }
    return whole;
  }
}

class MemoryTensor extends DenseTensor {
  readonly #bytes: Uint8Array;
  constructor(type: DataType, shape: readonly number[], bytes: Uint8Array) {
    super(type, shape);
    if (bytes.length !== this.byteLength)
      throw new RangeError(`tensor: expected ${this.byteLength} bytes for ${type}[${shape}]; found ${bytes.length}`);
    this.#bytes = plainBytes(bytes);
  }
  *chunks(): Iterable<Uint8Array> {
    for (let at = 0; at < this.#bytes.length; at += CHUNK) yield this.#bytes.subarray(at, at + CHUNK);
  }
  override bytes(): Uint8Array {
    return this.#bytes;
  }
}

/** A range of a source, in pieces. */
export function* rangeOf(source: ByteSource, offset: number, length: number, place: PiecePlace): Iterable<Uint8Array> {
  for (let at = 0; at < length; ) {
    const scratch = place();
    const piece = source.read(offset + at, Math.min(scratch.length, length - at), scratch);
    at += piece.length;
    yield piece;
  }
}

class RangeTensor extends DenseTensor {
  readonly #source: ByteSource;
  readonly #offset: number;
  constructor(type: DataType, shape: readonly number[], source: ByteSource, offset: number) {
    super(type, shape);
    this.#source = source;
    this.#offset = offset;
  }
  chunks(place?: PiecePlace): Iterable<Uint8Array> {
    return place ? rangeOf(this.#source, this.#offset, this.byteLength, place) : this.#pieces();
  }
  *#pieces(): Iterable<Uint8Array> {
    const scratch = new Uint8Array(Math.min(READ, this.byteLength));
    for (let at = 0, size = BEGINNING; at < this.byteLength; at += size, size = READ)
      yield this.#source.read(this.#offset + at, Math.min(size, this.byteLength - at), scratch);
  }
}

class DerivedTensor extends DenseTensor {
  readonly #compute: () => Iterable<Uint8Array>;
  constructor(type: DataType, shape: readonly number[], compute: () => Iterable<Uint8Array>) {
    super(type, shape);
    this.#compute = compute;
  }
  chunks(): Iterable<Uint8Array> {
    return this.#compute();
  }
}

class StringTensor implements Tensor {
  readonly type = 'string';
  readonly byteLength = 0;
  constructor(
    readonly shape: readonly number[],
    readonly strings: readonly Uint8Array[],
  ) {}
  chunks(): Iterable<Uint8Array> {
    return [];
  }
  bytes(): Uint8Array {
    return new Uint8Array(0);
  }
}

class SparseTensor extends DenseTensor {
  constructor(
    shape: readonly number[],
    readonly sparse: { readonly values: Tensor; readonly indices: Tensor },
  ) {
    super(sparse.values.type, shape);
  }
  *chunks(): Iterable<Uint8Array> {
    yield this.bytes();
  }
  override bytes(): Uint8Array {
    const whole = new Uint8Array(this.byteLength);
    const { values, indices } = this.sparse;
    const size = values.byteLength / Math.max(1, elementCount(values.shape));
    const data = values.bytes();
    const packed = indices.bytes();
    const index = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    const rank = indices.shape.length === 2 ? (indices.shape[1] as number) : 1;
    for (let i = 0; i < elementCount(values.shape); i++) {
      let at = 0;
      if (indices.shape.length === 2)
        for (let axis = 0; axis < rank; axis++)
          at = at * (this.shape[axis] as number) + Number(index.getBigInt64((i * rank + axis) * 8, true));
      else at = Number(index.getBigInt64(i * 8, true));
      whole.set(data.subarray(i * size, (i + 1) * size), at * size);
    }
    return whole;
  }
}

/** A tensor over bytes in memory (not copied: they must not change). Throws RangeError when the length is not the shape's. */
export const memoryTensor = (type: DataType, shape: readonly number[], bytes: Uint8Array): Tensor =>
  new MemoryTensor(type, shape, bytes);

/** A tensor over a range of a source, read only when asked for. */
export const rangeTensor = (type: DataType, shape: readonly number[], source: ByteSource, offset: number): Tensor =>
  new RangeTensor(type, shape, source, offset);

/** A tensor of strings, each as UTF-8 bytes. */
export const stringTensor = (shape: readonly number[], strings: readonly Uint8Array[]): Tensor =>
  new StringTensor(shape, strings);

/** A tensor stored as values and their indices (ONNX's SparseTensorProto: linear indices, or one row of coordinates each). */
export const sparseTensor = (shape: readonly number[], values: Tensor, indices: Tensor): Tensor =>
  new SparseTensor(shape, { values, indices });

/** A tensor computed from others each time it is read; `compute` must give the same bytes every time. */
export const derivedTensor = (type: DataType, shape: readonly number[], compute: () => Iterable<Uint8Array>): Tensor =>
  new DerivedTensor(type, shape, compute);
