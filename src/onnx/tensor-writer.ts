/** Where a tensor's bytes go when a model is written: into the message, behind it in the same file, or into the data file. */

import type { Tensor } from '../ir/tensor.js';
import { dataTypes } from '../ir/types.js';
import { fromBigint, type SparseTensorMessage, type TensorMessage, toBigint } from './messages.js';
import { sparseOrigins, tensorOrigins } from './tensor-proto.js';
import { type Payload, rangePayload } from './wire.js';

/** Tensors below this many bytes stand in the message itself. */
const SMALL = 1024;

/** Offsets in the data file: a page, so that runtimes can map it. */
const ALIGNMENT = 4096;

/** A tensor in the data file. */
export interface ExternalTensor {
  readonly offset: number;
  readonly tensor: Tensor;
}

export class TensorPlacer {
  /** Streamed into the model's file, in order of their index in `lazy`. */
  readonly payloads: Payload[] = [];
  readonly externals: ExternalTensor[] = [];
  #end = 0;

  /** @param location Name of the data file; undefined keeps everything in one file. */
  constructor(readonly location?: string) {}

  /** Bytes of the data file. */
  get externalBytes(): number {
    return this.#end;
  }

  isExternal(tensor: Tensor): boolean {
    return this.location !== undefined && !tensor.sparse && tensor.byteLength >= SMALL;
  }

  /** `name` undefined keeps the tensor's own. Only initializers may be external: runtimes expect no others there. */
  tensor(tensor: Tensor, name: string | undefined, isInitializer: boolean): TensorMessage {
    const base = baseOf(tensor);
    const message: TensorMessage = name === undefined ? base : { ...base, name };
    if (isInitializer && this.isExternal(tensor)) return this.#external(tensor, message);
    const origin = tensorOrigins.get(tensor);
    if (origin?.source) {
      const { floatData, int32Data, stringData, int64Data, rawData, doubleData, uint64Data, lazy } = origin.message;
      const [field, offset, length] = (lazy ?? []).map((value) => Number(toBigint(value)));
      const numbers = present({ floatData, int32Data, stringData, int64Data, rawData, doubleData, uint64Data });
      if (field === undefined) return { ...message, ...numbers };
      return {
        ...message,
        lazy: this.#payload(field, rangePayload(origin.source, offset as number, length as number)),
      };
    }
    if (tensor.strings) return { ...message, stringData: [...tensor.strings] };
    // A field without bytes would be read as none, and not be written again.
    if (tensor.byteLength === 0) return message;
    if (tensor.byteLength < SMALL) return { ...message, rawData: tensor.bytes() };
    return { ...message, lazy: this.#payload(9, { length: tensor.byteLength, chunks: () => tensor.chunks() }) };
  }

  sparse(tensor: Tensor, name: string | undefined): SparseTensorMessage {
    const { values, indices } = tensor.sparse as NonNullable<Tensor['sparse']>;
    const { $unknowns } = sparseOrigins.get(tensor) ?? {};
    return {
      ...($unknowns ? { $unknowns } : {}),
      values: this.tensor(values, name, false),
      indices: this.tensor(indices, undefined, false),
      dims: tensor.shape.map((dim) => fromBigint(BigInt(dim))),
    };
  }

  #payload(field: number, payload: Payload): number[] {
    this.payloads.push(payload);
    return [field, this.payloads.length - 1, 0];
  }

  #external(tensor: Tensor, message: TensorMessage): TensorMessage {
    const offset = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    this.#end = offset + tensor.byteLength;
    this.externals.push({ offset, tensor });
    const entries = { location: this.location as string, offset: String(offset), length: String(tensor.byteLength) };
    return {
      ...message,
      dataLocation: 1,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    };
  }
}

/** What the message says besides the numbers: what it said in the file, if it came from one. */
function baseOf(tensor: Tensor): TensorMessage {
  const dims = tensor.shape.map((dim) => fromBigint(BigInt(dim)));
  const origin = tensorOrigins.get(tensor)?.message;
  if (!origin) return { dims, dataType: dataTypes[tensor.type].code };
  const { name, docString, metadataProps, segment, $unknowns } = origin;
  return {
    dims,
    dataType: dataTypes[tensor.type].code,
    ...present({ name, docString, metadataProps, segment, $unknowns }),
  };
}

/** The fields that are there and not empty. */
const present = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value?.length !== 0),
  ) as Partial<T>;
